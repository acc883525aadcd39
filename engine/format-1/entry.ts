// Log entries of data format 1, one JSON array each, read as entries of today. What a version of
// then cannot have written is refused: a value that is guessed would be counted for ever.
import { z } from 'zod';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { channelSchema, idSchema, thousandthsOf } from '../base/shapes.ts';
import { itemSchema, storeSchema } from '../catalogue/shapes.ts';
import { consentEntries } from '../events/consent.ts';
import { eraseEntries } from '../events/erase.ts';
import { expireEntries } from '../events/expire.ts';
import { itemEntries } from '../events/item.ts';
import { mergeEntries } from '../events/merge.ts';
import { purchaseEntries } from '../events/purchase.ts';
import { encode } from '../events/record.ts';
import { returnEntries } from '../events/return.ts';
import { storeEntries } from '../events/store.ts';
import { stub } from '../log/frame.ts';

const momentSchema = z.int().min(0);
/** Of the server's clock; an entry of today has 48 bits for it. */
const acceptedSchema = z
  .int()
  .min(0)
  .max(2 ** 48 - 1);
/** Minutes east of UTC, less than a day either way. */
const offsetSchema = z.int().gt(-1_440).lt(1_440);
/** Whole pieces: format 1 knew no others. */
const piecesSchema = z.int().min(1).max(limits.quantityMax);
const priceSchema = z.int().min(0).max(limits.unitPriceFenMax);
const hashSchema = z.string().regex(/^[0-9a-f]{32}$/);

const boughtLineSchema = z.tuple([idSchema, piecesSchema, priceSchema.nullable().optional()]);

const purchaseSchema = z.tuple([
  z.literal('p'),
  acceptedSchema,
  offsetSchema,
  z.tuple([
    idSchema,
    momentSchema,
    idSchema.nullable(),
    idSchema.nullable(),
    channelSchema,
    idSchema.nullable(),
    z.array(boughtLineSchema).min(1).max(limits.purchaseLinesMax),
  ]),
]);

const returnedLineSchema = z.tuple([idSchema, piecesSchema]);

const returnSchema = z.tuple([
  z.literal('r'),
  acceptedSchema,
  offsetSchema,
  z.tuple([
    idSchema,
    idSchema,
    momentSchema,
    idSchema.nullable(),
    channelSchema,
    z.array(returnedLineSchema).min(1).max(limits.purchaseLinesMax),
  ]),
]);

const mergeSchema = z.tuple([z.literal('m'), acceptedSchema, z.tuple([idSchema, idSchema])]);
const consentSchema = z.tuple([
  z.literal('c'),
  acceptedSchema,
  z.tuple([idSchema, z.boolean(), momentSchema, offsetSchema]),
]);
/** The first versions wrote one hash without its array. */
const eraseSchema = z.tuple([
  z.literal('e'),
  acceptedSchema,
  z.union([hashSchema, z.array(hashSchema).min(1)]),
]);
const expireSchema = z.tuple([z.literal('x'), acceptedSchema, z.int()]);
const stubSchema = z.tuple([z.literal('-'), acceptedSchema]);
const itemEntrySchema = z.tuple([z.literal('i'), acceptedSchema, itemSchema]);
const storeEntrySchema = z.tuple([z.literal('s'), acceptedSchema, storeSchema]);

function readPurchase(packed: unknown): Buffer {
  const [, acceptedAtMs, offsetMinutes, content] = purchaseSchema.parse(packed);
  const [purchaseId, occurredAtMs, memberId, storeId, channel, terminalId, lines] = content;
  return encode(purchaseEntries, acceptedAtMs, {
    ...{ purchaseId, occurredAtMs, offsetMinutes, channel },
    memberId: memberId ?? undefined,
    storeId: storeId ?? undefined,
    terminalId: terminalId ?? undefined,
    cashierId: undefined,
    statedAtMs: undefined,
    timeUnknown: undefined,
    paidFen: undefined,
    couponIds: [],
    lines: lines.map(([itemId, pieces, unitPriceFen]) => ({
      itemId,
      thousandths: thousandthsOf(pieces),
      unitPriceFen: unitPriceFen ?? undefined,
      discountFen: undefined,
      totalFen: undefined,
      isGift: false,
    })),
  });
}

function readReturn(packed: unknown): Buffer {
  const [, acceptedAtMs, offsetMinutes, content] = returnSchema.parse(packed);
  const [returnId, purchaseId, occurredAtMs, storeId, channel, lines] = content;
  return encode(returnEntries, acceptedAtMs, {
    ...{ returnId, purchaseId, occurredAtMs, offsetMinutes, channel },
    storeId: storeId ?? undefined,
    isWhole: false,
    lines: lines.map(([itemId, pieces]) => ({ itemId, thousandths: thousandthsOf(pieces) })),
  });
}

function readMerge(packed: unknown): Buffer {
  const [, acceptedAtMs, [memberId, fromMemberId]] = mergeSchema.parse(packed);
  return encode(mergeEntries, acceptedAtMs, { memberId, fromMemberId });
}

/** There was one question: whether receipts may be used for lists of one's own. */
function readConsent(packed: unknown): Buffer {
  const [, acceptedAtMs, content] = consentSchema.parse(packed);
  const [memberId, given, occurredAtMs, offsetMinutes] = content;
  const purpose = 'personalization';
  const consent = { memberId, purpose, given, occurredAtMs, offsetMinutes } as const;
  return encode(consentEntries, acceptedAtMs, consent);
}

function readErase(packed: unknown): Buffer {
  const [, acceptedAtMs, hashes] = eraseSchema.parse(packed);
  return encode(eraseEntries, acceptedAtMs, { hashes: [hashes].flat() });
}

function readExpire(packed: unknown): Buffer {
  const [, acceptedAtMs, beforeMs] = expireSchema.parse(packed);
  return encode(expireEntries, acceptedAtMs, { beforeMs });
}

function readItem(packed: unknown): Buffer {
  const [, acceptedAtMs, item] = itemEntrySchema.parse(packed);
  return encode(itemEntries, acceptedAtMs, item);
}

function readStore(packed: unknown): Buffer {
  const [, acceptedAtMs, store] = storeEntrySchema.parse(packed);
  return encode(storeEntries, acceptedAtMs, store);
}

function readStub(packed: unknown): Buffer {
  stubSchema.parse(packed);
  return stub;
}

const readers: ReadonlyMap<unknown, (packed: unknown) => Buffer> = new Map([
  ['p', readPurchase],
  ['r', readReturn],
  ['m', readMerge],
  ['c', readConsent],
  ['e', readErase],
  ['x', readExpire],
  ['-', readStub],
  ['i', readItem],
  ['s', readStore],
]);

/** The entry as it lies in a log of today. Throws DATA_LOSS, which names the sequence. */
export function convertEntry(bytes: Buffer, sequence: number): Buffer {
  try {
    const packed: unknown = JSON.parse(bytes.toString());
    const code = Array.isArray(packed) ? packed[0] : undefined;
    const read = readers.get(code);
    if (read) return read(packed);
    throw unreadable(sequence, `it is of the unknown kind ${JSON.stringify(code)}`);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw unreadable(sequence, whyOf(error), error);
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return Object(error).message;
  const [issue] = error.issues;
  return `at ${issue?.path.join('.')}: ${issue?.message}`;
}

function unreadable(sequence: number, why: string, cause?: unknown): EngineError {
  const message = `log entry ${sequence} of data format 1 cannot be read: ${why}`;
  return new EngineError('DATA_LOSS', message, { reason: 'DAMAGED', cause });
}
