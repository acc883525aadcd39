// How the households of the demo chain live: what brings them to the shop and what they use up.
import type { Lifestyle, Need } from './shapes.ts';

/** Anybody may run out of these; each household has only a few of them on its list. */
export const everydayNeeds: readonly Need[] = [
  { shelf: 'milk', chance: 0.14, gapDays: [6, 10] },
  { shelf: 'yogurt', chance: 0.1, gapDays: [8, 16] },
  { shelf: 'eggs', chance: 0.12, gapDays: [9, 18] },
  { shelf: 'tissue', chance: 0.26, gapDays: [24, 45] },
  { shelf: 'toilet-roll', chance: 0.16, gapDays: [28, 50] },
  { shelf: 'laundry', chance: 0.26, gapDays: [40, 70] },
  { shelf: 'dish-soap', chance: 0.16, gapDays: [40, 70] },
  { shelf: 'trash-bag', chance: 0.13, gapDays: [30, 55] },
  { shelf: 'toothpaste', chance: 0.26, gapDays: [40, 70] },
  { shelf: 'shampoo', chance: 0.22, gapDays: [45, 80] },
  { shelf: 'body-wash', chance: 0.14, gapDays: [50, 85] },
  { shelf: 'pads', chance: 0.13, gapDays: [25, 32] },
  { shelf: 'razor-blades', chance: 0.08, gapDays: [35, 60] },
  { shelf: 'floss', chance: 0.08, gapDays: [40, 70] },
  { shelf: 'rice', chance: 0.1, gapDays: [30, 50] },
  { shelf: 'oil', chance: 0.09, gapDays: [40, 70] },
  { shelf: 'soy-sauce', chance: 0.1, gapDays: [40, 70] },
  { shelf: 'coffee-instant', chance: 0.06, gapDays: [20, 40] },
];

/** What everybody does now and then, whatever else they live for. */
export const everydayOccasions: Readonly<Record<string, number>> = {
  'stock-up': 0.7,
  'cool-down': 0.6,
  'afternoon-treat': 0.3,
  'late-snack': 0.2,
  breakfast: 0.4,
  gift: 0.12,
  'home-comfort': 0.1,
  'keep-warm': 0.35,
  hotpot: 0.15,
  'mid-autumn': 0.5,
  'dragon-boat': 0.4,
  'new-year': 0.6,
};

const pastimes: readonly Lifestyle[] = [
  {
    key: 'coffee',
    name: '咖啡控',
    weight: 11,
    homes: { office: 2, community: 1.5, mall: 1 },
    occasions: { brewing: 1.8, 'office-coffee': 0.6, breakfast: 0.4 },
    needs: [
      { shelf: 'coffee-beans', chance: 0.95, gapDays: [19, 30], urgent: true, loyalty: 0.95 },
      { shelf: 'coffee-filter', chance: 0.3, gapDays: [40, 60] },
      { shelf: 'milk', chance: 0.12, gapDays: [7, 12] },
    ],
  },
  {
    key: 'yoga',
    name: '健身瑜伽',
    weight: 10,
    homes: { mall: 1.5, community: 1, office: 1.2 },
    occasions: { workout: 2.2, 'yoga-outfit': 0.5, 'light-lunch': 1 },
    needs: [
      { shelf: 'protein-bar', chance: 0.25, gapDays: [16, 26] },
      { shelf: 'protein-powder', chance: 0.4, gapDays: [35, 55], urgent: true },
      { shelf: 'chicken-breast', chance: 0.5, gapDays: [10, 18] },
    ],
  },
  {
    key: 'tea',
    name: '茶客',
    weight: 7,
    homes: { community: 2, office: 1, mall: 0.6 },
    occasions: { 'tea-time': 2, gift: 0.2 },
    needs: [
      { shelf: 'tea-green', chance: 0.45, gapDays: [28, 45], urgent: true },
      { shelf: 'tea-oolong', chance: 0.35, gapDays: [30, 50], urgent: true },
      { shelf: 'tea-dark', chance: 0.35, gapDays: [30, 50] },
    ],
  },
  {
    key: 'skincare',
    name: '护肤',
    weight: 10,
    homes: { mall: 2, office: 1, campus: 0.8, community: 0.7 },
    occasions: { 'skincare-run': 2.4, 'afternoon-treat': 0.5 },
    onlineShare: 0.35,
    needs: [
      { shelf: 'face-mask', chance: 0.7, gapDays: [16, 28] },
      { shelf: 'cleanser', chance: 0.6, gapDays: [45, 65] },
      { shelf: 'toner', chance: 0.6, gapDays: [45, 70] },
      { shelf: 'lotion', chance: 0.5, gapDays: [45, 70] },
      { shelf: 'cotton-pads', chance: 0.5, gapDays: [28, 45] },
    ],
  },
  {
    key: 'camping',
    name: '露营户外',
    weight: 7,
    homes: { community: 1.5, mall: 1, office: 1 },
    occasions: { 'camping-trip': 2.2, 'beer-night': 0.4 },
    onlineShare: 0.3,
    needs: [{ shelf: 'gas-can', chance: 0.5, gapDays: [20, 40] }],
  },
  {
    key: 'baking',
    name: '烘焙',
    weight: 6,
    homes: { community: 2, mall: 0.6 },
    occasions: { 'baking-day': 2.6 },
    needs: [
      { shelf: 'butter', chance: 0.6, gapDays: [16, 28] },
      { shelf: 'flour', chance: 0.6, gapDays: [25, 40] },
    ],
  },
];

const families: readonly Lifestyle[] = [
  {
    key: 'baby',
    name: '新手爸妈',
    weight: 9,
    homes: { community: 3, mall: 0.8 },
    occasions: { 'baby-things': 2, dinner: 0.8, 'stock-up': 0.5 },
    ageDays: [-60, 430],
    pace: 1.35,
    onlineShare: 0.35,
    needs: [
      {
        shelf: [
          { untilAgeDays: 0 },
          { untilAgeDays: 180, shelf: 'formula-1' },
          { untilAgeDays: 365, shelf: 'formula-2' },
          { untilAgeDays: 2000, shelf: 'formula-3' },
        ],
        chance: 0.93,
        gapDays: [14, 20],
        urgent: true,
        overlapDays: 32,
        loyalty: 0.98,
      },
      {
        shelf: [
          { untilAgeDays: -10 },
          { untilAgeDays: 35, shelf: 'diaper-nb' },
          { untilAgeDays: 100, shelf: 'diaper-s' },
          { untilAgeDays: 215, shelf: 'diaper-m' },
          { untilAgeDays: 400, shelf: 'diaper-l' },
          { untilAgeDays: 900, shelf: 'diaper-xl' },
        ],
        chance: 0.95,
        gapDays: [13, 20],
        urgent: true,
        loyalty: 0.95,
      },
      { shelf: 'baby-wipes', chance: 0.7, gapDays: [16, 28] },
      {
        shelf: [{ untilAgeDays: 165 }, { untilAgeDays: 500, shelf: 'baby-cereal' }],
        chance: 0.7,
        gapDays: [16, 26],
      },
      {
        shelf: [{ untilAgeDays: 190 }, { untilAgeDays: 600, shelf: 'baby-puree' }],
        chance: 0.6,
        gapDays: [9, 16],
      },
      {
        shelf: [{ untilAgeDays: 220 }, { untilAgeDays: 900, shelf: 'baby-biscuit' }],
        chance: 0.6,
        gapDays: [12, 22],
      },
    ],
  },
  {
    key: 'cat',
    name: '养猫',
    weight: 11,
    homes: { community: 2, office: 0.8, campus: 0.5, mall: 0.6 },
    occasions: { 'cat-treat': 2 },
    ageDays: [70, 1600],
    onlineShare: 0.3,
    needs: [
      {
        shelf: [
          { untilAgeDays: 365, shelf: 'kitten-food' },
          { untilAgeDays: 9000, shelf: 'cat-food' },
        ],
        chance: 0.97,
        gapDays: [25, 34],
        urgent: true,
        overlapDays: 24,
        loyalty: 0.93,
      },
      { shelf: 'cat-litter', chance: 0.85, gapDays: [18, 30] },
      { shelf: 'cat-strip', chance: 0.5, gapDays: [14, 26] },
      { shelf: 'cat-can', chance: 0.4, gapDays: [14, 26] },
    ],
  },
  {
    key: 'dog',
    name: '养狗',
    weight: 8,
    homes: { community: 2.5, mall: 0.5 },
    occasions: { 'dog-treat': 2, dinner: 0.3 },
    ageDays: [60, 1600],
    needs: [
      {
        shelf: [
          { untilAgeDays: 365, shelf: 'puppy-food' },
          { untilAgeDays: 9000, shelf: 'dog-food' },
        ],
        chance: 0.97,
        gapDays: [26, 38],
        urgent: true,
      },
      { shelf: 'dog-pad', chance: 0.55, gapDays: [22, 35] },
      { shelf: 'dog-snack', chance: 0.5, gapDays: [14, 26] },
    ],
  },
  {
    key: 'cook',
    name: '家庭主厨',
    weight: 13,
    homes: { community: 3, mall: 0.5 },
    occasions: { dinner: 4, hotpot: 0.4, 'stock-up': 0.6 },
    pace: 1.25,
    needs: [
      { shelf: 'eggs', chance: 0.5, gapDays: [8, 14] },
      { shelf: 'rice', chance: 0.4, gapDays: [25, 40] },
      { shelf: 'oil', chance: 0.35, gapDays: [30, 50] },
      { shelf: 'soy-sauce', chance: 0.35, gapDays: [30, 50] },
      { shelf: 'vinegar', chance: 0.25, gapDays: [40, 65] },
      { shelf: 'kitchen-paper', chance: 0.3, gapDays: [25, 40] },
    ],
  },
  {
    key: 'party',
    name: '火锅聚会',
    weight: 6,
    homes: { community: 1.5, mall: 1, campus: 0.8 },
    occasions: { hotpot: 2.2, 'beer-night': 1.2 },
    needs: [{ shelf: 'beer', chance: 0.4, gapDays: [10, 20] }],
  },
];

const routines: readonly Lifestyle[] = [
  {
    key: 'office',
    name: '上班族',
    weight: 16,
    homes: { office: 5, mall: 0.5 },
    occasions: { lunch: 2.4, 'office-coffee': 1.6, breakfast: 1.5, 'light-lunch': 0.3 },
    pace: 1.5,
    onlineShare: 0.3,
    needs: [{ shelf: 'nuts', chance: 0.25, gapDays: [10, 20] }],
  },
  {
    key: 'student',
    name: '学生',
    weight: 15,
    homes: { campus: 6 },
    occasions: { study: 1.8, 'late-snack': 1.3, lunch: 0.8, breakfast: 0.7, 'cool-down': 0.4 },
    pace: 1.15,
    onlineShare: 0.4,
    needs: [{ shelf: 'pen-refill', chance: 0.3, gapDays: [30, 50] }],
  },
  {
    key: 'night-owl',
    name: '夜猫子',
    weight: 10,
    homes: { campus: 2, community: 1, office: 0.6 },
    occasions: { 'late-snack': 7, 'beer-night': 0.8 },
    pace: 1.3,
    needs: [{ shelf: 'instant-noodles', chance: 0.3, gapDays: [8, 16] }],
  },
  {
    key: 'solo',
    name: '租房独居',
    weight: 10,
    homes: { community: 1.3, office: 1.2, campus: 0.6 },
    occasions: { 'home-comfort': 1.2, 'stock-up': 0.5, 'late-snack': 0.5, lunch: 0.4 },
    needs: [
      { shelf: 'trash-bag', chance: 0.5, gapDays: [25, 45] },
      { shelf: 'tissue', chance: 0.4, gapDays: [24, 40] },
    ],
  },
];

export const lifestyles: readonly Lifestyle[] = [...pastimes, ...families, ...routines];
