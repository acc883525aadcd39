// Receipts as they count: the distinct items of a purchase less what was brought back of it, in the
// history of its member or as an anonymous ticket.
import { daypartAt, noDaypart } from '../base/time.ts';
import type { Registries } from '../catalogue/registries.ts';
import { compareByHash } from '../catalogue/registry.ts';
import { encodeEntry, type HistoryEntry, type HistoryLine } from '../history/entry.ts';
import { HistoryWriter } from '../history/history-writer.ts';
import { findMember } from '../history/members.ts';
import { touchMember, type WriteContext } from './context.ts';
import { totalFenOf } from './line-money.ts';
import type { LoggedPurchase, LoggedPurchaseLine } from './logged-purchase.ts';
import { type KeptReturn, returnedByItem } from './logged-return.ts';

/** The sum; undefined where any of them is not known. */
function sumOf(amounts: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const amount of amounts) {
    if (amount === undefined) return undefined;
    sum += amount;
  }
  return sum;
}

/** One line, as most items have. */
function lineOf(line: LoggedPurchaseLine, itemNumber: number, returned: number): HistoryLine {
  const { thousandths } = line;
  return {
    itemNumber,
    thousandths,
    // More returned than bought can only be a return that came first: the rest is clamped.
    returnedThousandths: Math.min(thousandths, returned),
    isGift: line.isGift,
    totalFen: totalFenOf(line),
    discountFen: line.discountFen,
  };
}

function lineOfSeveral(
  lines: readonly LoggedPurchaseLine[],
  itemNumber: number,
  returned: number,
): HistoryLine {
  const thousandths = lines.reduce((sum, line) => sum + line.thousandths, 0);
  const hasDiscount = lines.some(({ discountFen }) => discountFen !== undefined);
  return {
    itemNumber,
    thousandths,
    returnedThousandths: Math.min(thousandths, returned),
    isGift: lines.every(({ isGift }) => isGift),
    totalFen: sumOf(lines.map(totalFenOf)),
    discountFen: hasDiscount ? sumOf(lines.map((line) => line.discountFen ?? 0)) : undefined,
  };
}

function linesOf(
  { lines }: LoggedPurchase,
  returns: readonly KeptReturn[],
  { items }: Registries,
): HistoryLine[] {
  const returned = returns.length === 0 ? undefined : returnedByItem(returns);
  const byItem = new Map<string, LoggedPurchaseLine | LoggedPurchaseLine[]>();
  for (const line of lines) {
    const same = byItem.get(line.itemId);
    if (same === undefined) byItem.set(line.itemId, line);
    else if (Array.isArray(same)) same.push(line);
    else byItem.set(line.itemId, [same, line]);
  }
  const distinct: HistoryLine[] = [];
  for (const [itemId, of] of byItem) {
    const [number, back] = [items.numberOf(itemId)!, returned?.get(itemId) ?? 0];
    distinct.push(Array.isArray(of) ? lineOfSeveral(of, number, back) : lineOf(of, number, back));
  }
  return distinct.sort((a, b) => compareByHash(items, a.itemNumber, b.itemNumber));
}

/** A purchase that stands in the log. */
export interface StoredPurchase {
  readonly purchase: LoggedPurchase;
  /** Where. */
  readonly sequence: number;
}

/** The history entry of a purchase; its items and store must be registered. */
export function deriveEntry(
  registries: Registries,
  { purchase, sequence }: StoredPurchase,
  { addedAt, returns }: { readonly addedAt: number; readonly returns: readonly KeptReturn[] },
): HistoryEntry {
  const { storeId, occurredAtMs, offsetMinutes, timeUnknown } = purchase;
  return {
    occurredAtMs,
    purchaseSequence: sequence,
    addedAt,
    removedAt: 0,
    storeNumber: storeId === undefined ? 0 : registries.stores.numberOf(storeId)!,
    daypart: timeUnknown ? noDaypart : daypartAt(occurredAtMs, offsetMinutes),
    offsetMinutes,
    channel: purchase.channel,
    clockSkewed: purchase.statedAtMs !== undefined,
    paidFen: purchase.paidFen,
    purchaseId: purchase.purchaseId,
    lines: linesOf(purchase, returns, registries),
  };
}

/** In the order they were accepted, also of a purchase that is not here yet; most have none. */
export function readReturns({ store }: Pick<WriteContext, 'store'>, purchaseId: string) {
  const value = store.tables.returns.get(Buffer.from(purchaseId));
  return value ? (JSON.parse(value.toString()) as readonly KeptReturn[]) : noReturns;
}

const noReturns: readonly KeptReturn[] = [];

/** Inside a transaction only. */
export function writeReturns(
  { store }: Pick<WriteContext, 'store'>,
  purchaseId: string,
  returns: readonly KeptReturn[],
): void {
  const key = Buffer.from(purchaseId);
  if (returns.length === 0) store.tables.returns.remove(key);
  else store.tables.returns.put(key, Buffer.from(JSON.stringify(returns)));
}

/** Puts a return behind those that are there, without reading them. */
export function appendReturn(
  { store }: Pick<WriteContext, 'store'>,
  purchaseId: string,
  kept: KeptReturn,
): void {
  const key = Buffer.from(purchaseId);
  const before = store.tables.returns.view(key);
  const added = JSON.stringify(kept);
  const parts = before
    ? [before.subarray(0, before.length - 1), Buffer.from(`,${added}]`)]
    : [Buffer.from(`[${added}]`)];
  store.tables.returns.put(key, Buffer.concat(parts));
}

/** A receipt comes to count. */
export function insertReceipt(
  context: WriteContext,
  stored: StoredPurchase,
  options: { readonly addedAt: number; readonly returns: readonly KeptReturn[] },
): void {
  const { registries, batch, store } = context;
  const { memberId } = stored.purchase;
  const entry = encodeEntry(deriveEntry(registries, stored, options));
  if (memberId === undefined) {
    batch.contributions.changeTicket(stored.sequence, undefined, entry);
    return;
  }
  touchMember(context, findMember(store, memberId));
  const { contributions } = batch;
  const known = contributions.historyOf(memberId);
  const last = new HistoryWriter(store, memberId).insert(entry, known);
  if (last) contributions.onAppended(memberId, last, entry);
  else contributions.onChanged(memberId);
  contributions.changeEntry(memberId, undefined, entry);
}

/** A receipt ceases to count at a log sequence; it stays in the log. */
export function removeReceipt(
  context: WriteContext,
  stored: StoredPurchase,
  options: { readonly removedAt: number; readonly returns: readonly KeptReturn[] },
): void {
  const { registries, batch, store, checkpoints } = context;
  const { purchase, sequence } = stored;
  const { memberId } = purchase;
  if (memberId === undefined) {
    const entry = deriveEntry(registries, stored, { ...options, addedAt: sequence });
    batch.contributions.changeTicket(sequence, encodeEntry(entry), undefined);
    return;
  }
  touchMember(context, findMember(store, memberId));
  const removed = new HistoryWriter(store, memberId).remove({
    occurredAtMs: purchase.occurredAtMs,
    purchaseId: Buffer.from(purchase.purchaseId),
    purchaseSequence: sequence,
    sequence: options.removedAt,
    checkpoints: checkpoints(),
  });
  batch.contributions.onChanged(memberId);
  if (removed) batch.contributions.changeEntry(memberId, removed, undefined);
}

/** A receipt counts with other returns from a log sequence on. */
export function changeReturns(
  context: WriteContext,
  stored: StoredPurchase,
  returns: { readonly before: readonly KeptReturn[]; readonly after: readonly KeptReturn[] },
  sequence: number,
): void {
  removeReceipt(context, stored, { removedAt: sequence, returns: returns.before });
  insertReceipt(context, stored, { addedAt: sequence, returns: returns.after });
}
