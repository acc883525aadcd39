// The lists: every scenario, and the shorthands that ask for one of them.
import { z } from 'zod';
import {
  idSchema,
  limits,
  type RecommendRequest,
  recommendRequestSchema,
  type Scenario,
  scenarios,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { acceptMemberList } from './accept.ts';
import { defineList, type Operation } from './operation.ts';
import { recommendReplySchema } from './replies.ts';

const { limit, minWatermark, basket } = recommendRequestSchema.shape;

/** What every list can be asked with, whatever its scenario. */
const common = recommendRequestSchema.pick({
  storeId: true,
  exclude: true,
  limit: true,
  asOf: true,
  minWatermark: true,
});

/**
 * Scenarios that start from a member; the two that start from an item are asked under /v1/items.
 */
const memberScenarios = scenarios.filter(
  (scenario) => scenario !== 'similar' && scenario !== 'bought-together',
);

const memberListSchema = common.extend({
  memberId: idSchema,
  scenario: z.enum(memberScenarios).default('guess-you-like'),
  daypart: recommendRequestSchema.shape.daypart,
});
const buyAgainSchema = common.extend({ memberId: idSchema });
const itemListSchema = common.extend({ itemId: idSchema, memberId: idSchema.optional() });
const popularSchema = common.extend({ daypart: recommendRequestSchema.shape.daypart });
const basketListSchema = z.strictObject({
  memberId: idSchema.optional(),
  storeId: idSchema.optional(),
  basket: basket.unwrap().meta({ description: 'The ticket as scanned so far, empty at first.' }),
  exclude: recommendRequestSchema.shape.exclude,
  limit: limit.unwrap().default(doorLimits.basketListDefault),
  asOf: recommendRequestSchema.shape.asOf,
  minWatermark,
});

const described = {
  scope: 'read',
  alsoFor: ['guide'],
  reach: 'store',
  member: 'lists ofOwnOrNone',
  tag: 'lists',
  reply: recommendReplySchema,
} as const;

const recommendForMember = defineList({
  ...described,
  member: 'lists ofOwn',
  name: 'recommendForMember',
  rpc: 'RecommendationService/RecommendForMember',
  method: 'GET',
  path: '/v1/members/{memberId}/recommendations',
  summary: 'A list for a member',
  description: [
    'A member never seen gets a full list too, marked `personalized: false`.',
    `Repeat \`exclude\` for each item; POST /v1/recommendations takes ${limits.excludeItemsMax}.`,
  ].join(' '),
  input: memberListSchema,
  accept: acceptMemberList,
  toRequest: (input) => ({ basket: [], ...input }),
});

const buyAgain = defineList({
  ...described,
  member: 'lists ofOwn',
  name: 'recommendBuyAgain',
  rpc: 'RecommendationService/RecommendBuyAgain',
  method: 'GET',
  path: '/v1/members/{memberId}/buy-again',
  summary: 'What a member is about to run out of',
  input: buyAgainSchema,
  toRequest: (input) => ({ basket: [], scenario: 'buy-again', ...input }),
});

const recommend = defineList({
  ...described,
  name: 'recommend',
  rpc: 'RecommendationService/Recommend',
  method: 'POST',
  path: '/v1/recommendations',
  summary: 'Any list, asked in full',
  description: 'The canonical form; every other way to ask is a shorthand for one of these.',
  input: recommendRequestSchema,
  example: { scenario: 'guess-you-like', memberId: 'm-1001', storeId: 's-01', limit: 10 },
  toRequest: (input) => input,
});

const recommendForBasket = defineList({
  ...described,
  name: 'recommendForBasket',
  alsoFor: ['guide', 'till'],
  rpc: 'CheckoutService/RecommendForBasket',
  method: 'POST',
  path: '/v1/baskets/recommendations',
  summary: 'What to add to the ticket being scanned',
  description: [
    'A cashier reads this: a known member may change the order, and no item and no reason tells',
    'what they bought before.',
  ].join(' '),
  audience: 'till',
  input: basketListSchema,
  example: { storeId: 's-01', basket: [{ itemId: 'coffee-beans' }], limit: 3 },
  toRequest: (input) => ({ scenario: 'basket-add-on', ...input }),
});

const listSimilar = itemList('recommendSimilar', 'similar', 'What may take the place of an item');
const listBoughtTogether = itemList(
  'recommendBoughtTogether',
  'bought-together',
  'What is bought with an item',
);

const listPopular = defineList({
  ...described,
  member: 'lists ofNone',
  name: 'recommendPopular',
  rpc: 'RecommendationService/RecommendPopular',
  method: 'GET',
  path: '/v1/items/popular',
  summary: 'What sells, in a store or in the chain',
  description: 'An item whose id is `popular` is read and written at /v1/items/%70opular.',
  input: popularSchema,
  toRequest: (input) => ({ basket: [], scenario: 'popular', ...input }),
});

function itemList(name: string, scenario: Scenario, summary: string): Operation {
  return defineList({
    ...described,
    name,
    rpc: `RecommendationService/${name.replace('r', 'R')}`,
    method: 'GET',
    path: `/v1/items/{itemId}/${scenario}`,
    summary,
    input: itemListSchema,
    toRequest: (input): RecommendRequest => ({ basket: [], scenario, ...input }),
  });
}

export const listOperations: readonly Operation[] = [
  recommendForMember,
  buyAgain,
  recommend,
  recommendForBasket,
  listPopular,
  listSimilar,
  listBoughtTogether,
];
