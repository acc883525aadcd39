// The drinks department of the demo chain: coffee, tea, cold drinks, dairy. Brands are invented.
import { type Shelf, shelf } from './shapes.ts';

const coffee = ['饮品', '咖啡'];
const tea = ['饮品', '茶'];
const cold = ['饮品', '冷饮'];
const dairy = ['食品', '乳品'];

export const drinks: readonly Shelf[] = [
  shelf(
    'coffee-beans',
    [...coffee, '咖啡豆'],
    [
      ['beans-yunnan', '岭上豆', '云南小粒咖啡豆 中烘 250g', 5800],
      ['beans-blend', '岭上豆', '意式拼配咖啡豆 深烘 500g', 8900],
      ['beans-yirga', '雾屿', '耶加雪菲咖啡豆 浅烘 200g', 7800],
      ['beans-mandheling', '雾屿', '曼特宁咖啡豆 深烘 200g', 7200],
      ['beans-decaf', '岭上豆', '低因咖啡豆 中烘 250g', 6600],
    ],
    { tags: ['咖啡'] },
  ),
  shelf(
    'coffee-drip-bag',
    [...coffee, '挂耳咖啡'],
    [['dripbag-yunnan', '岭上豆', '云南挂耳咖啡 10片', 3900]],
  ),
  shelf(
    'coffee-instant',
    [...coffee, '速溶咖啡'],
    [
      ['instant-black', '雾屿', '冻干黑咖啡 20颗', 6900],
      ['instant-3in1', '岭上豆', '三合一速溶咖啡 30条', 3200],
      ['coldbrew-liquid', '雾屿', '冷萃咖啡液 柚香 6颗', 3600, { launchedDaysAgo: 9 }],
    ],
  ),
  shelf(
    'coffee-cup-to-go',
    [...coffee, '现磨咖啡'],
    [
      ['latte', '岭上豆', '现磨拿铁 大杯', 1500],
      ['americano', '岭上豆', '现磨美式 大杯', 1200],
      ['oat-latte', '岭上豆', '燕麦拿铁 大杯', 1800],
    ],
  ),
  shelf(
    'coffee-filter',
    [...coffee, '咖啡器具'],
    [
      ['filter-v', '壶间', '锥形咖啡滤纸 100张', 1500],
      ['filter-fan', '壶间', '扇形咖啡滤纸 100张', 1400],
    ],
  ),
  shelf(
    'coffee-grinder',
    [...coffee, '咖啡器具'],
    [['grinder-hand', '壶间', '手摇磨豆机', 16800]],
    {
      durable: true,
    },
  ),
  shelf(
    'coffee-grinder-electric',
    [...coffee, '咖啡器具'],
    [['grinder-electric', '壶间', '电动磨豆机', 32900]],
    { durable: true },
  ),
  shelf(
    'coffee-mug',
    [...coffee, '咖啡器具'],
    [
      ['mug-ceramic', '壶间', '粗陶咖啡杯 280ml', 4900],
      ['mug-double', '壶间', '双层玻璃咖啡杯', 5900],
    ],
  ),
  shelf(
    'coffee-kettle',
    [...coffee, '咖啡器具'],
    [['kettle-pour', '壶间', '细嘴手冲壶 600ml', 12900]],
    {
      durable: true,
    },
  ),
  shelf('coffee-dripper', [...coffee, '咖啡器具'], [['dripper-v', '壶间', '陶瓷锥形滤杯', 6900]], {
    durable: true,
  }),
  shelf(
    'coffee-scale',
    [...coffee, '咖啡器具'],
    [['coffee-scale', '壶间', '手冲计时电子秤', 9900]],
    {
      durable: true,
    },
  ),
  shelf(
    'tea-green',
    [...tea, '绿茶'],
    [
      ['tea-longjing', '听松茶寮', '明前龙井 100g', 12800],
      ['tea-biluochun', '听松茶寮', '碧螺春 100g', 11800],
    ],
  ),
  shelf(
    'tea-oolong',
    [...tea, '乌龙茶'],
    [
      ['tea-tieguanyin', '听松茶寮', '清香铁观音 250g', 9800],
      ['tea-dahongpao', '半盏', '大红袍 125g', 13800],
    ],
  ),
  shelf(
    'tea-dark',
    [...tea, '红茶黑茶'],
    [
      ['tea-dianhong', '半盏', '滇红金芽 150g', 8800],
      ['tea-puer', '听松茶寮', '熟普洱茶饼 357g', 15800],
    ],
  ),
  shelf(
    'tea-gaiwan',
    [...tea, '茶具'],
    [
      ['gaiwan-white', '半盏', '白瓷盖碗', 6800],
      ['teapot-zisha', '半盏', '典藏紫砂壶', 188000, { unsold: true }],
    ],
    { durable: true },
  ),
  shelf('tea-cups', [...tea, '茶具'], [['teacups-six', '半盏', '品茗杯 六只装', 7900]], {
    durable: true,
  }),
  shelf('tea-flask', [...tea, '茶具'], [['tea-flask', '半盏', '茶水分离保温杯', 8900]], {
    durable: true,
  }),
  shelf(
    'tea-snack',
    [...tea, '茶点'],
    [
      ['cake-mungbean', '糕小巷', '绿豆糕 8枚', 1990],
      ['cake-osmanthus', '糕小巷', '桂花糕 6枚', 1890],
    ],
  ),
  shelf('water', [...cold, '饮用水'], [['water-550', '清涧', '天然饮用水 550ml', 200]]),
  shelf('water-large', [...cold, '饮用水'], [['water-5l', '清涧', '天然饮用水 5L', 1200]]),
  shelf(
    'sparkling',
    [...cold, '气泡水'],
    [
      ['sparkling-peach', '泡泡屿', '白桃气泡水 480ml', 550],
      ['sparkling-lime', '泡泡屿', '青柠气泡水 480ml', 550],
    ],
    { season: 'summer' },
  ),
  shelf(
    'cola',
    [...cold, '汽水'],
    [
      ['cola', '跳跳泉', '可乐 500ml', 350],
      ['cola-zero', '跳跳泉', '无糖可乐 500ml', 350],
    ],
  ),
  shelf(
    'tea-drink',
    [...cold, '茶饮料'],
    [
      ['lemon-tea', '凉亭', '冰柠檬茶 500ml', 450],
      ['oolong-zero', '凉亭', '无糖乌龙茶 500ml', 500],
      ['jasmine-zero', '凉亭', '无糖茉莉花茶 500ml', 500],
      ['milk-tea', '凉亭', '丝滑奶茶 450ml', 600],
      ['pomelo-oolong', '凉亭', '柚香乌龙茶 新品 500ml', 550, { launchedDaysAgo: 12 }],
    ],
  ),
  shelf(
    'juice',
    [...cold, '果汁'],
    [
      ['juice-orange', '果沿沿', '鲜榨橙汁 300ml', 1280],
      ['juice-nfc-apple', '果沿沿', '苹果汁 1L', 1990],
    ],
  ),
  shelf('plum-juice', [...cold, '果汁'], [['plum-juice', '凉亭', '酸梅汤 1L', 990]]),
  shelf('sports-drink', [...cold, '运动饮料'], [['electrolyte', '跳跳泉', '电解质水 500ml', 600]], {
    tags: ['运动'],
  }),
  shelf(
    'beer',
    ['饮品', '酒', '啤酒'],
    [
      ['beer-lager', '麦浪岛', '原浆啤酒 500ml×6', 4200],
      ['beer-wheat', '麦浪岛', '白啤 330ml×6', 4800],
    ],
  ),
  shelf(
    'wine',
    ['饮品', '酒', '葡萄酒'],
    [
      ['wine-red', '坡上', '干红葡萄酒 750ml', 8800],
      ['decanter', '坡上', '水晶醒酒器', 69900, { unsold: true }],
    ],
  ),
  shelf(
    'ice-cream',
    ['食品', '冷冻', '雪糕'],
    [
      ['ice-cone', '雪绒绒', '香草甜筒', 600],
      ['ice-mungbean', '雪绒绒', '绿豆棒冰', 300],
      ['ice-tub', '雪绒绒', '海盐冰淇淋 桶装', 2800],
    ],
    { season: 'summer' },
  ),
  shelf(
    'milk',
    [...dairy, '牛奶'],
    [
      ['milk-950', '牧晨坊', '鲜牛奶 950ml', 1880],
      ['milk-250x12', '牧晨坊', '纯牛奶 250ml×12', 4800],
      ['milk-skim', '草甸日记', '脱脂牛奶 950ml', 1980],
      ['milk-a2', '草甸日记', 'A2鲜牛奶 750ml', 2680],
      ['milk-oat', '草甸日记', '燕麦奶 1L', 1680],
    ],
  ),
  shelf(
    'soy-milk',
    [...dairy, '豆奶'],
    [
      ['soymilk', '豆掌柜', '原味豆浆 300ml', 450],
      ['soymilk-black', '豆掌柜', '黑豆豆浆 300ml', 500],
    ],
  ),
  shelf(
    'yogurt',
    [...dairy, '酸奶'],
    [
      ['yogurt-plain', '牧晨坊', '原味酸奶 8杯', 1680],
      ['yogurt-greek', '草甸日记', '希腊酸奶 100g×4', 2680],
      ['yogurt-strawberry', '牧晨坊', '草莓酸奶 4杯', 1180],
    ],
  ),
  shelf(
    'cheese',
    [...dairy, '奶酪'],
    [
      ['cheese-slices', '草甸日记', '芝士片 12片', 1990],
      ['cheese-sticks', '草甸日记', '儿童奶酪棒 10支', 2490],
    ],
  ),
  shelf(
    'cocoa',
    ['饮品', '冲饮', '热饮'],
    [
      ['cocoa', '暖杯子', '热可可粉 300g', 2990],
      ['ginger-tea', '暖杯子', '红糖姜茶 12包', 1990],
    ],
    { season: 'winter' },
  ),
];
