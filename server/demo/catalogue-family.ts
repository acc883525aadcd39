// The family department of the demo chain: babies and pets. Brands are invented.
import { type Shelf, shelf } from './shapes.ts';

const milkPowder = ['母婴', '奶粉'];
const diapers = ['母婴', '纸尿裤'];
const feeding = ['母婴', '喂养'];
const cats = ['宠物', '猫'];
const dogs = ['宠物', '狗'];

/**
 * A brand stands at the same place in every stage, so that a household keeps its brand as the
 * child grows.
 */
export const babies: readonly Shelf[] = [
  shelf(
    'formula-1',
    [...milkPowder, '1段'],
    [
      ['formula-miao-1', '苗苗谷', '婴儿配方奶粉 1段 800g', 26800],
      ['formula-tuan-1', '团团芽', '有机婴儿奶粉 1段 700g', 29800],
    ],
    { brandLine: 'formula' },
  ),
  shelf(
    'formula-2',
    [...milkPowder, '2段'],
    [
      ['formula-miao-2', '苗苗谷', '较大婴儿奶粉 2段 800g', 25800],
      ['formula-tuan-2', '团团芽', '有机较大婴儿奶粉 2段 700g', 28800],
    ],
    { brandLine: 'formula' },
  ),
  shelf(
    'formula-3',
    [...milkPowder, '3段'],
    [
      ['formula-miao-3', '苗苗谷', '幼儿奶粉 3段 800g', 23800],
      ['formula-tuan-3', '团团芽', '有机幼儿奶粉 3段 700g', 26800],
    ],
    { brandLine: 'formula' },
  ),
  shelf(
    'diaper-nb',
    [...diapers, 'NB'],
    [
      ['diaper-cloud-nb', '云朵裤', '纸尿裤 NB码 60片', 7900],
      ['diaper-dry-nb', '爽小布', '纸尿裤 NB码 84片', 8900],
    ],
    { brandLine: 'diaper' },
  ),
  shelf(
    'diaper-s',
    [...diapers, 'S'],
    [
      ['diaper-cloud-s', '云朵裤', '纸尿裤 S码 56片', 8500],
      ['diaper-dry-s', '爽小布', '纸尿裤 S码 80片', 9500],
    ],
    { brandLine: 'diaper' },
  ),
  shelf(
    'diaper-m',
    [...diapers, 'M'],
    [
      ['diaper-cloud-m', '云朵裤', '纸尿裤 M码 50片', 8900],
      ['diaper-dry-m', '爽小布', '纸尿裤 M码 74片', 9900],
    ],
    { brandLine: 'diaper' },
  ),
  shelf(
    'diaper-l',
    [...diapers, 'L'],
    [
      ['diaper-cloud-l', '云朵裤', '拉拉裤 L码 46片', 9500],
      ['diaper-dry-l', '爽小布', '拉拉裤 L码 66片', 10500],
    ],
    { brandLine: 'diaper' },
  ),
  shelf(
    'diaper-xl',
    [...diapers, 'XL'],
    [
      ['diaper-cloud-xl', '云朵裤', '拉拉裤 XL码 42片', 9900],
      ['diaper-dry-xl', '爽小布', '拉拉裤 XL码 60片', 10900],
    ],
    { brandLine: 'diaper' },
  ),
  shelf(
    'baby-wipes',
    ['母婴', '洗护', '湿巾'],
    [
      ['baby-wipes', '云朵裤', '婴儿手口湿巾 80抽×5', 4990],
      ['baby-wipes-small', '爽小布', '便携婴儿湿巾 20抽×8', 2990],
    ],
  ),
  shelf(
    'baby-bottle',
    [...feeding, '奶瓶'],
    [['bottle-glass', '团团芽', '宽口玻璃奶瓶 160ml', 8900]],
    { durable: true },
  ),
  shelf(
    'baby-bottle-brush',
    [...feeding, '奶瓶'],
    [['bottle-brush', '团团芽', '奶瓶刷套装', 3900]],
    {
      durable: true,
    },
  ),
  shelf(
    'baby-cereal',
    [...feeding, '辅食'],
    [
      ['baby-rice-cereal', '苗苗谷', '高铁婴儿米粉 225g', 4900],
      ['baby-noodles', '团团芽', '宝宝碎碎面 200g', 2900],
    ],
  ),
  shelf(
    'baby-puree',
    [...feeding, '辅食'],
    [
      ['puree-apple', '团团芽', '苹果泥 90g×4', 3900],
      ['puree-pumpkin', '团团芽', '南瓜胡萝卜泥 90g×4', 3900],
    ],
  ),
  shelf(
    'baby-biscuit',
    [...feeding, '宝宝零食'],
    [['teething-biscuit', '苗苗谷', '磨牙饼干 64g', 2490]],
  ),
  shelf(
    'baby-tableware',
    [...feeding, '餐具'],
    [['baby-spoon', '团团芽', '硅胶辅食勺 2支', 2900]],
    { durable: true },
  ),
  shelf(
    'baby-wash',
    ['母婴', '洗护', '沐浴'],
    [
      ['baby-wash', '苗苗谷', '婴儿洗发沐浴露 500ml', 5900],
      ['baby-lotion', '苗苗谷', '婴儿润肤乳 250ml', 5500],
    ],
  ),
  shelf(
    'baby-toy',
    ['母婴', '玩具', '早教'],
    [
      ['rattle', '小木马房', '牙胶摇铃套装', 5900],
      ['cloth-book', '小木马房', '撕不烂布书', 3900],
    ],
    { durable: true },
  ),
];

export const pets: readonly Shelf[] = [
  shelf(
    'kitten-food',
    [...cats, '猫粮'],
    [
      ['kitten-food', '绒爪爪', '幼猫粮 1.5kg', 8900],
      ['kitten-food-fish', '喵一顿', '深海鱼幼猫粮 1.5kg', 9900],
    ],
  ),
  shelf(
    'cat-food',
    [...cats, '猫粮'],
    [
      ['cat-food-chicken', '绒爪爪', '鸡肉成猫粮 2kg', 9900],
      ['cat-food-fish', '喵一顿', '深海鱼成猫粮 2kg', 10900],
    ],
  ),
  shelf(
    'cat-litter',
    [...cats, '猫砂'],
    [
      ['litter-tofu', '绒爪爪', '豆腐猫砂 6L', 2590],
      ['litter-mixed', '喵一顿', '混合猫砂 2.5kg', 2290],
      ['litter-bentonite', '绒爪爪', '膨润土猫砂 10kg', 3590],
    ],
  ),
  shelf(
    'cat-can',
    [...cats, '猫零食'],
    [
      ['cat-can-tuna', '喵一顿', '金枪鱼猫罐头 85g×6', 3990],
      ['cat-can-chicken', '绒爪爪', '鸡肉猫罐头 85g×6', 3590],
    ],
  ),
  shelf(
    'cat-strip',
    [...cats, '猫零食'],
    [
      ['cat-strip', '喵一顿', '猫条 15g×10', 2390],
      ['cat-freeze-dried', '绒爪爪', '鸡肉冻干 80g', 3290],
    ],
  ),
  shelf('cat-scratcher', [...cats, '猫用品'], [['cat-scratcher', '绒爪爪', '瓦楞猫抓板', 2990]], {
    durable: true,
  }),
  shelf('cat-toy', [...cats, '猫用品'], [['cat-wand', '绒爪爪', '羽毛逗猫棒', 1590]], {
    durable: true,
  }),
  shelf('cat-carrier', [...cats, '猫用品'], [['cat-carrier', '喵一顿', '猫咪外出包', 12900]], {
    durable: true,
  }),
  shelf('puppy-food', [...dogs, '狗粮'], [['puppy-food', '汪嗒嗒', '幼犬粮 2kg', 8900]]),
  shelf(
    'dog-food',
    [...dogs, '狗粮'],
    [
      ['dog-food-chicken', '汪嗒嗒', '鸡肉成犬粮 5kg', 16900],
      ['dog-food-beef', '骨头铺', '牛肉成犬粮 5kg', 18900],
    ],
  ),
  shelf('dog-pad', [...dogs, '狗用品'], [['dog-pad', '汪嗒嗒', '宠物尿垫 50片', 3990]]),
  shelf(
    'dog-snack',
    [...dogs, '狗零食'],
    [
      ['dog-jerky', '骨头铺', '鸡肉干 400g', 2990],
      ['dog-dental', '骨头铺', '洁齿棒 20支', 3490],
    ],
  ),
  shelf('dog-toy', [...dogs, '狗用品'], [['dog-rope', '骨头铺', '耐咬绳结', 1990]], {
    durable: true,
  }),
  shelf('dog-leash', [...dogs, '狗用品'], [['dog-leash', '汪嗒嗒', '胸背牵引绳', 5900]], {
    durable: true,
  }),
];
