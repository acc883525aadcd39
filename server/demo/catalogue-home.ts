// The home department of the demo chain: cleaning, paper, furnishing, stationery, presents. Brands
// are invented.
import { type Shelf, shelf } from './shapes.ts';

const cleaning = ['家居', '清洁'];
const paper = ['家居', '纸品'];
const living = ['家居', '居家'];
const desk = ['文具', '学习'];
const presents = ['礼品', '礼盒'];

export const household: readonly Shelf[] = [
  shelf(
    'tissue',
    [...paper, '抽纸'],
    [
      ['tissue-24', '柔云坊', '抽纸 100抽×24', 3990],
      ['tissue-10', '柔云坊', '抽纸 100抽×10', 1990],
      ['tissue-bamboo', '竹里信', '本色竹浆抽纸×12', 2690],
    ],
  ),
  shelf(
    'toilet-roll',
    [...paper, '卷纸'],
    [
      ['toilet-roll-12', '柔云坊', '卷纸 12卷', 2990],
      ['toilet-roll-bamboo', '竹里信', '竹浆卷纸 10卷', 2690],
    ],
  ),
  shelf('kitchen-paper', [...paper, '厨房纸'], [['kitchen-paper', '柔云坊', '厨房纸 4卷', 1990]]),
  shelf(
    'laundry',
    [...cleaning, '洗衣'],
    [
      ['laundry-liquid', '净小象', '洗衣液 3kg', 4290],
      ['laundry-pods', '净小象', '洗衣凝珠 50颗', 4990],
    ],
  ),
  shelf(
    'softener',
    [...cleaning, '洗衣'],
    [
      ['softener', '净小象', '衣物柔顺剂 2L', 2990],
      ['laundry-beads', '净小象', '留香珠 200g', 2790],
    ],
  ),
  shelf('dish-soap', [...cleaning, '厨房清洁'], [['dish-soap', '泡泡家', '洗洁精 1.1kg', 1290]]),
  shelf('sponge', [...cleaning, '厨房清洁'], [['sponge', '泡泡家', '百洁布 6片', 990]]),
  shelf(
    'trash-bag',
    [...cleaning, '垃圾袋'],
    [
      ['trash-bag', '泡泡家', '抽绳垃圾袋 60只', 1590],
      ['trash-bag-large', '泡泡家', '加大垃圾袋 30只', 1490],
    ],
  ),
  shelf('mop', [...cleaning, '工具'], [['mop-flat', '净小象', '免手洗平板拖把', 8900]], {
    durable: true,
  }),
  shelf(
    'storage-box',
    [...living, '收纳'],
    [
      ['storage-box', '屋角', '折叠收纳箱 45L', 4900],
      ['vacuum-bag', '屋角', '真空压缩袋 8只', 3990],
    ],
    { durable: true },
  ),
  shelf('hanger', [...living, '收纳'], [['hanger', '屋角', '防滑衣架 20只', 2490]], {
    durable: true,
  }),
  shelf(
    'slippers',
    [...living, '拖鞋'],
    [
      ['slippers', '屋角', '家居拖鞋', 2990],
      ['slippers-plush', '屋角', '毛绒棉拖', 3990],
    ],
    { durable: true },
  ),
  shelf('power-strip', [...living, '电器'], [['power-strip', '屋角', '六位插线板 3米', 5900]], {
    durable: true,
  }),
  shelf(
    'desk-lamp',
    [...living, '电器'],
    [
      ['desk-lamp', '屋角', '护眼台灯', 9900],
      ['night-light', '屋角', '感应小夜灯', 2900],
    ],
    { durable: true },
  ),
  shelf(
    'bedding',
    [...living, '床品'],
    [
      ['bed-sheets', '眠岸', '水洗棉四件套', 19900],
      ['pillow', '眠岸', '护颈枕', 8900],
      ['rug-wool', '眠岸', '手工羊毛地毯', 299000, { unsold: true }],
    ],
    { durable: true },
  ),
  shelf(
    'electric-kettle',
    [...living, '电器'],
    [['electric-kettle', '屋角', '电热水壶 1.5L', 9900]],
    {
      durable: true,
    },
  ),
  shelf('scented-candle', [...living, '香氛'], [['candle-cedar', '眠岸', '雪松香薰蜡烛', 8900]], {
    season: 'cooler',
  }),
  shelf(
    'thermos',
    [...living, '水具'],
    [
      ['thermos', '壶间', '保温杯 500ml', 8900],
      ['thermos-old', '壶间', '保温杯 旧款 450ml', 5900, { withdrawnDaysAgo: 70 }],
    ],
    { season: 'cooler', durable: true },
  ),
  shelf('lunch-box', [...living, '餐具'], [['lunch-box', '壶间', '分格微波饭盒', 4900]], {
    durable: true,
  }),
];

export const stationeryAndGifts: readonly Shelf[] = [
  shelf(
    'notebook',
    [...desk, '本册'],
    [
      ['notebook-b5', '笔叮叮', 'B5横线笔记本 4本', 1590],
      ['notebook-grid', '笔叮叮', '方格笔记本 A5', 890],
      ['planner', '笔叮叮', '周计划手帐本', 2900],
      ['planner-old', '笔叮叮', '手帐本 去年款', 1900, { withdrawnDaysAgo: 100 }],
    ],
  ),
  shelf(
    'gel-pen',
    [...desk, '书写'],
    [
      ['gel-pen', '笔叮叮', '0.5中性笔 黑 12支', 1490],
      ['gel-pen-color', '笔叮叮', '彩色中性笔 9色', 1690],
    ],
  ),
  shelf('pen-refill', [...desk, '书写'], [['pen-refill', '笔叮叮', '中性笔芯 20支', 990]]),
  shelf('highlighter', [...desk, '书写'], [['highlighter', '笔叮叮', '双头荧光笔 6色', 1290]]),
  shelf('sticky-notes', [...desk, '便签'], [['sticky-notes', '笔叮叮', '便利贴 4色', 690]]),
  shelf('correction-tape', [...desk, '修正'], [['correction-tape', '笔叮叮', '修正带 3只', 890]]),
  shelf(
    'folder',
    [...desk, '收纳'],
    [
      ['folder', '笔叮叮', '透明文件夹 10只', 1290],
      ['pen-case', '笔叮叮', '大容量笔袋', 2490],
    ],
  ),
  shelf(
    'telescope',
    ['文具', '科普', '观测'],
    [['telescope', '笔叮叮', '家用天文望远镜', 89900, { unsold: true }]],
  ),
  shelf(
    'gift-chocolate',
    [...presents, '食品礼盒'],
    [
      ['gift-chocolate', '可可镇', '巧克力礼盒 24颗', 12800],
      ['gift-cookies', '麦小湾', '曲奇铁盒礼盒', 9800],
    ],
  ),
  shelf('gift-tea', [...presents, '茶礼盒'], [['gift-tea', '听松茶寮', '名茶双罐礼盒', 29800]]),
  shelf(
    'gift-flowers',
    [...presents, '鲜花'],
    [
      ['flowers-rose', '花信', '玫瑰花束 11枝', 9900],
      ['flowers-mixed', '花信', '当季鲜花束', 5900],
    ],
  ),
  shelf('gift-bag', ['礼品', '包装', '礼品袋'], [['gift-bag', '花信', '牛皮纸礼品袋', 590]]),
  shelf('gift-card', ['礼品', '包装', '贺卡'], [['card-birthday', '花信', '生日贺卡', 890]]),
  shelf(
    'mooncake',
    [...presents, '节令'],
    [
      ['mooncake-custard', '糕小巷', '流心奶黄月饼礼盒', 15800],
      ['mooncake-yolk', '糕小巷', '蛋黄莲蓉月饼 8枚', 12800],
    ],
    { season: 'midAutumn' },
  ),
  shelf(
    'zongzi',
    [...presents, '节令'],
    [
      ['zongzi-pork', '糕小巷', '鲜肉粽 6只', 3990],
      ['zongzi-redbean', '糕小巷', '豆沙粽 6只', 3590],
    ],
    { season: 'dragonBoat' },
  ),
  shelf(
    'new-year-box',
    [...presents, '节令'],
    [['new-year-nuts', '炒货巷', '年货坚果礼盒', 13800]],
    {
      season: 'newYear',
    },
  ),
];
