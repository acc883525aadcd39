// The food department of the demo chain: ready meals, snacks, fresh goods, the kitchen shelf.
// Brands are invented.
import { type Shelf, shelf } from './shapes.ts';

const ready = ['食品', '鲜食'];
const snacks = ['食品', '零食'];
const fresh = ['食品', '生鲜'];
const pantry = ['食品', '粮油调味'];

export const readyAndSnacks: readonly Shelf[] = [
  shelf(
    'bread',
    [...ready, '面包'],
    [
      ['toast-milk', '麦小湾', '牛奶吐司 400g', 1290],
      ['toast-wholewheat', '麦小湾', '全麦吐司 400g', 1490],
      ['bun-redbean', '麦小湾', '红豆面包', 590],
      ['croissant', '麦小湾', '黄油可颂 2只', 1280],
    ],
  ),
  shelf(
    'sandwich',
    [...ready, '三明治'],
    [
      ['sandwich-egg', '麦小湾', '鸡蛋三明治', 1090],
      ['sandwich-ham', '麦小湾', '火腿芝士三明治', 1290],
    ],
  ),
  shelf(
    'breakfast-bun',
    [...ready, '早点'],
    [
      ['bun-pork', '蒸小笼', '鲜肉包 2只', 600],
      ['bun-veg', '蒸小笼', '香菇青菜包 2只', 500],
      ['tea-egg', '蒸小笼', '茶叶蛋', 200],
    ],
  ),
  shelf(
    'bento',
    [...ready, '便当'],
    [
      ['bento-chicken', '饭点到', '照烧鸡腿便当', 2180],
      ['bento-beef', '饭点到', '黑椒牛柳便当', 2480],
      ['bento-pork', '饭点到', '红烧肉便当', 2280],
      ['bento-veg', '饭点到', '双拼时蔬便当', 1880],
    ],
  ),
  shelf(
    'onigiri',
    [...ready, '饭团'],
    [
      ['onigiri-tuna', '饭点到', '金枪鱼饭团', 690],
      ['onigiri-pork', '饭点到', '肉松饭团', 590],
    ],
  ),
  shelf(
    'salad',
    [...ready, '沙拉'],
    [
      ['salad-chicken', '饭点到', '鸡胸肉沙拉', 2280],
      ['salad-quinoa', '饭点到', '藜麦蔬菜沙拉', 1980],
    ],
  ),
  shelf(
    'fruit-box',
    [...ready, '果切'],
    [
      ['fruit-mixed', '果沿沿', '混合鲜果杯', 1590],
      ['fruit-melon', '果沿沿', '哈密瓜果切', 1290],
    ],
  ),
  shelf(
    'cake',
    [...ready, '甜点'],
    [
      ['cake-roll', '麦小湾', '瑞士卷 4片', 1890],
      ['cake-tiramisu', '麦小湾', '提拉米苏 杯装', 1680],
    ],
  ),
  shelf('oden', [...ready, '关东煮'], [['oden-set', '蒸小笼', '关东煮 六串', 1390]]),
  shelf(
    'chips',
    [...snacks, '膨化'],
    [
      ['chips-original', '脆叮叮', '原味薯片 104g', 890],
      ['chips-cucumber', '脆叮叮', '黄瓜味薯片 104g', 890],
      ['chips-spicy', '脆叮叮', '香辣薯片 104g', 890],
      ['popcorn', '脆叮叮', '焦糖爆米花 120g', 1290],
    ],
  ),
  shelf(
    'instant-noodles',
    [...snacks, '方便面'],
    [
      ['noodles-beef', '汤半碗', '红烧牛肉面 桶', 550],
      ['noodles-sour', '汤半碗', '老坛酸菜面 桶', 550],
      ['noodles-turkey', '汤半碗', '火鸡拌面', 790],
    ],
  ),
  shelf(
    'luosifen',
    [...snacks, '方便面'],
    [
      ['luosifen', '汤半碗', '柳州螺蛳粉 330g', 1390],
      ['hot-pot-self', '汤半碗', '自热小火锅', 1890],
    ],
  ),
  shelf(
    'sausage',
    [...snacks, '肉类零食'],
    [
      ['sausage-corn', '馋小筐', '玉米火腿肠 8根', 1290],
      ['sausage-grill', '馋小筐', '台式烤肠', 500],
    ],
  ),
  shelf(
    'duck-neck',
    [...snacks, '肉类零食'],
    [
      ['duck-neck', '馋小筐', '卤鸭脖 200g', 1990],
      ['chicken-feet', '馋小筐', '柠檬凤爪 250g', 1890],
      ['beef-jerky', '馋小筐', '手撕牛肉干 100g', 2690],
    ],
  ),
  shelf(
    'spicy-strips',
    [...snacks, '辣味'],
    [
      ['latiao', '馋小筐', '麻辣辣条 100g', 590],
      ['dried-tofu', '馋小筐', '香辣豆干 150g', 790],
    ],
  ),
  shelf(
    'peanuts',
    [...snacks, '坚果'],
    [
      ['peanuts-wine', '炒货巷', '酒鬼花生 200g', 890],
      ['peanuts-garlic', '炒货巷', '蒜香花生 250g', 990],
    ],
  ),
  shelf(
    'nuts',
    [...snacks, '坚果'],
    [
      ['nuts-daily', '炒货巷', '每日坚果 7包', 3990],
      ['sunflower-seeds', '炒货巷', '焦糖瓜子 300g', 1290],
    ],
  ),
  shelf(
    'biscuit',
    [...snacks, '饼干'],
    [
      ['biscuit-soda', '脆叮叮', '苏打饼干 400g', 1290],
      ['cookie-butter', '脆叮叮', '黄油曲奇 180g', 1590],
      ['biscuit-sandwich', '脆叮叮', '巧克力夹心饼干', 890],
    ],
  ),
  shelf(
    'chocolate',
    [...snacks, '糖巧'],
    [
      ['chocolate-milk', '可可镇', '牛奶巧克力 100g', 1590],
      ['chocolate-dark', '可可镇', '黑巧克力 72% 100g', 1890],
    ],
  ),
  shelf(
    'candy',
    [...snacks, '糖巧'],
    [
      ['gummy', '可可镇', '果汁软糖 120g', 690],
      ['marshmallow', '可可镇', '烤棉花糖 200g', 1290],
    ],
  ),
];

export const freshAndPantry: readonly Shelf[] = [
  shelf(
    'eggs',
    [...fresh, '蛋'],
    [
      ['eggs-15', '鲜畦里', '鲜鸡蛋 15枚', 1880],
      ['eggs-free', '鲜畦里', '散养土鸡蛋 10枚', 2180],
    ],
  ),
  shelf(
    'fruit',
    [...fresh, '水果'],
    [
      ['banana', '鲜畦里', '香蕉 1kg', 990],
      ['apple', '鲜畦里', '红富士苹果 1kg', 1490],
      ['orange', '鲜畦里', '脐橙 1.5kg', 1990],
    ],
  ),
  shelf('strawberry', [...fresh, '水果'], [['strawberry', '鲜畦里', '草莓 300g', 2990]]),
  shelf('watermelon', [...fresh, '水果'], [['watermelon', '鲜畦里', '小西瓜 1只', 2490]], {
    season: 'summer',
  }),
  shelf(
    'leafy',
    [...fresh, '蔬菜'],
    [
      ['lettuce', '鲜畦里', '生菜 300g', 590],
      ['bokchoy', '鲜畦里', '上海青 400g', 490],
      ['napa', '鲜畦里', '娃娃菜 3颗', 790],
    ],
  ),
  shelf(
    'roots',
    [...fresh, '蔬菜'],
    [
      ['tomato', '鲜畦里', '番茄 500g', 790],
      ['potato', '鲜畦里', '土豆 1kg', 690],
      ['mushroom', '鲜畦里', '金针菇 300g', 590],
    ],
  ),
  shelf('aromatics', [...fresh, '蔬菜'], [['ginger-scallion', '鲜畦里', '葱姜蒜组合', 690]]),
  shelf(
    'pork',
    [...fresh, '肉'],
    [
      ['pork-belly', '鲜畦里', '五花肉 500g', 2680],
      ['pork-mince', '鲜畦里', '猪肉糜 350g', 1680],
    ],
  ),
  shelf('chicken', [...fresh, '肉'], [['chicken-wings', '鲜畦里', '鸡翅中 500g', 2880]]),
  shelf(
    'chicken-breast',
    [...fresh, '肉'],
    [
      ['chicken-breast', '轻一刻', '即食鸡胸肉 100g×5', 3990],
      ['chicken-breast-raw', '轻一刻', '冷冻鸡胸肉 1kg', 2890],
    ],
    { tags: ['健身'] },
  ),
  shelf(
    'seafood',
    [...fresh, '水产'],
    [
      ['shrimp', '鲜畦里', '大虾 400g', 4980],
      ['bass', '鲜畦里', '鲈鱼 1条', 2980],
    ],
  ),
  shelf('tofu', [...fresh, '豆制品'], [['tofu-soft', '豆掌柜', '嫩豆腐 400g', 450]]),
  shelf(
    'beef-roll',
    [...fresh, '火锅食材'],
    [
      ['beef-roll', '锅沸沸', '肥牛卷 500g', 4580],
      ['beef-roll-snow', '锅沸沸', '雪花牛肉卷 300g', 5980],
    ],
  ),
  shelf('lamb-roll', [...fresh, '火锅食材'], [['lamb-roll', '锅沸沸', '羔羊肉卷 500g', 4980]]),
  shelf(
    'hotpot-balls',
    [...fresh, '火锅食材'],
    [
      ['fish-balls', '锅沸沸', '福州鱼丸 400g', 1990],
      ['shrimp-paste', '锅沸沸', '手打虾滑 200g', 2490],
    ],
  ),
  shelf(
    'hotpot-base',
    [...pantry, '火锅底料'],
    [
      ['hotpot-spicy', '锅沸沸', '牛油麻辣火锅底料 400g', 1990],
      ['hotpot-tomato', '锅沸沸', '番茄火锅底料 200g', 1490],
    ],
    { tags: ['火锅'] },
  ),
  shelf(
    'hotpot-dip',
    [...pantry, '蘸料'],
    [
      ['dip-sesame', '锅沸沸', '芝麻酱蘸料 4包', 1190],
      ['dip-oil', '锅沸沸', '香油碟 4罐', 990],
    ],
  ),
  shelf(
    'rice',
    [...pantry, '米面'],
    [
      ['rice-northeast', '稻花巷', '东北大米 5kg', 4990],
      ['rice-jasmine', '稻花巷', '茉莉香米 2.5kg', 3990],
    ],
  ),
  shelf(
    'oil',
    [...pantry, '食用油'],
    [
      ['oil-peanut', '稻花巷', '花生油 1.8L', 5490],
      ['oil-olive', '坡上', '橄榄油 500ml', 5990],
    ],
  ),
  shelf(
    'soy-sauce',
    [...pantry, '调味'],
    [
      ['soy-light', '灶边人', '零添加生抽 500ml', 1290],
      ['oyster-sauce', '灶边人', '蚝油 510g', 990],
    ],
  ),
  shelf('vinegar', [...pantry, '调味'], [['vinegar', '灶边人', '陈醋 500ml', 890]]),
  shelf('spices', [...pantry, '调味'], [['pixian', '灶边人', '豆瓣酱 500g', 1190]]),
  shelf(
    'flour',
    [...pantry, '烘焙'],
    [
      ['flour-cake', '烤箱日', '低筋面粉 1kg', 990],
      ['flour-bread', '烤箱日', '高筋面粉 2.5kg', 1990],
    ],
  ),
  shelf('yeast', [...pantry, '烘焙'], [['yeast', '烤箱日', '高活性酵母 5g×10', 990]]),
  shelf('butter', [...pantry, '烘焙'], [['butter', '草甸日记', '无盐黄油 200g', 2690]]),
  shelf('cream', [...pantry, '烘焙'], [['cream', '草甸日记', '淡奶油 250ml', 1890]]),
  shelf('sugar', [...pantry, '烘焙'], [['sugar-fine', '烤箱日', '细砂糖 500g', 790]]),
  shelf(
    'cooking-pan',
    ['家居', '厨具', '锅具'],
    [['pan-nonstick', '灶边人', '不粘炒锅 32cm', 15900]],
    { durable: true },
  ),
  shelf('knife', ['家居', '厨具', '刀具'], [['knife-set', '灶边人', '厨房刀具三件套', 19900]], {
    durable: true,
  }),
  shelf(
    'baking-mould',
    ['家居', '厨具', '烘焙模具'],
    [
      ['mould-chiffon', '烤箱日', '戚风蛋糕模 6寸', 3290],
      ['mould-muffin', '烤箱日', '麦芬模 12连', 3990],
    ],
    { durable: true },
  ),
  shelf('mixer', ['家居', '厨具', '烘焙模具'], [['hand-mixer', '烤箱日', '手持打蛋器', 12900]], {
    durable: true,
  }),
];
