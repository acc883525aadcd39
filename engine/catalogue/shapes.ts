// What may be said of an item and of a store.
import { z } from 'zod';
import { limits } from '../base/limits.ts';
import { idSchema, textSchema } from '../base/shapes.ts';

export const itemStatuses = ['active', 'inactive'] as const;

/** What an item is to a receipt: only goods are bought for their own sake. */
export const itemRoles = [
  'goods',
  'bag',
  'fee',
  'giftCard',
  'deposit',
  'sample',
  'service',
] as const;
export type ItemRole = (typeof itemRoles)[number];

export const itemSchema = z.strictObject({
  itemId: idSchema,
  name: textSchema(limits.nameCharactersMax).optional(),
  category: z
    .array(textSchema(limits.nameCharactersMax))
    .max(limits.categoryLevelsMax)
    .optional()
    .meta({ description: 'Path from the widest to the narrowest, e.g. ["饮品","咖啡","咖啡豆"].' }),
  brand: textSchema(limits.nameCharactersMax).optional(),
  priceFen: z.int().min(0).max(limits.unitPriceFenMax).optional(),
  tags: z.array(textSchema(limits.tagCharactersMax)).max(limits.tagsMax).optional(),
  barcodes: z
    .array(idSchema)
    .max(limits.barcodesMax)
    .optional()
    .meta({
      description:
        'Codes that stand for it wherever a till may name an item: barcodes, numbers of scales. ' +
        'Of one item alone; 12 digits are the same as 13 with a leading zero.',
    }),
  role: z
    .enum(itemRoles)
    .optional()
    .meta({
      description:
        'What it is to a receipt: only goods pair, are listed and count as taste. Absent: by its ' +
        'name, or a price of 0, as docs/guides/item-roles.md says.',
    }),
  roleGuessed: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether the role follows from the name or the price. Sent with an item as it was read, ' +
        'it follows from them anew.',
    }),
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
  name: textSchema(limits.nameCharactersMax).optional(),
  city: textSchema(limits.nameCharactersMax).optional(),
  timeZone: timeZoneSchema.optional(),
});

/** Only goods pair, are listed and count as taste; of all else there are receipts and no more. */
export function isGoods({ role = 'goods' }: Item): boolean {
  return role === 'goods';
}

export type ItemInput = z.input<typeof itemSchema>;
export type Item = z.output<typeof itemSchema>;
export type StoreInput = z.input<typeof storeSchema>;
export type StoreProfile = z.output<typeof storeSchema>;
