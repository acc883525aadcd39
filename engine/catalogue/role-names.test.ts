// Which names are no goods: bags, fees and the like in the words of tills, and never goods whose
// names only sound like them.
import { expect, test } from 'vitest';
import { compileRoles, rolePatternsSchema } from './role-names.ts';
import { shippedRoles } from './shipped-roles.ts';

const guess = compileRoles(shippedRoles);
const guessName = (name: string) => guess({ name });

/** As tills and shops write them, by role. */
const names = {
  bag: '大号购物袋|可降解塑料袋(中)|马甲袋|手提袋|纸袋 0.3元|Plastic bag|Bag 5p|Reusable Shopping Bags',
  fee:
    '邮费补差价|外卖配送费|顺丰速运|茶位费(2人)|停车费|满200减30元|整单9折|会员折扣|四舍五入|平台红包|Royal Mail 2nd Class|' +
    'FedEx shipping|Postage & Packing|Credit Card Surcharge|Restocking Fee|' +
    'Service charge 12.5%|Staff Discount|10% off|Sales Tax|Custom Sale|Round up|' +
    'Store credit|Liefergebühr|Frais de livraison|送料',
  giftCard:
    '沃尔玛购物卡|话费充值|e礼品卡100元|50元代金券|eGift Card $50|Starbucks Gift Card €25|Gutschein',
  deposit: '水桶押金|婚纱定金|Bottle Deposit 5c|Keg deposit|CRV|Leergut',
  sample: '【赠品】杯子|活动赠品|试用装|非卖品|Free samples|TESTER|GWP',
  service:
    '安装服务|延保服务(2年)|礼品包装服务|Gift wrapping|Extended Warranty 2 years|Repair service',
} as const;

/** Sold for their own sake, in shops of any kind. */
const goods =
  'Tote bag|Gift card holder|Birthday gift card|Service plate|Tea service 12 piece|' +
  'Sample tea set|Postage stamps|Shipping box|Tea bags|Freezer bags 50|' +
  'Paper bags pack of 10|Plastic bag holder|' +
  'Bag|Manual coffee grinder|Fast charge cable|Eyeliner tip|Tip Top bread|' +
  'Baby carriage|Deposit box|' +
  'Coupon organizer|Toffee|Coffee|Royal Mail toy van|First class honey|' +
  'Free range eggs|Extra large eggs|' +
  'Fromage frais|Porto|Lait frais|礼品袋|垃圾袋|保鲜袋|帆布袋|折叠购物袋|塑料袋100个|购物袋 50只装|包装纸|红包|红包袋|储值卡套|手提包|' +
  '试用装洗面奶|优惠装洗发水|打包绳|快递纸箱|一次性餐盒|餐具|普通大米|会员日蛋糕|京东鲜牛奶|免费咖啡|大|元|10|';

for (const [role, text] of Object.entries(names)) {
  test(`names of tills for ${role} are known`, () => {
    const wrong = text.split('|').filter((name) => guessName(name) !== role);
    expect(wrong).toEqual([]);
  });
}

test('goods stay goods, however much they sound like something else', () => {
  expect(goods.split('|').filter((name) => guessName(name) !== undefined)).toEqual([]);
});

test('what costs nothing is a sample, whatever its name; what has no price is not', () => {
  expect(guess({ name: '面霜 5ml', priceFen: 0 })).toBe('sample');
  expect(guess({ name: '购物袋', priceFen: 0 })).toBe('bag');
  expect(guess({ priceFen: 0 })).toBe('sample');
  expect(guess({ name: '面霜 5ml', priceFen: 1 })).toBeUndefined();
  expect(guess({ name: '面霜 5ml' })).toBeUndefined();
});

test('a file says it otherwise: words, what goes with them, beginnings, ends, exceptions', () => {
  const own = compileRoles(
    rolePatternsSchema.parse({
      common: ['big'],
      roles: {
        service: { names: ['Haircut', '*lesson'], with: ['ladies'] },
        goods: { names: ['Piano lesson'] },
        fee: { names: ['X-*', '满#减#'] },
      },
    }),
  );
  const found = (name: string) => own({ name });
  expect(['haircut', "Ladies' Haircut", 'big haircuts 2'].map(found)).toEqual(
    Array(3).fill('service'),
  );
  expect(['haircut book', 'ladies', 'big', 'piano lessons'].map(found)).toEqual(
    Array(4).fill(undefined),
  );
  expect(found('Cello Lesson')).toBe('service');
  expect(['x-ray fee', '满100减20'].map(found)).toEqual(['fee', 'fee']);
  // Nothing of what is shipped is left, and 0 says nothing.
  expect(['运费', 'Gift Card'].map(found)).toEqual([undefined, undefined]);
  expect(own({ priceFen: 0 })).toBeUndefined();
});

test('a file with something else in it is refused', () => {
  for (const wrong of [{}, { roles: { luggage: { names: [] } } }, { roles: {}, names: [] }]) {
    expect(rolePatternsSchema.safeParse(wrong).success).toBe(false);
  }
});
