// Shapes that several kinds of events share. The zod schemas validate, document (OpenAPI) and type;
// nothing behind them checks a shape again.
import { z } from 'zod';
import { limits } from './limits.ts';

/** A UTF-16 unit takes at most three bytes of UTF-8: short texts need not be measured. */
function isWithin(text: string, bytesMax: number): boolean {
  return 3 * text.length <= bytesMax || Buffer.byteLength(text) <= bytesMax;
}

/**
 * An outside id: 1–128 bytes of well-formed UTF-8. What stands around it (padding, the shields of
 * spreadsheets) is taken off before by `readOutsideId`; case counts. Doors find ids by the format.
 */
export const idSchema = z
  .string()
  .min(1, { message: 'must not be empty' })
  .refine((id) => id.isWellFormed(), {
    message: 'must be well-formed Unicode (no lone surrogates)',
  })
  .refine((id) => isWithin(id, limits.idBytesMax), {
    message: `must be at most ${limits.idBytesMax} bytes of UTF-8`,
    params: { limit: limits.idBytesMax },
  })
  .meta({
    format: 'id',
    description: `Opaque id, 1 to ${limits.idBytesMax} bytes of UTF-8; case counts.`,
  });

/** Where a till may name an item. */
export const itemCodeSchema = idSchema.meta({
  description: 'The id of an item, or one of its barcodes.',
});

export const textSchema = (charactersMax: number) =>
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
export type Channel = (typeof channels)[number];
export const channelSchema = z.enum(channels);

/** Pieces or kilograms, kept as whole thousandths. */
export const quantitySchema = z
  .number()
  .min(0.001)
  .max(limits.quantityMax)
  .refine(isInThousandths, { message: 'must have at most three decimal places' })
  .default(1)
  .meta({ description: 'Pieces, or kilograms of weighed goods, with up to three decimal places.' });

/** The same of a line that may take back others of its receipt, and is below zero then. */
export const signedQuantitySchema = z
  .number()
  .min(-limits.quantityMax)
  .max(limits.quantityMax)
  .refine((quantity) => quantity !== 0, { message: 'must not be 0', params: { limit: 0.001 } })
  .refine(isInThousandths, { message: 'must have at most three decimal places' })
  .default(1)
  .meta({
    description: [
      'Pieces, or kilograms of weighed goods, with up to three decimal places. Below zero: taken',
      'back of the other lines of the receipt.',
    ].join(' '),
  });

/** But for what floating point leaves of a decimal. */
function isInThousandths(quantity: number): boolean {
  const rest = Math.abs(quantity * 1_000 - thousandthsOf(quantity));
  return rest <= 1e-6 * Math.abs(quantity);
}

export const moneySchema = z.int().min(0).max(limits.amountFenMax);

export function thousandthsOf(quantity: number): number {
  return Math.round(quantity * 1_000);
}

export function quantityOf(thousandths: number): number {
  return thousandths / 1_000;
}
