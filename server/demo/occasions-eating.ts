// Why people go to the shop when they are hungry or cook, when, and what they then reach for.
import { daytime, nearHome } from './errands.ts';
import type { HourSpan, Occasion } from './shapes.ts';

const earlyMorning: readonly HourSpan[] = [[6.7, 9.4, 1]];
const lunchtime: readonly HourSpan[] = [[11.2, 13.4, 1]];
const beforeDinner: readonly HourSpan[] = [
  [9, 11, 0.12],
  [16, 19.6, 1],
];
/** Past ten the shop belongs to the hungry; a tenth of them come after midnight. */
const lateHours: readonly HourSpan[] = [
  [22, 23.98, 0.88],
  [0, 1.6, 0.12],
];

const meals: readonly Occasion[] = [
  {
    key: 'breakfast',
    hours: earlyMorning,
    stores: { mall: 0.2, office: 1.5 },
    weekend: 0.5,
    quick: true,
    slots: [
      ['bread', 0.4],
      ['breakfast-bun', 0.5],
      ['soy-milk', 0.25],
      ['milk', 0.1],
      ['sandwich', 0.22],
      ['coffee-cup-to-go', 0.12],
      ['yogurt', 0.1],
    ],
  },
  {
    key: 'office-coffee',
    hours: [
      [8, 10, 1.4],
      [13.5, 15.5, 1],
    ],
    stores: { office: 3, mall: 0.8, community: 0.2, campus: 0.5 },
    weekend: 0.2,
    quick: true,
    slots: [
      ['coffee-cup-to-go', 0.95],
      ['sandwich', 0.35],
      ['cake', 0.25],
      ['candy', 0.08],
    ],
  },
  {
    key: 'lunch',
    hours: lunchtime,
    stores: { office: 2.5, campus: 1.2, community: 0.4, mall: 0.6 },
    weekend: 0.3,
    quick: true,
    slots: [
      ['bento', 0.7],
      ['onigiri', 0.22],
      ['salad', 0.1],
      ['tea-drink', 0.4],
      ['fruit-box', 0.25],
      ['cola', 0.08],
      ['yogurt', 0.08],
    ],
  },
  {
    key: 'light-lunch',
    hours: lunchtime,
    stores: { office: 2, community: 0.4 },
    weekend: 0.4,
    quick: true,
    slots: [
      ['salad', 0.85],
      ['fruit-box', 0.3],
      ['tea-drink', 0.25],
      ['chicken-breast', 0.15],
      ['protein-bar', 0.15],
    ],
  },
  {
    key: 'afternoon-treat',
    hours: [[14, 17.4, 1]],
    weekend: 1.2,
    quick: true,
    slots: [
      ['cake', 0.35],
      ['biscuit', 0.3],
      ['tea-drink', 0.3],
      ['chocolate', 0.22],
      ['nuts', 0.2],
      ['fruit-box', 0.15],
      ['candy', 0.15],
      ['juice', 0.12],
    ],
  },
  {
    key: 'late-snack',
    hours: lateHours,
    stores: { campus: 2, community: 1.2, office: 0.4, mall: 0.2 },
    quick: true,
    slots: [
      ['instant-noodles', 0.5],
      ['chips', 0.5],
      ['sausage', 0.35],
      ['cola', 0.32],
      ['spicy-strips', 0.3],
      ['oden', 0.22],
      ['duck-neck', 0.2],
      ['luosifen', 0.18],
      ['ice-cream', 0.12],
    ],
  },
  {
    key: 'beer-night',
    hours: [
      [20, 22, 0.6],
      [22, 23.9, 1],
    ],
    weekend: 2,
    festive: true,
    quick: true,
    slots: [
      ['beer', 0.95],
      ['peanuts', 0.5],
      ['duck-neck', 0.4],
      ['chips', 0.25],
      ['spicy-strips', 0.15],
    ],
  },
  {
    key: 'cool-down',
    hours: [
      [12.5, 18, 1],
      [18, 21.5, 0.7],
    ],
    season: 'summer',
    quick: true,
    slots: [
      ['ice-cream', 0.65],
      ['sparkling', 0.45],
      ['cola', 0.2],
      ['tea-drink', 0.2],
      ['water', 0.15],
    ],
  },
];

const kitchen: readonly Occasion[] = [
  {
    key: 'dinner',
    hours: beforeDinner,
    stores: nearHome,
    weekend: 1.2,
    slots: [
      ['leafy', 0.6],
      ['roots', 0.5],
      ['pork', 0.4],
      ['tofu', 0.25],
      ['seafood', 0.22],
      ['chicken', 0.2],
      ['aromatics', 0.22],
      ['eggs', 0.15],
      ['spices', 0.1],
      ['soy-sauce', 0.1],
      ['cooking-pan', 0.02],
      ['knife', 0.012],
    ],
  },
  {
    key: 'hotpot',
    hours: [
      [15, 18, 0.8],
      [18, 20, 1],
    ],
    stores: nearHome,
    weekend: 2,
    season: 'cooler',
    festive: true,
    slots: [
      ['hotpot-base', 1],
      ['beef-roll', 0.8],
      ['lamb-roll', 0.5],
      ['hotpot-dip', 0.65],
      ['hotpot-balls', 0.6],
      ['leafy', 0.35],
      ['tofu', 0.3],
      ['plum-juice', 0.4],
      ['beer', 0.2],
    ],
  },
  {
    key: 'baking-day',
    hours: daytime,
    stores: nearHome,
    weekend: 2.2,
    slots: [
      ['flour', 0.65],
      ['butter', 0.65],
      ['cream', 0.5],
      ['eggs', 0.3],
      ['yeast', 0.2],
      ['sugar', 0.25],
      ['strawberry', 0.25],
      ['baking-mould', 0.15],
      ['mixer', 0.06],
    ],
  },
  {
    key: 'stock-up',
    hours: daytime,
    stores: nearHome,
    weekend: 2.4,
    slots: [
      ['fruit', 0.3],
      ['watermelon', 0.12],
      ['bread', 0.14],
      ['juice', 0.1],
      ['biscuit', 0.1],
      ['nuts', 0.1],
      ['kitchen-paper', 0.08],
      ['sponge', 0.08],
      ['trash-bag', 0.08],
      ['mosquito', 0.07],
      ['cheese', 0.07],
      ['water-large', 0.12],
      ['electric-kettle', 0.01],
      ['razor', 0.02],
      ['coffee-instant', 0.04],
    ],
  },
];

export const eatingOccasions: readonly Occasion[] = [...meals, ...kitchen];
