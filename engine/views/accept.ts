// What every kind of event shares on its way in: the context, the moment it happened, and whether
// its id is known.
import { type Clock, dayOf, millisecondsPerDay } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { formatMoment, statedOffsetMinutes, zoneOffsetMinutes } from '../base/time.ts';
import type { Moment } from '../log/codec.ts';
import { findId, type IdKind } from '../log/dedupe.ts';
import type { IngestResult, Item, Store as StoreEvent } from '../log/events.ts';
import type { Log } from '../log/log.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import type { Batch } from './batch.ts';
import type { HashId, Registry } from './catalogue.ts';
import type { ClockGuard } from './clock-guard.ts';
import type { Registries } from './counts.ts';
import { type Checkpoints, hasLiveEntries } from './history.ts';
import { isPersonalised, type Member } from './members.ts';

export interface AcceptContext {
  readonly store: Store;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly registries: Registries;
  readonly clock: Clock;
  /** The chain's time zone, for receipts whose store has none. */
  readonly timeZone: string;
  /** Receipts older than this many days are refused and expire; undefined: none do. */
  readonly retentionDays: number | undefined;
  readonly hashContent: HashId;
  /** Told of the day of every accepted purchase. */
  readonly noteDay: (day: number) => void;
  readonly checkpoints: () => Checkpoints;
  /** What was accepted once is played again: limits that came later are not for it. */
  readonly isReplay?: boolean;
  /** Whether the server's clock can be believed; undefined where it is not asked. */
  readonly clockGuard?: ClockGuard | undefined;
  /** The newest day of any purchase so far. */
  readonly newestDay: () => number;
  readonly batch: Batch;
}

/** Refused by a judgement that needs the state or the clock. */
export function rejected(
  id: string,
  because: {
    readonly reason: string;
    readonly field: string;
    readonly message: string;
    readonly limit?: string | number;
  },
): IngestResult {
  return { id, status: 'rejected', ...because };
}

/** The moment an event happened, in the offset it gives, else its store's, else the chain's. */
export function momentOf(
  context: AcceptContext,
  occurredAt: string,
  storeId: string | undefined,
): Moment {
  const { stores } = context.registries;
  const occurredAtMs = Date.parse(occurredAt);
  const stated = statedOffsetMinutes(occurredAt);
  if (stated !== undefined) return { occurredAtMs, offsetMinutes: stated };
  const number = storeId === undefined ? undefined : stores.numberOf(storeId);
  const storeZone = number === undefined ? undefined : stores.valueOf(number).timeZone;
  return {
    occurredAtMs,
    offsetMinutes: zoneOffsetMinutes(storeZone ?? context.timeZone, occurredAtMs),
  };
}

/** A rejection when the moment cannot be right; undefined when it can. */
export function judgeMoment(
  context: AcceptContext,
  id: string,
  { occurredAtMs }: Moment,
): IngestResult | undefined {
  const now = context.clock();
  if (occurredAtMs > now + limits.clockSkewMsMax) {
    const message =
      `occurredAt ${formatMoment(occurredAtMs, 0)} is more than ` +
      `${limits.clockSkewMsMax / 60_000} minutes ahead of the server's clock ` +
      `(${formatMoment(now, 0)})`;
    const limit = formatMoment(now + limits.clockSkewMsMax, 0);
    return rejected(id, { reason: 'OCCURRED_AT_IN_FUTURE', field: 'occurredAt', message, limit });
  }
  if (!(occurredAtMs >= limits.occurredAtMsMin)) {
    const message = `occurredAt ${formatMoment(occurredAtMs, 0)} is before 1970-01-01`;
    const limit = formatMoment(limits.occurredAtMsMin, 0);
    return rejected(id, { reason: 'OCCURRED_AT_TOO_OLD', field: 'occurredAt', message, limit });
  }
  const { retentionDays } = context;
  if (retentionDays !== undefined && occurredAtMs < retentionStartMs(now, retentionDays)) {
    const message =
      `occurredAt ${formatMoment(occurredAtMs, 0)} lies outside the retention window ` +
      `of ${retentionDays} days`;
    const limit = formatMoment(retentionStartMs(now, retentionDays), 0);
    return rejected(id, { reason: 'OUTSIDE_RETENTION', field: 'occurredAt', message, limit });
  }
  return judgeExpired(context, id, occurredAtMs);
}

/**
 * A rejection of a receipt that would be the newest by more than the others and the clock bear out:
 * everything is weighed from the newest day, so that one till or one clock that is years ahead
 * would make nothing of all that was learnt.
 */
export function judgeLeap(
  context: AcceptContext,
  id: string,
  { occurredAtMs }: Moment,
): IngestResult | undefined {
  const { clockGuard, newestDay } = context;
  if (clockGuard === undefined) return undefined;
  const [day, newest] = [dayOf(occurredAtMs), newestDay()];
  if (clockGuard.allows(day, newest)) return undefined;
  const limit = formatMoment((newest + 1) * millisecondsPerDay, 0).slice(0, 10);
  const message =
    `occurredAt ${formatMoment(occurredAtMs, 0)} is ${day - newest} days after the newest other ` +
    `receipt${because(clockGuard.trouble)}; if it is right: caini clock --confirm`;
  return rejected(id, { reason: 'DAY_LEAPS', field: 'occurredAt', message, limit });
}

function because(trouble: string | undefined): string {
  return trouble === undefined ? '' : `, and ${trouble}`;
}

/** What another origin has let expire is gone on all nodes: it would count here alone. */
function judgeExpired(
  context: AcceptContext,
  id: string,
  occurredAtMs: number,
): IngestResult | undefined {
  if (!context.log.origins.isNamed) return undefined;
  const beforeMs = expiredBeforeMs(context);
  if (occurredAtMs >= beforeMs) return undefined;
  const limit = formatMoment(beforeMs, 0);
  const message =
    `occurredAt ${formatMoment(occurredAtMs, 0)} is before ${limit}, ` +
    'and what is older has expired at another origin of the chain';
  return rejected(id, { reason: 'OUTSIDE_RETENTION', field: 'occurredAt', message, limit });
}

/** Everything before this has expired, here or at another origin; only where there are several. */
export function expiredBeforeMs({ store }: Pick<AcceptContext, 'store'>): number {
  return Number(store.readMeta('expiredBefore') ?? Number.NEGATIVE_INFINITY);
}

/** The first moment inside the retention window: the start of a UTC day. */
export function retentionStartMs(now: number, retentionDays: number): number {
  return (dayOf(now) - retentionDays) * millisecondsPerDay;
}

/** The answer when an id was accepted before: `duplicate` for the same content, else `conflict`. */
export function judgeKnown(
  context: AcceptContext,
  kind: IdKind,
  id: string,
  contentHash: bigint,
): IngestResult | undefined {
  const known = findId(context.store, kind, id);
  if (!known) return undefined;
  if (known.contentHash === contentHash) {
    const watermark = context.log.watermarkOf(known.sequence);
    return { id, status: 'duplicate', watermark };
  }
  const message = `${JSON.stringify(id)} was accepted before with other content`;
  return { id, status: 'conflict', reason: 'CONTENT_DIFFERS', field: `${kind}Id`, message };
}

function register<Value>(
  batch: Batch,
  registry: Registry<Value>,
  id: string,
  value: Value,
): number {
  const size = registry.size;
  batch.work += workOfNewId;
  const number = registry.push(id, value, 0);
  batch.onUndo(() => registry.truncate(size));
  return number;
}

function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(number);
  return key;
}

/** Of `Batch.work`: a new item or store, and a kilobyte of history that is read or written. */
const [workOfNewId, workOfHistoryKilobyte] = [6, 2];

function assertMore(registry: Registry<unknown>, most: number, reason: string): void {
  if (registry.size < most) return;
  const what = reason === 'ITEMS_MAX' ? 'items' : 'stores';
  const message = `the chain has ${registry.size} ${what}, which is the limit; nothing was written`;
  throw new EngineError('RESOURCE_EXHAUSTED', message, { reason });
}

/**
 * Writes what is known of an item; made first when its id is new. Throws RESOURCE_EXHAUSTED,
 * ITEMS_MAX or CATALOGUE_FULL.
 */
export function putItem(context: AcceptContext, item: Item, sequence: number): void {
  const { items } = context.registries;
  if (items.numberOf(item.itemId) === undefined) assertMore(items, limits.itemsMax, 'ITEMS_MAX');
  if (!context.isReplay) items.assertRoomFor(item.itemId, item);
  const number = items.numberOf(item.itemId) ?? register(context.batch, items, item.itemId, item);
  const before = { value: items.valueOf(number), sequence: items.sequenceOf(number) };
  context.batch.onUndo(() => {
    if (number < items.size) items.replace(number, before.value, before.sequence);
  });
  items.replace(number, item, sequence);
  const value = Buffer.from(JSON.stringify({ value: item, sequence }));
  context.store.tables.items.put(numberKey(number), value);
  context.batch.changedItems.add(number);
}

/** The same of a store. Throws RESOURCE_EXHAUSTED, STORES_MAX or CATALOGUE_FULL. */
export function putStore(context: AcceptContext, store: StoreEvent, sequence: number): void {
  const { stores } = context.registries;
  const isNew = stores.numberOf(store.storeId) === undefined;
  if (isNew) assertMore(stores, limits.storesMax, 'STORES_MAX');
  if (!context.isReplay) stores.assertRoomFor(store.storeId, store);
  const number =
    stores.numberOf(store.storeId) ?? register(context.batch, stores, store.storeId, store);
  const before = { value: stores.valueOf(number), sequence: stores.sequenceOf(number) };
  context.batch.onUndo(() => {
    if (number < stores.nextNumber) stores.replace(number, before.value, before.sequence);
  });
  stores.replace(number, store, sequence);
  const value = Buffer.from(JSON.stringify({ value: store, sequence }));
  context.store.tables.stores.put(numberKey(number), value);
}

/**
 * When an upsert is accepted: later than what it replaces, also where another origin's clock is
 * ahead of ours. Of two upserts the later one stands, on every node.
 */
export function upsertTimeMs({ log, clock }: AcceptContext, replaced: number): number {
  if (replaced === 0 || !log.origins.isNamed) return clock();
  return Math.max(clock(), log.read(replaced).acceptedAtMs + 1);
}

/** An unknown item or store in a receipt is registered, not refused. */
export function registerUnknown(
  context: AcceptContext,
  receipt: {
    readonly storeId?: string | undefined;
    readonly lines: readonly { readonly itemId: string }[];
  },
): void {
  const { items, stores } = context.registries;
  if (receipt.storeId !== undefined && stores.numberOf(receipt.storeId) === undefined) {
    putStore(context, { storeId: receipt.storeId }, 0);
  }
  for (const { itemId } of receipt.lines) {
    if (items.numberOf(itemId) === undefined) putItem(context, { itemId, status: 'active' }, 0);
  }
}

/** A member's history as this transaction sees it; `root` as members.findMember tells. */
export function historyOf(context: AcceptContext, root: string): Buffer | undefined {
  const history = context.store.tables.histories.get(Buffer.from(root));
  spendOn(context, history);
  return history;
}

function spendOn({ batch }: AcceptContext, history: Buffer | undefined): void {
  if (history) batch.work += workOfHistoryKilobyte * (history.length >> 10);
}

/** Stores a history, or removes it when nothing is left in it. */
export function putHistory(context: AcceptContext, root: string, history: Buffer): void {
  const { histories } = context.store.tables;
  spendOn(context, history);
  if (history.length === 0) histories.remove(Buffer.from(root));
  else histories.put(Buffer.from(root), history);
}

/**
 * Stores a member's new history and notes the change for the counts, unless they do not consent to
 * counting.
 */
export function changeHistory(
  context: AcceptContext,
  { root, record }: Member,
  before: Buffer | undefined,
  after: Buffer,
): void {
  putHistory(context, root, after);
  if (!isPersonalised(record)) return;
  const counts = after.length > 0 && hasLiveEntries(after);
  context.batch.changeMember(root, before, counts ? after : undefined);
}

/**
 * Notes that a checkpoint older than `sequence` cannot be caught up from histories: whose receipts
 * these were, or whether they counted, has changed. Merges and consents are rare; the recount comes
 * only after a crash before the next checkpoint.
 */
export function requireRecount(context: AcceptContext, sequence: number): void {
  context.store.writeMeta('recountAfter', sequence);
}

const tombstoneKinds = { member: 109, purchase: 112, expired: 120 } as const;

export function tombstoneKey(kind: keyof typeof tombstoneKinds, hash: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tombstoneKinds[kind]), hash]);
}

/**
 * Writes the tombstone of a member or a purchase inside a transaction; returns the keyed hash of
 * its id.
 */
export function putTombstone(
  { store, ledger }: AcceptContext,
  kind: keyof typeof tombstoneKinds,
  id: string,
): Buffer {
  const hash = ledger.hash(id);
  store.tables.tombstones.put(tombstoneKey(kind, hash), Buffer.alloc(0));
  return hash;
}

/** A rejection when the member was erased: nothing of theirs comes in any more. */
export function judgeErased(
  context: AcceptContext,
  id: string,
  memberId: string | undefined,
  field = 'memberId',
): IngestResult | undefined {
  if (memberId === undefined || context.ledger.size === 0) return undefined;
  const { store, ledger } = context;
  if (!store.tables.tombstones.has(tombstoneKey('member', ledger.hash(memberId)))) return undefined;
  const message = 'the member was erased; nothing of theirs is kept';
  return rejected(id, { reason: 'MEMBER_ERASED', field, message });
}

/** The same for an event that names a receipt of an erased member, or one that has expired. */
export function judgeForgotten(
  context: AcceptContext,
  id: string,
  purchaseId: string,
): IngestResult | undefined {
  const { tombstones } = context.store.tables;
  if (tombstones.isEmpty()) return undefined;
  const hash = context.ledger.hash(purchaseId);
  const field = 'purchaseId';
  if (tombstones.has(tombstoneKey('purchase', hash))) {
    const message = 'the receipt belonged to an erased member';
    return rejected(id, { reason: 'MEMBER_ERASED', field, message });
  }
  if (!tombstones.has(tombstoneKey('expired', hash))) return undefined;
  const message = 'the receipt has left the retention window';
  return rejected(id, { reason: 'OUTSIDE_RETENTION', field, message });
}

export function noteDayOf(context: AcceptContext, moment: Moment): void {
  context.noteDay(dayOf(moment.occurredAtMs));
}
