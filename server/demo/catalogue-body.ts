// The body department of the demo chain: care, beauty, sport, the outdoors. Brands are invented.
import { type Shelf, shelf } from './shapes.ts';

const oral = ['个护', '口腔'];
const hair = ['个护', '洗沐'];
const skin = ['美妆', '护肤'];
const sport = ['运动', '健身'];
const camping = ['运动', '露营'];

export const care: readonly Shelf[] = [
  shelf(
    'toothpaste',
    [...oral, '牙膏'],
    [
      ['toothpaste-mint', '齿悦', '薄荷牙膏 120g', 1590],
      ['toothpaste-enzyme', '齿悦', '酵素牙膏 100g', 2290],
    ],
  ),
  shelf('toothbrush', [...oral, '牙刷'], [['toothbrush-soft', '齿悦', '软毛牙刷 4支', 1990]]),
  shelf(
    'toothbrush-electric',
    [...oral, '电动牙刷'],
    [['e-toothbrush', '白芽', '声波电动牙刷', 19900]],
    {
      durable: true,
    },
  ),
  shelf(
    'toothbrush-head',
    [...oral, '电动牙刷'],
    [['e-brush-heads', '白芽', '电动牙刷头 4支', 4900]],
  ),
  shelf('floss', [...oral, '牙线'], [['floss', '齿悦', '牙线棒 200支', 1590]]),
  shelf(
    'shampoo',
    [...hair, '洗发'],
    [
      ['shampoo-silk', '草木浴', '柔顺洗发水 500ml', 3990],
      ['shampoo-scalp', '草木浴', '控油洗发水 500ml', 4290],
    ],
  ),
  shelf('conditioner', [...hair, '护发'], [['conditioner', '草木浴', '护发素 500ml', 3790]]),
  shelf('body-wash', [...hair, '沐浴'], [['body-wash', '草木浴', '清爽沐浴露 750ml', 3290]]),
  shelf(
    'pads',
    ['个护', '女性护理', '卫生巾'],
    [
      ['pads-day', '柔云坊', '日用卫生巾 240mm 24片', 2590],
      ['pads-night', '柔云坊', '夜用卫生巾 350mm 12片', 2290],
    ],
  ),
  shelf('razor', ['个护', '剃须', '剃须刀'], [['razor', '晨刃', '手动剃须刀', 4900]], {
    durable: true,
  }),
  shelf(
    'razor-blades',
    ['个护', '剃须', '剃须刀'],
    [['razor-blades', '晨刃', '替换刀片 4枚', 5900]],
  ),
  shelf(
    'shaving-foam',
    ['个护', '剃须', '剃须泡沫'],
    [['shaving-foam', '晨刃', '剃须泡沫 200ml', 2990]],
  ),
  shelf('heat-pad', ['个护', '季节护理', '暖贴'], [['heat-pad', '暖杯子', '暖宝宝 30片', 2490]], {
    season: 'winter',
  }),
  shelf(
    'mosquito',
    ['个护', '季节护理', '驱蚊'],
    [['mosquito-spray', '草木浴', '驱蚊喷雾 100ml', 2490]],
    { season: 'summer' },
  ),
  shelf('hand-cream', [...skin, '手部'], [['hand-cream', '山茶屋', '山茶花护手霜 60g', 2990]], {
    season: 'winter',
  }),
  shelf('lip-balm', [...skin, '唇部'], [['lip-balm', '山茶屋', '蜂蜜润唇膏', 2490]], {
    season: 'winter',
  }),
  shelf(
    'cleanser',
    [...skin, '洁面'],
    [
      ['cleanser-amino', '肤语泉', '氨基酸洁面 120g', 6900],
      ['cleanser-men', '晨刃', '男士控油洁面', 4900],
    ],
  ),
  shelf(
    'toner',
    [...skin, '化妆水'],
    [
      ['toner-moist', '肤语泉', '玻尿酸保湿水 200ml', 9900],
      ['toner-calm', '山茶屋', '舒缓爽肤水 250ml', 8900],
    ],
  ),
  shelf(
    'lotion',
    [...skin, '乳霜'],
    [
      ['lotion-moist', '肤语泉', '玻尿酸保湿乳 120ml', 11900],
      ['lotion-calm', '山茶屋', '舒缓面霜 50g', 12900],
    ],
  ),
  shelf('serum', [...skin, '精华'], [['serum-vc', '肤语泉', '维C精华 30ml', 16900]]),
  shelf(
    'face-mask',
    [...skin, '面膜'],
    [
      ['mask-moist', '肤语泉', '补水面膜 10片', 5900],
      ['mask-calm', '山茶屋', '积雪草面膜 5片', 4900],
    ],
  ),
  shelf('makeup-remover', [...skin, '卸妆'], [['makeup-remover', '肤语泉', '卸妆油 200ml', 7900]]),
  shelf('cotton-pads', [...skin, '化妆棉'], [['cotton-pads', '柔云坊', '化妆棉 200片', 1290]]),
  shelf('sunscreen', [...skin, '防晒'], [['sunscreen-50', '肤语泉', '清爽防晒霜 SPF50+', 8900]], {
    season: 'summer',
  }),
  shelf('after-sun', [...skin, '防晒'], [['after-sun', '山茶屋', '晒后芦荟胶 300g', 3900]], {
    season: 'summer',
  }),
];

export const sportAndOutdoors: readonly Shelf[] = [
  shelf(
    'yoga-wear',
    [...sport, '瑜伽服'],
    [
      ['yoga-set', '舒伸', '裸感瑜伽服套装', 19900],
      ['yoga-pants', '舒伸', '高腰瑜伽裤', 12900],
    ],
    { tags: ['瑜伽'] },
  ),
  shelf(
    'yoga-mat',
    [...sport, '瑜伽垫'],
    [
      ['yoga-mat', '舒伸', '天然橡胶瑜伽垫 5mm', 15900],
      ['yoga-mat-thick', '舒伸', '加厚瑜伽垫 10mm', 8900],
    ],
    { tags: ['瑜伽'], durable: true },
  ),
  shelf('yoga-band', [...sport, '小器械'], [['yoga-band', '舒伸', '弹力带 三条装', 3900]], {
    durable: true,
  }),
  shelf('yoga-block', [...sport, '小器械'], [['yoga-block', '舒伸', '瑜伽砖 2块', 3900]], {
    durable: true,
  }),
  shelf('foam-roller', [...sport, '小器械'], [['foam-roller', '舒伸', '泡沫轴 45cm', 6900]], {
    durable: true,
  }),
  shelf('protein-powder', [...sport, '营养'], [['whey', '轻一刻', '乳清蛋白粉 900g', 19900]]),
  shelf('protein-bar', [...sport, '营养'], [['protein-bar', '轻一刻', '蛋白棒 6根', 5900]]),
  shelf('shaker', [...sport, '水具'], [['shaker', '轻一刻', '摇摇杯 600ml', 3900]], {
    durable: true,
  }),
  shelf(
    'tent',
    [...camping, '帐篷'],
    [
      ['tent-auto', '野径', '自动速开帐篷 3-4人', 39900],
      ['canopy', '野径', '黑胶天幕', 25900],
    ],
    { tags: ['露营'], durable: true },
  ),
  shelf('sleeping-bag', [...camping, '睡袋'], [['sleeping-bag', '野径', '四季睡袋', 15900]], {
    tags: ['露营'],
    durable: true,
  }),
  shelf('camp-lamp', [...camping, '灯具'], [['camp-lamp', '野径', '复古露营灯', 9900]], {
    tags: ['露营'],
    durable: true,
  }),
  shelf(
    'camp-chair',
    [...camping, '桌椅'],
    [
      ['camp-chair', '野径', '折叠月亮椅', 9900],
      ['camp-table', '野径', '蛋卷桌', 16900],
    ],
    { tags: ['露营'], durable: true },
  ),
  shelf('camp-stove', [...camping, '炊具'], [['camp-stove', '野径', '便携卡式炉', 12900]], {
    tags: ['露营'],
    durable: true,
  }),
  shelf('gas-can', [...camping, '炊具'], [['gas-can', '野径', '卡式炉气罐 4瓶', 2990]]),
  shelf(
    'charcoal',
    [...camping, '炊具'],
    [
      ['charcoal', '野径', '果木炭 2kg', 2490],
      ['skewers', '野径', '一次性烧烤签 100支', 990],
    ],
    { season: 'outdoor' },
  ),
  shelf('picnic-mat', [...camping, '野餐'], [['picnic-mat', '野径', '防潮野餐垫', 6900]], {
    durable: true,
  }),
  shelf('cool-box', [...camping, '野餐'], [['cool-box', '野径', '保温冰包 20L', 8900]], {
    durable: true,
  }),
];
