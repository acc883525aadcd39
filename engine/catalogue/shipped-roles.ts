// The names that are shipped: what tills and shops book as if it were goods, in Chinese and
// English, and the commonest words of their neighbours. Nothing may be here that a shop sells for
// its own sake: rather one fee too many in a list than goods that nobody ever sees.
import type { RolePatterns } from './role-names.ts';

/** Phrases with commas between them, which read better than quotes around each. */
function phrases(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(/\s*[,，]\s*/)).filter((phrase) => phrase !== '');
}

const bag = {
  names: phrases(
    'carrier bag, shopping bag, plastic bag, paper bag, grocery bag, checkout bag, till bag',
    'poly bag, takeaway bag, takeout bag, t-shirt bag, vest bag, single use bag, bag for life',
    'reusable bag, recyclable bag, biodegradable bag, compostable bag, eco bag',
    'bag charge, bag levy',
    'bag # p, bag # c, bag # pence, bag # cent, # p bag, # c bag, # pence bag, # cent bag',
    '购物袋, 塑料袋, 环保袋, 手提袋, 手拎袋, 纸袋, 马甲袋, 背心袋, 方便袋, 便利袋, 胶袋, 塑胶袋',
    '无纺布袋, 无纺袋, 打包袋, 外卖袋, 包装袋, 超市袋, 收银袋, 降解袋, 袋子, 袋, 购物胶袋, 购物纸袋',
    '購物袋, 塑膠袋, 環保袋, 紙袋, 塑料袋子, 背心胶袋, 食品购物袋',
    'レジ袋, 買い物袋, ビニール袋',
    'tragetasche, einkaufstüte, einkaufstasche, plastiktüte, papiertüte, papiertasche, tüte',
    'sac de caisse, sac plastique, sac papier, sac kraft, bolsa, bolsa plástica',
    'bolsa de plástico, bolsa de papel, sacchetto, sacola plástica, draagtas, plastic tas',
  ),
  with: phrases(
    'plastic, paper, carrier, shopping, kraft, reusable, recyclable, recycled, biodegradable',
    'compostable, disposable, eco, friendly, heavy, duty, thick, white, brown, handle, life',
    '环保, 可降解, 全降解, 生物降解, 降解, 塑料, 塑胶, 纸质, 纸, 牛皮纸, 牛皮, 无纺布, 购物, 超市, 收银',
    '打包, 外卖, 手提, 背心, 一次性, 加厚, 有偿, 收费, 有料, 食品级',
  ),
};

const fee = {
  names: phrases(
    // What it takes to bring something, to pay for it, and to serve it.
    'postage, *postage, shipping, *shipping, delivery, carriage, freight, courier, handling, p&p',
    '*fee, *surcharge, *levy, charge, commission, *commission, gratuity, *gratuity, tip, donation',
    'royal mail, click and collect, click collect, store pickup, in store pickup, curbside pickup',
    'no sale, void, paid in, paid out, petty cash, cash float',
    '*donation, corkage, tax, *tax, vat, gst, hst, pst, insurance, shipping insurance',
    'parcel insurance, shipping protection, package protection, membership, subscription fee',
    // What tills do to a sum.
    'rounding, *rounding, round up, round off, round down, rounding off, cash back, change due',
    'cash change, discount, *discount, coupon, *coupon, promo code, promotion code, promotion',
    '# off, # percent off, markdown, rebate, refund, adjustment, price adjustment, till adjustment',
    'stock adjustment, price difference, bad debt, loyalty point, reward point, point redemption',
    'points redeemed, loyalty redemption, store credit',
    // What somebody typed in.
    'custom amount, custom sale, custom item, custom price, open amount, open price, quick sale',
    'manual, manual entry, manual adjustment, miscellaneous, misc, misc item, sundry, sundries',
    'open item, open department',
    '*费, *运费险, 包邮, 邮资, 运费补差, 运险, 快递, 速递, 速运, 物流, 配送, 送货, 自提, 快递保价, 保价, 小费, 打赏, 佣金, 税, 税额, 增值税',
    '消费税, 服务税, 捐款, 公益捐款, *捐赠款, 滞纳金, 违约金, 罚款',
    '折扣, 优惠, 满减, 满#减#, #折, 打折, 立减, 减免, 抹零, 抹分, 舍入, 四舍五入, 尾差, 尾数, 零头, 找零, 找赎, 补差, 差价, 补差价',
    '差额, 补款, 补拍, 邮费差价, 运费差价, 价格调整, 手工调整, 坏账, 坏账调整, 优惠券, *优惠券, 折扣券, *折扣券',
    '*满减券, *抵扣券, *抵用券, 抵扣, *抵扣, *红包抵扣, 平台红包, 店铺红包, 现金红包, 优惠红包, 积分, 积分兑换, 积分抵现, 返现, 退款, 退差价',
    '自定义金额, 自定义收款, 其他金额, 其它金额, 手工金额, 手工录入, 打包盒, 外卖盒, 餐位, 茶位',
    '备用金, 长短款, 收银差额',
    '*費, 郵資, 折價券, *折價券, 優惠券, *優惠券, 優惠, 折讓, 捨入, 補差價, 差價',
    '送料, *送料, *手数料, 値引き, 値引, 割引, クーポン, お釣り, 消費税, 代引き手数料, 配送料',
    'versandkosten, versand, portokosten, lieferkosten, liefergebühr, lieferung',
    'zustellgebühr, gebühr',
    'bearbeitungsgebühr, servicegebühr, verpackungskosten, trinkgeld, rabatt, rundung, skonto',
    'frais de port, frais de livraison, frais d’envoi, frais d’expédition, frais de service',
    'frais de dossier, frais de gestion, livraison, remise, arrondi, pourboire, bon de réduction',
    'gastos de envío, envío, costo de envío, coste de envío, descuento, propina, redondeo, cupón',
    'comisión, spese di spedizione, spedizione, sconto, mancia, arrotondamento, frete, desconto',
    'verzendkosten, bezorgkosten, korting, fooi',
  ),
  with: phrases(
    'cost, price, rate, flat, next day, same day, express, standard, economy, priority',
    'first class',
    'second class, tracked, signed, signature, special, international, domestic, worldwide, uk, eu',
    'nd class, st class, saturday, sunday, weekend, evening, morning, named day, driver, rider',
    'usa, free, home, local, store, courier, post, packing, packaging, and packing, amazon, ebay',
    'etsy, dotcom, shopify, dhl, fedex, ups, usps, royal mail, dpd, gls, hermes, evri, tnt, ems',
    'uber, uber eats, doordash, deliveroo, grab, foodpanda, bank, card, credit card, debit card',
    'paypal, stripe, transaction, payment, processing, service, admin, booking, late, cancellation',
    'minimum, order, cover, table, cash, till, pos, staff, employee, member, membership, loyalty',
    'student, senior, customer, manual, adjust, price, line, cart, cleaning, bag, annual, monthly',
    'charity, promo, code, sale, total, amount, percent',
    '满, 减, 元, 会员, 员工, 整单, 单品, 限时, 活动, 新人, 首单, 新客, 老客, 平台, 商家, 店铺, 门店, 生日, 节日, 支付',
    '积分, 现金, 系统, 手工, 订单, 邮费, 运费, 快递, 顺丰, 中通, 圆通, 申通, 韵达, 极兔, 京东, 邮政, 美团, 饿了么, 淘宝',
    '天猫, 抖音, 拼多多, 微信, 支付宝, 到付, 偏远地区, 偏远, 同城, 跨城, 补, 外卖, 人, 收银, 加急, 日, 扣',
    '会員, 会員割引, 代引き, 宅配',
  ),
};

const giftCard = {
  names: phrases(
    'gift card, *gift card #, gift voucher, *gift voucher, gift certificate, *gift certificate',
    'giftcard, *giftcard #, gift token, e-gift, egift card, prepaid card, stored value card',
    'shopping voucher, store voucher, voucher, card top up, wallet top up, balance top up, top up',
    'card reload, account credit, wallet credit',
    '礼品卡, *礼品卡, 储值卡, *储值卡, 购物卡, *购物卡, 充值卡, *充值卡, 预付卡, *预付卡, 提货卡, *提货卡, 提货券, *提货券',
    '代金券, *代金券, 代金卡, 现金券, *现金券, 礼券, *礼券, 礼金券, 礼品券, 消费券, 会员卡, *会员卡, 储值, *储值, 充值, *充值, vip卡',
    '会员充值, 卡充值, *购物券, 预存款, *预存款, 禮品卡, *禮品卡, 禮券, *禮券, 儲值卡, *儲值卡, 儲值, *儲值',
    'ギフトカード, ギフト券, 商品券, プリペイドカード, チャージ',
    'gutschein, geschenkgutschein, geschenkkarte, wertgutschein, einkaufsgutschein, gutscheinkarte',
    'carte cadeau, chèque cadeau, bon d’achat, tarjeta regalo, tarjeta de regalo, buono regalo',
    'cartão presente, cadeaubon, cadeaukaart',
  ),
  with: phrases(
    'digital, electronic, physical, virtual, online, store, shop, mall, e, plastic, reloadable',
    'balance, value, amazon, starbucks, apple, itunes, google play, steam, netflix',
    'visa, mastercard',
    'xbox, playstation, nintendo, walmart, target, usd, gbp, eur, rmb, cny, hkd',
    'pound, dollar, euro',
    '电子, 实体, 虚拟, 面值, 元, 张, 会员, 门店, 商场, 超市, 微信, 支付宝, 金卡, 银卡, vip, 次, 年, 季, 月',
  ),
};

const deposit = {
  names: phrases(
    'deposit, *deposit, deposit refund, deposit return, bottle return, can return, crv, ca crv',
    'redemption value, california redemption value, container return, keg return, crate return',
    '押金, *押金, 押瓶, 退瓶, 退押金, 空瓶回收, 定金, *定金, 订金, *订金, 保证金, *保证金, 按金, *按金, 訂金, *訂金',
    'pfand, *pfand, flaschenpfand, dosenpfand, kastenpfand, kistenpfand, einwegpfand, mehrwegpfand',
    'becherpfand, leergut, pfandrückgabe, consigne, *consigne, statiegeld, depósito, デポジット',
  ),
  with: phrases(
    'bottle, can, keg, crate, glass, container, refund, return, flasche, einweg, mehrweg',
  ),
};

const sample = {
  names: phrases(
    'sample, free sample, tester, freebie, free gift, gift with purchase, gwp, giveaway',
    'promotional gift, complimentary item, not for sale, complimentary',
    '赠品, *赠品, 赠品*, 样品, 试用装, 试用品, 小样, 试吃, 试吃品, 试吃装, 试饮, 体验装, 非卖品, *非卖品, *非賣品, 贈品, *贈品, 贈品*, 樣品',
    '赠送, 随单赠送, 展示品, サンプル, 試供品, 試食, gratisprobe, échantillon, muestra gratis',
  ),
  with: phrases(
    'free, gratis, product, promotional, for',
    '免费, 活动, 会员, 随单, 随机, 生日, 节日, 新品, 产品, 商品, 试用',
  ),
};

const service = {
  names: phrases(
    'service, installation, assembly service, home assembly, repair service, alteration, engraving',
    'engraving service, gift wrapping, gift wrapping service, gift wrap service, wrapping service',
    'extended warranty, *extended warranty, warranty extension, protection plan, *protection plan',
    'care plan, cleaning service, delivery service, installation service, alteration service',
    'personal shopping service, concierge service, setup service, fitting service, hire service',
    '服务, 安装, 安装服务, 配送服务, 送货服务, 送货上门, 上门服务, 上门安装, 维修, 维修服务, 清洗服务, 保养服务, 包装服务',
    '礼品包装服务, 刻字, 刻字服务, 修改服务, 裁剪服务, 改衣, 修裤脚, 改裤脚, 加工服务, 延保, *延保, *延保服务, 代客泊车, 增值服务',
    '售后服务, 人工服务, 服務, 安裝, 安裝服務, 送貨服務',
    'ラッピング, ギフトラッピング, montageservice, aufbauservice, reparaturservice, geschenkverpackung',
  ),
  with: phrases(
    'home, on site, in store, standard, express, year, month, 年, 个月, 次, 上门, 标准',
  ),
};

export const shippedRoles: RolePatterns = {
  free: 'sample',
  common: phrases(
    '#, the, a, of, for, per, each, small, medium, large, big, mini, extra, xs, s, m, l, xl, xxl',
    'p, c, pence, cent, gbp, usd, eur, other, additional, inc, incl, excl, vat, no, new, total',
    '大, 中, 小, 特大, 加大, 超大, 大号, 中号, 小号, 特大号, 号, 元, 角, 分, 块, 其他, 其它, 普通, 标准, 的, 费',
  ),
  roles: {
    goods: {
      names: phrases('*免费, *消费, *自费, *計費'),
      with: [],
    },
    bag,
    fee,
    giftCard,
    deposit,
    sample,
    service,
  },
};
