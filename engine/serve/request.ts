// What can be asked for and what is answered: the shapes of a recommendation request and of its
// reply.
import { z } from 'zod';
import { limits } from '../base/limits.ts';
import { idSchema, itemCodeSchema, timeSchema } from '../base/shapes.ts';

export const scenarios = [
  'guess-you-like',
  'buy-again',
  'discover',
  'similar',
  'bought-together',
  'basket-add-on',
  'popular',
] as const;
export type Scenario = (typeof scenarios)[number];

/** `baseline`: the first formula of the design, to compare with; `shipped`: what is served. */
export const formulas = ['baseline', 'shipped'] as const;
export type Formula = (typeof formulas)[number];

/** 0–6, 6–11, 11–14, 14–18, 18–22, 22–24 o'clock, local time of the store. */
export const dayparts = ['night', 'morning', 'noon', 'afternoon', 'evening', 'late'] as const;
export type Daypart = (typeof dayparts)[number];

export const basketItemSchema = z.strictObject({
  itemId: itemCodeSchema,
  quantity: z.int().min(1).max(limits.quantityMax).default(1),
});

/** The canonical request; every other way to ask is a shorthand for one of these. */
export const recommendRequestSchema = z.strictObject({
  scenario: z.enum(scenarios).default('guess-you-like'),
  memberId: idSchema.optional(),
  storeId: idSchema.optional(),
  itemId: idSchema
    .optional()
    .meta({ description: 'The anchor of similar and bought-together; a barcode will do.' }),
  basket: z
    .array(basketItemSchema)
    .max(limits.basketItemsMax)
    .default([])
    .meta({ description: 'The ticket as scanned so far; its items are never offered.' }),
  exclude: z.array(itemCodeSchema).max(limits.excludeItemsMax).default([]),
  daypart: z
    .enum(dayparts)
    .optional()
    .meta({ description: 'For popular: what sells at this time of day only. Absent: all day.' }),
  limit: z.int().min(1).max(limits.listItemsMax).default(limits.listItemsDefault),
  asOf: timeSchema.optional().meta({
    description: 'The day to weigh against. Default: the newest day that was learnt.',
  }),
  explain: z
    .boolean()
    .optional()
    .meta({ description: 'Tell the terms that each score is the sum of. Slower: to look into.' }),
  minWatermark: z
    .string()
    .max(1_000)
    .optional()
    .meta({ description: 'Answer only from a state that holds this write.' }),
});
export type RecommendRequestInput = z.input<typeof recommendRequestSchema>;
export type RecommendRequest = z.output<typeof recommendRequestSchema>;

/**
 * Why an item is in the list. `count` is a real number of receipts:
 * - `bought_before`: the member's receipts with this item
 * - `bought_after`: receipts that held this item within three baskets after one that held `itemId`
 * - `bought_together`: receipts with both this item and `itemId`
 * - `popular_in_store`, `popular_in_city`, `popular_in_chain`: receipts with this item there
 * - `bought_by_same_members`: members who came to buy both this item and `itemId`
 * - `alike`: shares words of its name or shelves with `itemId` (no count)
 * - `new_item`: new, and alike to `itemId`, which the member has bought (no count)
 * - `catalogue`: nothing is known yet; listed to fill (no count)
 */
export const reasonTypes = [
  'bought_before',
  'bought_after',
  'bought_together',
  'popular_in_store',
  'popular_in_city',
  'popular_in_chain',
  'bought_by_same_members',
  'alike',
  'new_item',
  'catalogue',
] as const;
export type ReasonType = (typeof reasonTypes)[number];

export interface Reason {
  readonly type: ReasonType;
  readonly itemId?: string;
  readonly itemName?: string;
  readonly count?: number;
}

/**
 * A part of a score: all that one reason type gave, or of those that speak of another item what
 * `itemId` gave; without an `itemId` then what the items that are not named gave together.
 */
export interface ScoreTerm {
  readonly type: ReasonType;
  readonly itemId?: string;
  readonly score: number;
}

export interface RecommendedItem {
  readonly itemId: string;
  /** As in the catalogue, when known. */
  readonly name?: string;
  readonly priceFen?: number;
  /** Comparable within one list only; 9 significant digits. */
  readonly score: number;
  readonly reasons: readonly Reason[];
  /** With `explain` only: they sum to the score. */
  readonly terms?: readonly ScoreTerm[];
  /**
   * buy-again only: the member's usual days between two purchases of it, and when the next is due
   * (RFC 3339 date).
   */
  readonly usualGapDays?: number;
  readonly nextDueOn?: string;
}

/**
 * Whose eyes the list is for. At a till a cashier and a queue look on: there a member's history may
 * change the order of what goes with the ticket, and neither adds an item nor is mentioned.
 */
export type Audience = 'member' | 'till';

/** What was done to fill a list that could not be filled as asked. In the order it was done. */
export const relaxationTypes = [
  'member_unknown',
  'member_has_no_history',
  'member_opted_out',
  'item_unknown',
  'basket_unknown',
  'store_unknown',
  'filled_from_store',
  'filled_from_city',
  'filled_from_chain',
  'filled_from_catalogue',
] as const;
export type Relaxation = (typeof relaxationTypes)[number];

export interface RecommendReply {
  readonly recommendationId: string;
  readonly scenario: Scenario;
  readonly items: readonly RecommendedItem[];
  /** True when the member's own history moved at least one item of the list. */
  readonly personalized: boolean;
  readonly relaxations: readonly Relaxation[];
  readonly watermark: string;
}
