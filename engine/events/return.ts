// Returns against a purchase, also before it is here. The same return that came to several origins
// counts once: that of the origin whose name comes first.
import { z } from 'zod';
import { millisecondsPerDay } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import {
  channelSchema,
  idSchema,
  itemCodeSchema,
  quantityOf,
  quantitySchema,
  thousandthsOf,
  timeSchema,
} from '../base/shapes.ts';
import { ByteReader } from '../log/bytes.ts';
import { bodyOf, codeOf } from '../log/frame.ts';
import { refuseReplaced } from './admit-replacement.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { findPurchase, type KnownPurchase } from './copies.ts';
import { forgetReturns } from './forget.ts';
import { findId, rememberId } from './ids.ts';
import { type EntryKind, type EventKind, type IncomingEntry, namesNoMember } from './kind.ts';
import {
  decodeReturn,
  encodeReturn,
  type KeptReturn,
  type LoggedReturn,
  quantityByItem,
  type ReturnedLine,
  returnCode,
  returnedByItem,
  returnHash,
} from './logged-return.ts';
import { nameAsBought } from './name-as-bought.ts';
import { readCodes, refuseWrong, withRead } from './read-codes.ts';
import { appendReturn, changeReturns, readReturns } from './receipts.ts';
import { record } from './record.ts';
import { type IngestResult, rejected } from './result.ts';
import { hasTombstone, tombstoneOfPurchase } from './tombstones.ts';
import {
  answerKnown,
  isSkewed,
  momentOf,
  refuseErased,
  refuseForgotten,
  validateReturnMoment,
} from './validation.ts';

export const returnLineSchema = z.strictObject({
  itemId: itemCodeSchema,
  quantity: quantitySchema,
});

export const returnSchema = z.strictObject({
  returnId: idSchema.meta({ description: 'Idempotency key of the return.' }),
  purchaseId: idSchema,
  storeId: idSchema.optional(),
  channel: channelSchema.default('other'),
  occurredAt: timeSchema,
  lines: z.array(returnLineSchema).min(1).max(limits.purchaseLinesMax).optional().meta({
    description: 'Absent: all that is left of the receipt, which has to be here then.',
  }),
});

export type ReturnInput = z.input<typeof returnSchema>;
export type Return = z.output<typeof returnSchema>;

/**
 * A rejection when a receipt has as many returns as may be: each reads and writes those before it.
 */
function validateNumber(
  { returnId, purchaseId }: LoggedReturn,
  earlier: readonly KeptReturn[],
): IngestResult | undefined {
  if (!isFull(earlier)) return undefined;
  const { returnsPerPurchaseMax: returnsMax, returnLinesPerPurchaseMax: linesMax } = limits;
  const limit = earlier.length >= returnsMax ? returnsMax : linesMax;
  const message =
    `purchase ${JSON.stringify(purchaseId)} has ${earlier.length} returns of ` +
    `${countLines(earlier)} lines already; none are taken beyond ${returnsMax} returns or ` +
    `${linesMax} lines, so send what comes back together`;
  return rejected(returnId, { reason: 'RETURNS_MAX', field: 'purchaseId', message, limit });
}

/** Whether a receipt takes no more returns. */
export function isFull(earlier: readonly KeptReturn[]): boolean {
  const { returnsPerPurchaseMax, returnLinesPerPurchaseMax } = limits;
  return (
    earlier.length >= returnsPerPurchaseMax || countLines(earlier) >= returnLinesPerPurchaseMax
  );
}

function countLines(returns: readonly KeptReturn[]): number {
  return returns.reduce((sum, { lines }) => sum + lines.length, 0);
}

/** A rejection when more would be returned than is left of what was bought. */
function validateQuantities(
  value: LoggedReturn,
  { purchase }: KnownPurchase,
  earlier: readonly KeptReturn[],
): IngestResult | undefined {
  const bought = quantityByItem(purchase.lines);
  const gone = returnedByItem(earlier);
  for (const [itemId, thousandths] of quantityByItem(value.lines)) {
    const left = (bought.get(itemId) ?? 0) - (gone.get(itemId) ?? 0);
    if (thousandths <= left) continue;
    const limit = quantityOf(Math.max(0, left));
    const message =
      `${quantityOf(thousandths)} of item ${JSON.stringify(itemId)} cannot be returned to ` +
      `purchase ${JSON.stringify(value.purchaseId)}: ${limit} are left ` +
      `of ${quantityOf(bought.get(itemId) ?? 0)} bought`;
    const line = value.lines.findIndex((candidate) => candidate.itemId === itemId);
    const field = `lines[${line}].quantity`;
    return rejected(value.returnId, { reason: 'RETURN_EXCEEDS_PURCHASE', field, message, limit });
  }
  return undefined;
}

/** `duplicate`, a refusal, or undefined for what may be recorded. */
export function validateReturn(
  context: WriteContext,
  value: LoggedReturn,
): IngestResult | undefined {
  const { returnId, purchaseId } = value;
  const known = findPurchase(context, purchaseId);
  const earlier = readReturns(context, purchaseId);
  const id = { code: returnCode, field: 'returnId' };
  return (
    refuseForgotten(context, returnId, purchaseId) ??
    // Of one whose erase goes on.
    refuseErased(context, returnId, known?.purchase.memberId, 'purchaseId') ??
    answerKnown(context, id, returnId, () => returnHash(context, value)) ??
    refuseReplaced(context, returnId, purchaseId) ??
    validateReturnMoment(context, returnId, value) ??
    validateNumber(value, earlier) ??
    (value.isWhole ? validateWhole(value, known, earlier) : undefined) ??
    (known && validateQuantities(value, known, earlier))
  );
}

/** Puts a return that may be recorded into the log. */
export function recordReturn(context: WriteContext, value: LoggedReturn): IngestResult {
  const { returnId, purchaseId } = value;
  const known = findPurchase(context, purchaseId);
  const lines = value.isWhole ? linesLeft(known!, readReturns(context, purchaseId)) : value.lines;
  const acceptedAtMs = returnTimeMs(context, known);
  const sequence = record(context, returnEntries, { ...value, lines }, acceptedAtMs);
  const watermark = context.log.watermarkOf(sequence);
  const created = { id: returnId, status: 'created', watermark } as const;
  const result = isSkewed(context, value) ? { ...created, clockSkewed: true } : created;
  return known ? result : { ...result, parked: true };
}

export function admitReturn(context: WriteContext, value: LoggedReturn): IngestResult {
  return validateReturn(context, value) ?? recordReturn(context, value);
}

/** What a receipt still holds, item by item. */
function linesLeft({ purchase }: KnownPurchase, earlier: readonly KeptReturn[]): ReturnedLine[] {
  const gone = returnedByItem(earlier);
  return [...quantityByItem(purchase.lines)].flatMap(([itemId, bought]) => {
    const thousandths = bought - (gone.get(itemId) ?? 0);
    return thousandths > 0 ? [{ itemId, thousandths }] : [];
  });
}

/** A rejection of a return of all that is left, where nobody knows what that is, or nothing is. */
function validateWhole(
  { returnId, purchaseId }: LoggedReturn,
  known: KnownPurchase | undefined,
  earlier: readonly KeptReturn[],
): IngestResult | undefined {
  const field = 'purchaseId';
  const receipt = `purchase ${JSON.stringify(purchaseId)}`;
  if (!known) {
    const message = `${receipt} is not here, so that nobody knows what is left of it: send lines`;
    return rejected(returnId, { reason: 'PURCHASE_UNKNOWN', field, message });
  }
  if (linesLeft(known, earlier).length > 0) return undefined;
  const message = `nothing is left of ${receipt}`;
  return rejected(returnId, { reason: 'RETURN_EXCEEDS_PURCHASE', field, message, limit: 0 });
}

const derivedPattern = /^([0-9a-f]{16})#(\d+)$/;

/**
 * The id of one of the returns that goods without a receipt became. Hashed, so that it stays within
 * the limit whatever the length of the given one.
 */
export function derivedId(contentHash: bigint, number: number): string {
  return `${contentHash.toString(16).padStart(16, '0')}#${number}`;
}

/** Which of the returns of the same goods without a receipt one is; 0 for all others. */
export function partOf(returnId: string): number {
  return Number(derivedPattern.exec(returnId)?.[2] ?? 0);
}

/**
 * Where a return stands that has an id already: one place, or those of all returns that were made
 * of the same goods without a receipt. Each node makes what it can of them.
 */
function twinsOf({ store }: WriteContext, returnId: string): readonly number[] {
  const goods = derivedPattern.exec(returnId)?.[1];
  if (goods === undefined) {
    const known = findId(store, returnCode, returnId);
    return known ? [known.sequence] : [];
  }
  const sequences: number[] = [];
  for (let number = 1; ; number++) {
    const known = findId(store, returnCode, `${goods}#${number}`);
    if (!known) return sequences;
    sequences.push(known.sequence);
  }
}

/** The earliest moment at which a return may be accepted that waits for this purchase. */
function waitedSinceMs({ acceptedAtMs }: KnownPurchase): number {
  return acceptedAtMs - limits.parkedReturnDaysMax * millisecondsPerDay;
}

/**
 * When a return is accepted: where the purchase is here, never as early as if it had waited too
 * long for it, also where the clock of the origin that accepted that is months ahead of ours.
 */
function returnTimeMs({ clock, log }: WriteContext, known: KnownPurchase | undefined): number {
  if (!known || log.isOwn(known.sequence)) return clock();
  return Math.max(clock(), waitedSinceMs(known));
}

/**
 * Whether a return waited too long for a purchase that another origin accepted: by when both were
 * accepted, so that the order in which they came here does not matter. Where one origin accepted
 * both, their order is the same everywhere, and what came after its purchase never waited for it.
 */
function isTooLate(
  { log }: WriteContext,
  { acceptedAtMs, origin }: Pick<IncomingEntry<LoggedReturn>, 'acceptedAtMs' | 'origin'>,
  known: KnownPurchase | undefined,
): boolean {
  if (!known || !log.origins.isNamed) return false;
  if (log.origins.at(known.sequence).origin === origin) return false;
  return acceptedAtMs < waitedSinceMs(known);
}

function isForgotten(context: WriteContext, purchaseId: string, known?: KnownPurchase): boolean {
  if (tombstoneOfPurchase(context, purchaseId) !== undefined) return true;
  const memberId = known?.purchase.memberId;
  return memberId !== undefined && hasTombstone(context, 'member', memberId);
}

function apply(context: WriteContext, incoming: IncomingEntry<LoggedReturn>): void {
  const { store, log } = context;
  const { value, acceptedAtMs, origin, append } = incoming;
  const { returnId, purchaseId } = value;
  const known = findPurchase(context, purchaseId);
  const isNamed = log.origins.isNamed;
  const twins = isNamed ? twinsOf(context, returnId) : [];
  const originOf = (sequence: number) => log.origins.at(sequence).origin;
  const isSecond = twins.some((sequence) => originOf(sequence) < origin);
  if (isSecond || isForgotten(context, purchaseId, known) || isTooLate(context, incoming, known)) {
    append(false);
    return;
  }
  const later = twins.filter((sequence) => originOf(sequence) > origin);
  for (const twin of later) takeBack(context, twin);
  const sequence = append(true);
  rememberId(store, returnCode, returnId, { sequence, contentHash: returnHash(context, value) });
  const kept: KeptReturn = { sequence, acceptedAtMs, lines: value.lines };
  if (known) {
    const before = readReturns(context, purchaseId);
    changeReturns(context, known, { before, after: [...before, kept] }, sequence);
  }
  appendReturn(context, purchaseId, kept);
  if (later.length > 0) requireRecount(context, sequence);
}

/** The same return came through an origin whose name comes later: that one does not count. */
function takeBack(context: WriteContext, sequence: number): void {
  const { log } = context;
  const bytes = log.read(sequence);
  if (codeOf(bytes) !== returnCode) return;
  const { purchaseId } = decodeReturn(new ByteReader(bodyOf(bytes)));
  const before = readReturns(context, purchaseId);
  const after = before.filter((kept) => kept.sequence !== sequence);
  const known = findPurchase(context, purchaseId);
  if (known) changeReturns(context, known, { before, after }, log.head + 1);
  const gone = before.filter((kept) => kept.sequence === sequence);
  forgetReturns(context, purchaseId, gone, after);
}

export const returnEntries: EntryKind<'return', LoggedReturn> = {
  name: 'return',
  code: returnCode,
  stream: 'log',
  encode: encodeReturn,
  decode: decodeReturn,
  // It names a receipt; who forgets that takes it along.
  subjects: () => [],
  apply,
  forget: namesNoMember,
};

export const returnEvents: EventKind<'return', Return> = {
  name: 'return',
  schema: returnSchema,
  takesBack: true,
  lines: ({ lines }) => lines?.length ?? 1,
  admit(context, { occurredAt, ...given }) {
    const moment = momentOf(context, occurredAt, given.storeId);
    const isWhole = given.lines === undefined;
    const read = readCodes(context.codes, given.lines ?? []);
    const refused = read && refuseWrong(given.returnId, read);
    if (refused) return refused;
    const lines = (read?.lines ?? given.lines ?? []).map(({ itemId, quantity }) => ({
      itemId,
      thousandths: thousandthsOf(quantity),
    }));
    const { storeId } = given;
    const value = { ...given, storeId, ...moment, isWhole, lines };
    const result = admitReturn(context, nameAsBought(context, value));
    return read ? withRead(result, read) : result;
  },
};
