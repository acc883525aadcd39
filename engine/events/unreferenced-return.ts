// Goods brought back without a receipt: one ordinary return against each purchase of the member
// that they can have come from.
import { z } from 'zod';
import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { idSchema, quantityOf, thousandthsOf, timeSchema } from '../base/shapes.ts';
import type { Registry } from '../catalogue/registry.ts';
import type { Item } from '../catalogue/shapes.ts';
import { startsOf } from '../history/chunk.ts';
import { readNewestOf } from '../history/contributions.ts';
import { decodeEntry, type HistoryEntry, type HistoryLine } from '../history/entry.ts';
import { findMember, idsOf } from '../history/members.ts';
import { ByteReader } from '../log/bytes.ts';
import { bodyOf, codeOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import { findId, findRequest, rememberRequest } from './ids.ts';
import type { EventKind } from './kind.ts';
import { decodeReturn, quantityByItem, type ReturnedLine, returnCode } from './logged-return.ts';
import { readCodes, refuseWrong, withRead } from './read-codes.ts';
import { readReturns } from './receipts.ts';
import { type IngestResult, rejected } from './result.ts';
import { admitReturn, derivedId, isFull, returnLineSchema } from './return.ts';
import {
  isSkewed,
  type Moment,
  momentOf,
  refuseErased,
  refuseNobody,
  validateReturnMoment,
} from './validation.ts';

export const unreferencedReturnSchema = z.strictObject({
  returnId: idSchema,
  memberId: idSchema,
  storeId: idSchema.optional(),
  occurredAt: timeSchema,
  /**
   * The receipt that the goods stand on themselves, as imports have it: it is tried first, since a
   * scan that is taken back was made on it.
   */
  ownPurchaseId: idSchema.optional(),
  lines: z.array(returnLineSchema).min(1).max(limits.purchaseLinesMax),
});

/**
 * The engine finds the member's latest purchases of each item at or before `occurredAt` that still
 * hold pieces, and writes one ordinary return per purchase.
 */
export type UnreferencedReturn = z.output<typeof unreferencedReturnSchema>;

export const unreferencedReturnKind = 'unreferencedReturn';

interface Goods {
  readonly memberId: string;
  readonly moment: Moment;
  readonly lines: readonly ReturnedLine[];
  readonly ownPurchaseId: string | undefined;
}

/** What is taken off which purchase: off their own receipt first, then off the newest. */
function match(context: WriteContext, { memberId, moment, lines, ownPurchaseId }: Goods) {
  const ids = idsOf(findMember(context.store, memberId));
  // Of a shared card only the newest: goods come back within weeks.
  const history = readNewestOf(context.store, ids, limits.receiptsPerMemberMax);
  const starts = history ? [...startsOf(history)].reverse() : [];
  const newest = starts.map((at) => decodeEntry(history!, at));
  const isOwn = ({ purchaseId }: HistoryEntry) => purchaseId === ownPurchaseId;
  const entries = [...newest.filter(isOwn), ...newest.filter((entry) => !isOwn(entry))];
  const { items, merges } = context.registries;
  const byPurchase = new Map<string, Map<string, number>>();
  let unmatched = 0;
  for (const [itemId, thousandths] of quantityByItem(lines)) {
    const named = items.numberOf(itemId);
    const wanted = named === undefined ? undefined : merges.survivorOf(named);
    let left = thousandths;
    for (const { removedAt, occurredAtMs, purchaseId, lines: bought } of entries) {
      if (left === 0) break;
      if (removedAt !== 0 || occurredAtMs > moment.occurredAtMs) continue;
      const ofItem = bought.filter(({ itemNumber }) => merges.survivorOf(itemNumber) === wanted);
      // Under the number that was given first.
      ofItem.sort((a, b) => Number(b.itemNumber === named) - Number(a.itemNumber === named));
      if (ofItem.length === 0 || isFull(readReturns(context, purchaseId))) continue;
      const ofPurchase = byPurchase.get(purchaseId) ?? new Map<string, number>();
      left -= takeOff(ofItem, left, { items, ofPurchase });
      if (ofPurchase.size > 0) byPurchase.set(purchaseId, ofPurchase);
    }
    unmatched += left;
  }
  return { byPurchase, unmatched };
}

interface Taken {
  readonly items: Registry<Item>;
  /** What is taken off the receipt so far. */
  readonly ofPurchase: Map<string, number>;
}

/** Of items that are one a receipt may hold several. Answers how much was found. */
function takeOff(bought: readonly HistoryLine[], wanted: number, to: Taken): number {
  let found = 0;
  for (const { itemNumber, thousandths, returnedThousandths } of bought) {
    const itemId = to.items.idOf(itemNumber);
    const before = to.ofPurchase.get(itemId) ?? 0;
    const taken = Math.min(wanted - found, thousandths - returnedThousandths - before);
    if (taken <= 0) continue;
    to.ofPurchase.set(itemId, before + taken);
    found += taken;
  }
  return found;
}

/** What an earlier acceptance of the same goods could match to purchases. */
function matchedBefore({ store, log }: WriteContext, contentHash: bigint): number {
  let thousandths = 0;
  for (let number = 1; ; number++) {
    const known = findId(store, returnCode, derivedId(contentHash, number));
    if (!known) return thousandths;
    const bytes = log.read(known.sequence);
    if (codeOf(bytes) !== returnCode) continue;
    for (const line of decodeReturn(new ByteReader(bodyOf(bytes))).lines) {
      thousandths += line.thousandths;
    }
  }
}

/** Accepted before, here or through another origin, of which only what it made of them is here. */
function answerKnown(
  context: WriteContext,
  returnId: string,
  contentHash: bigint,
  lines: readonly ReturnedLine[],
): IngestResult | undefined {
  const { store, log } = context;
  const own = findRequest(store, unreferencedReturnKind, returnId);
  if (own && own.contentHash !== contentHash) {
    const message = `${JSON.stringify(returnId)} was accepted before with other content`;
    const field = 'returnId';
    return { id: returnId, status: 'conflict', reason: 'CONTENT_DIFFERS', field, message };
  }
  const elsewhere = log.origins.isNamed
    ? findId(store, returnCode, derivedId(contentHash, 1))
    : undefined;
  const known = own ?? elsewhere;
  if (!known) return undefined;
  const watermark = log.watermarkOf(known.sequence);
  const answer = { id: returnId, status: 'duplicate', watermark } as const;
  const thousandths = lines.reduce((sum, line) => sum + line.thousandths, 0);
  const unmatched = thousandths - matchedBefore(context, contentHash);
  return unmatched === 0 ? answer : { ...answer, unmatchedQuantity: quantityOf(unmatched) };
}

function hashOf(
  { hashBytes }: WriteContext,
  {
    returnId,
    storeId,
    ...goods
  }: Goods & {
    readonly returnId: string;
    readonly storeId: string | undefined;
  },
): bigint {
  // In pieces, and without their own receipt: so what came back to a chain of format 1, or by an
  // earlier import, is known again.
  const lines = goods.lines.map(({ itemId, thousandths }) => [itemId, quantityOf(thousandths)]);
  const content = [returnId, goods.moment.occurredAtMs, goods.memberId, storeId ?? null, lines];
  return hashBytes(Buffer.from(JSON.stringify(content)));
}

export const unreferencedReturnEvents: EventKind<
  typeof unreferencedReturnKind,
  UnreferencedReturn
> = {
  name: unreferencedReturnKind,
  schema: unreferencedReturnSchema,
  takesBack: true,
  lines: ({ lines }) => lines.length,
  admit(context, input) {
    const read = readCodes(context.codes, input.lines);
    if (read === undefined) return admitNamed(context, input);
    const refused = refuseWrong(input.returnId, read);
    if (refused) return refused;
    return withRead(admitNamed(context, { ...input, lines: [...read.lines] }), read);
  },
};

/** Of goods that are named by their ids. */
function admitNamed(context: WriteContext, input: UnreferencedReturn): IngestResult {
  const { returnId, memberId, storeId, occurredAt, ownPurchaseId, lines: given } = input;
  const moment = momentOf(context, occurredAt, storeId);
  const lines = given.map(({ itemId, quantity }) => ({
    itemId,
    thousandths: thousandthsOf(quantity),
  }));
  const goods = { memberId, moment, lines, ownPurchaseId };
  const contentHash = hashOf(context, { ...goods, returnId, storeId });
  const answer =
    refuseErased(context, returnId, memberId) ??
    answerKnown(context, returnId, contentHash, lines) ??
    refuseNobody(context, returnId, memberId) ??
    validateReturnMoment(context, returnId, moment);
  if (answer) return answer;
  const { byPurchase, unmatched } = match(context, goods);
  const unmatchedQuantity = quantityOf(unmatched);
  if (byPurchase.size === 0) {
    const message = `no purchase of member ${JSON.stringify(memberId)} holds these items`;
    const refusal = rejected(returnId, { reason: 'RETURN_UNMATCHED', field: 'lines', message });
    return { ...refusal, unmatchedQuantity };
  }
  for (const [number, [purchaseId, taken]] of [...byPurchase].entries()) {
    const result = admitReturn(context, {
      returnId: derivedId(contentHash, number + 1),
      purchaseId,
      storeId,
      channel: 'other',
      isWhole: false,
      ...moment,
      lines: [...taken].map(([itemId, thousandths]) => ({ itemId, thousandths })),
    });
    assert(result.status === 'created', `a matched return was ${result.status}`);
  }
  const sequence = context.log.head;
  rememberRequest(context.store, unreferencedReturnKind, returnId, { sequence, contentHash });
  const watermark = context.log.watermarkOf(sequence);
  const taken = { id: returnId, status: 'created', watermark } as const;
  const created = isSkewed(context, moment) ? { ...taken, clockSkewed: true } : taken;
  return unmatched === 0 ? created : { ...created, unmatchedQuantity };
}
