// What may enter the log: the shapes of purchases, returns, items and stores as they arrive at a
// door. The zod schemas here validate, document (OpenAPI) and type; nothing behind them checks a
// shape again.
import { z } from 'zod';
import { limits } from '../base/limits.ts';

const encoder = new TextEncoder();

/**
 * An outside id: 1–128 bytes of well-formed UTF-8, compared as given (no trimming, no case
 * folding).
 */
export const idSchema = z
  .string()
  .min(1, { message: 'must not be empty' })
  .refine((id) => id.isWellFormed(), {
    message: 'must be well-formed Unicode (no lone surrogates)',
  })
  .refine((id) => encoder.encode(id).length <= limits.idBytesMax, {
    message: `must be at most ${limits.idBytesMax} bytes of UTF-8`,
    params: { limit: limits.idBytesMax },
  })
  .meta({ description: `Opaque id, 1 to ${limits.idBytesMax} bytes of UTF-8, compared as given.` });

const wellFormedText = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .refine((text) => text.isWellFormed(), { message: 'must be well-formed Unicode' });

/** RFC 3339 date-time with `Z` or an offset. */
export const timeSchema = z.iso.datetime({ offset: true }).meta({
  description:
    'RFC 3339 date-time with an offset, e.g. 2026-05-01T09:10:00+08:00. `Z` gives no local ' +
    'offset: the store’s time zone counts.',
  examples: ['2026-05-01T09:10:00+08:00'],
});

export const channels = ['app', 'mini_program', 'pos', 'web', 'other'] as const;
export const channelSchema = z.enum(channels);

const quantitySchema = z.int().min(1).max(limits.quantityMax);

export const purchaseLineSchema = z.strictObject({
  itemId: idSchema,
  quantity: quantitySchema,
  unitPriceFen: z.int().min(0).max(limits.unitPriceFenMax).optional(),
});

export const purchaseSchema = z.strictObject({
  purchaseId: idSchema.meta({ description: 'Idempotency key of the receipt.' }),
  memberId: idSchema.optional().meta({ description: 'Absent: an anonymous ticket.' }),
  storeId: idSchema.optional(),
  channel: channelSchema.default('other'),
  terminalId: idSchema.optional(),
  occurredAt: timeSchema,
  lines: z.array(purchaseLineSchema).min(1).max(limits.purchaseLinesMax),
});

export const returnLineSchema = z.strictObject({ itemId: idSchema, quantity: quantitySchema });

export const returnSchema = z.strictObject({
  returnId: idSchema.meta({ description: 'Idempotency key of the return.' }),
  purchaseId: idSchema,
  storeId: idSchema.optional(),
  channel: channelSchema.default('other'),
  occurredAt: timeSchema,
  lines: z.array(returnLineSchema).min(1).max(limits.purchaseLinesMax),
});

export const itemStatuses = ['active', 'inactive'] as const;

export const itemSchema = z.strictObject({
  itemId: idSchema,
  name: wellFormedText(limits.nameCharactersMax).optional(),
  category: z
    .array(wellFormedText(limits.nameCharactersMax))
    .max(limits.categoryLevelsMax)
    .optional()
    .meta({ description: 'Path from the widest to the narrowest, e.g. ["饮品","咖啡","咖啡豆"].' }),
  brand: wellFormedText(limits.nameCharactersMax).optional(),
  priceFen: z.int().min(0).max(limits.unitPriceFenMax).optional(),
  tags: z.array(wellFormedText(limits.tagCharactersMax)).max(limits.tagsMax).optional(),
  status: z.enum(itemStatuses).default('active'),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, { message: 'must be an IANA time zone such as Asia/Shanghai' });

export const storeSchema = z.strictObject({
  storeId: idSchema,
  name: wellFormedText(limits.nameCharactersMax).optional(),
  city: wellFormedText(limits.nameCharactersMax).optional(),
  timeZone: timeZoneSchema.optional(),
});

export const mergeSchema = z.strictObject({
  memberId: idSchema.meta({ description: 'The id that stays.' }),
  fromMemberId: idSchema.meta({ description: 'The id that from now on means the same person.' }),
});

export const consentSchema = z.strictObject({
  memberId: idSchema,
  personalization: z
    .boolean()
    .meta({ description: 'false takes the history out of the lists and of the counts.' }),
  occurredAt: timeSchema.meta({ description: 'Of several answers the latest counts.' }),
});

export type Merge = z.output<typeof mergeSchema>;
export type Consent = z.output<typeof consentSchema>;
export type PurchaseInput = z.input<typeof purchaseSchema>;
export type Purchase = z.output<typeof purchaseSchema>;
export type ReturnInput = z.input<typeof returnSchema>;
export type Return = z.output<typeof returnSchema>;
export type ItemInput = z.input<typeof itemSchema>;
export type Item = z.output<typeof itemSchema>;
export type StoreInput = z.input<typeof storeSchema>;
export type Store = z.output<typeof storeSchema>;

/**
 * Goods brought back without the receipt: the engine finds the member's latest purchases of each
 * item at or before `occurredAt` that still hold pieces, and writes one ordinary return per
 * purchase.
 */
export interface UnreferencedReturn {
  readonly returnId: string;
  readonly memberId: string;
  readonly storeId?: string | undefined;
  readonly occurredAt: string;
  readonly lines: readonly { readonly itemId: string; readonly quantity: number }[];
}

/** What ingest accepts, already validated by the schema of its kind. */
export type Event =
  | { readonly kind: 'purchase'; readonly purchase: Purchase }
  | { readonly kind: 'return'; readonly return: Return }
  | { readonly kind: 'unreferencedReturn'; readonly return: UnreferencedReturn }
  | { readonly kind: 'merge'; readonly merge: Merge }
  | { readonly kind: 'consent'; readonly consent: Consent }
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'store'; readonly store: Store };

export type IngestStatus = 'created' | 'duplicate' | 'conflict' | 'rejected';

/** The answer to one event. Expected outcomes are values, not errors. */
export interface IngestResult {
  /** The purchaseId, returnId, itemId or storeId. */
  readonly id: string;
  readonly status: IngestStatus;
  /**
   * Stands for the state that holds this event; for a duplicate, the first acceptance. Absent when
   * refused.
   */
  readonly watermark?: string;
  /**
   * UPPER_SNAKE_CASE, for `conflict` and `rejected`: OCCURRED_AT_IN_FUTURE,
   * RETURN_EXCEEDS_PURCHASE, …
   */
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
  /** What would have been allowed. */
  readonly limit?: string | number;
  /**
   * A return whose purchase is not here yet: it is kept and counts as soon as the purchase arrives.
   */
  readonly parked?: boolean;
  /** Of an unreferenced return: pieces that no purchase of the member could be found for. */
  readonly unmatchedQuantity?: number;
}
