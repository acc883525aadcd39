// Replay: a log again from its first entry up to some later one, through the same judgements, with
// the same sequences.
import { assert, EngineError } from '../base/errors.ts';
import { formatMoment } from '../base/time.ts';
import { applyEntry, type Following } from '../follow/apply.ts';
import {
  decodeEntry,
  encodeErase,
  encodeExpire,
  encodeItem,
  encodeStore,
  encodeStub,
  type LogEntry,
  type Moment,
} from '../log/codec.ts';
import type { IngestResult } from '../log/events.ts';
import { Log, type SequencedEntry } from '../log/log.ts';
import type { Place } from '../log/vector.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import {
  type AcceptContext,
  putItem,
  putStore,
  requireRecount,
  tombstoneKey,
} from '../views/accept.ts';
import { acceptConsent, acceptMerge } from '../views/accept-member.ts';
import { acceptPurchase } from '../views/accept-purchase.ts';
import { acceptReturn } from '../views/accept-return.ts';
import { type HashId, Registry } from '../views/catalogue.ts';
import { Ingest } from '../views/ingest.ts';
import { cutName } from './names.ts';

/** Where a replay stops: both absent is the log's end. */
export interface ReplayCut {
  readonly toSequence?: number | undefined;
  /** The last entry accepted at or before this moment, and everything before it. */
  readonly toTimeMs?: number | undefined;
}

export interface ReplayOptions extends ReplayCut {
  readonly source: Store;
  /** An empty store. */
  readonly target: Store;
  readonly ledger: Ledger;
  readonly hashId: HashId;
  readonly progress: (done: number, total: number) => void;
}

/** Entries of one transaction: about 20 ms, so that the fsync between them hardly counts. */
const sliceEntries = 2_048;

/**
 * Fills the target; returns the sequence it now ends at. What was erased or has expired by the time
 * of the source is a stub in its log and stays one, also when the replay stops before the erase:
 * nobody comes back.
 */
export async function replayLog(options: ReplayOptions): Promise<number> {
  const { source, target } = options;
  const log = new Log(source);
  const end = endOf(log, options);
  const player = new Player(options);
  for (let from = 1; from <= end; from += sliceEntries) {
    const slice = sliceOf(log, from, Math.min(sliceEntries, end - from + 1));
    await player.play(slice, log.origins.isNamed);
    options.progress(from + slice.length - 1, end);
  }
  await player.close();
  await target.transaction(() => {
    copyBeside(source, target, { end, head: log.head });
    const { own } = log.origins;
    if (own === undefined) return;
    const { origins, head } = new Log(target);
    const last = origins.headOf(own);
    origins.nameOwn(own, last?.epoch ?? 1, head);
    // What the origin wrote after this is not wanted any more, whoever still holds it.
    target.writeMeta(cutName, last?.sequence ?? 0);
  });
  return end;
}

function sliceOf(log: Log, from: number, limit: number): readonly PlayedEntry[] {
  return log.raw(from, limit).map(({ sequence, bytes }, index) => {
    const missing = from + index;
    if (sequence !== missing) throw new EngineError('DATA_LOSS', `log entry ${missing} is missing`);
    return {
      sequence,
      bytes,
      entry: decodeEntry(bytes, sequence),
      place: log.origins.isNamed ? log.origins.at(sequence) : undefined,
    };
  });
}

interface PlayedEntry extends SequencedEntry {
  readonly bytes: Buffer;
  /** Whose entry it is, where the log has names. */
  readonly place: Place | undefined;
}

/** Whoever was erased is a stub in the log already. */
const nobodyElse: Following = { idsOf: () => [], alsoErased: new Set(), notify: () => {} };

/** Plays entries into a store as if they arrived at the moments at which they were accepted. */
class Player {
  private readonly writer: Ingest;
  /** The moment at which the entry under way was accepted. */
  private nowMs = 0;

  constructor({ target, ledger, hashId }: ReplayOptions) {
    this.writer = new Ingest({
      store: target,
      log: new Log(target),
      ledger,
      registries: { items: new Registry(hashId, 0), stores: new Registry(hashId, 1) },
      clock: () => this.nowMs,
      // Never asked: every entry carries the offset that was settled when it was accepted.
      timeZone: 'UTC',
      // It was inside the window when it was accepted, and what has left since is a stub.
      retentionDays: undefined,
      hashContent: hashId,
      // No checkpoint: removed entries of histories are needed by nobody.
      checkpoints: () => ({ oldest: 0, newest: 0 }),
      isReplay: true,
      // Nothing is counted here: the engine recounts when it opens the store.
      fold: async () => {},
      onFailure: () => {},
    });
  }

  /** With several origins as a follower would take them, which settles what order cannot. */
  play(entries: readonly PlayedEntry[], isNamed: boolean): Promise<void> {
    return this.writer.transact((context) => {
      for (const { sequence, entry, place, bytes } of entries) {
        this.nowMs = entry.acceptedAtMs;
        if (isNamed) applyEntry(context, { place: place!, entry, bytes }, nobodyElse);
        else replayEntry(context, entry);
        assertPlace(context.log, sequence);
      }
    });
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

function assertPlace(log: Log, sequence: number): void {
  assert(log.head === sequence, `entry ${sequence} was replayed to sequence ${log.head}`);
}

function replayEntry(context: AcceptContext, entry: LogEntry): void {
  const result = judgeAgain(context, entry);
  if (result === undefined || result.status === 'created') return;
  const { id, status, reason = '' } = result;
  const message = `the log does not replay: ${JSON.stringify(id)} is ${status} ${reason}`;
  throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}

function judgeAgain(context: AcceptContext, entry: LogEntry): IngestResult | undefined {
  switch (entry.kind) {
    case 'purchase': {
      const { occurredAtMs, offsetMinutes, ...purchase } = entry.purchase;
      const occurredAt = timeOf({ occurredAtMs, offsetMinutes });
      return acceptPurchase(context, { ...purchase, occurredAt });
    }
    case 'return': {
      const { occurredAtMs, offsetMinutes, ...value } = entry.return;
      const occurredAt = timeOf({ occurredAtMs, offsetMinutes });
      return acceptReturn(context, { ...value, occurredAt });
    }
    case 'merge':
      return acceptMerge(context, entry.merge);
    case 'consent': {
      const { memberId, personalization, moment } = entry;
      return acceptConsent(context, { memberId, personalization, occurredAt: timeOf(moment) });
    }
    default:
      writeFact(context, entry);
      return undefined;
  }
}

type Fact = Exclude<LogEntry, { kind: 'purchase' | 'return' | 'merge' | 'consent' }>;

/** What was not judged when it came, and so is only written down again. */
function writeFact(context: AcceptContext, entry: Fact): void {
  const { log, store } = context;
  switch (entry.kind) {
    case 'item':
      putItem(context, entry.item, log.append(encodeItem(entry.acceptedAtMs, entry.item)));
      return;
    case 'store':
      putStore(context, entry.store, log.append(encodeStore(entry.acceptedAtMs, entry.store)));
      return;
    case 'erase': {
      // Their receipts are stubs already; that they are refused from here on is what is left of it.
      log.append(encodeErase(entry.acceptedAtMs, entry.hashes));
      for (const hash of entry.hashes) {
        const key = tombstoneKey('member', Buffer.from(hash, 'hex'));
        store.tables.tombstones.put(key, Buffer.alloc(0));
      }
      return;
    }
    case 'expire':
      requireRecount(context, log.append(encodeExpire(entry.acceptedAtMs, entry.beforeMs)));
      return;
    case 'stub':
      log.append(encodeStub());
      return;
  }
}

/** With the settled offset written out, `Z` never: what is stated wins over every time zone. */
function timeOf({ occurredAtMs, offsetMinutes }: Moment): string {
  return formatMoment(occurredAtMs, offsetMinutes);
}

/** The last sequence inside the cut, never between the parts of one return without a receipt. */
function endOf(log: Log, { toSequence, toTimeMs }: ReplayCut): number {
  if (toSequence !== undefined && toSequence > log.head) {
    const message = `the backup ends at sequence ${log.head}, before ${toSequence}`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'toSequence' });
  }
  let end = toSequence ?? log.head;
  if (toTimeMs !== undefined) end = Math.min(end, lastAcceptedBy(log, toTimeMs));
  while (end > 0 && end < log.head && partOf(log.read(end + 1)) > 1) end -= 1;
  if (end > 0) return end;
  const message = 'nothing was accepted up to there: the restored chain would be empty';
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'toTime' });
}

/**
 * A clock may step back, the log may not: the first entry accepted later ends it. By the clock of
 * this node: others' may be an hour ahead, and where their entries stand among ours tells enough.
 */
function lastAcceptedBy(log: Log, timeMs: number): number {
  const { own } = log.origins;
  for (const { sequence, entry } of log.scan()) {
    if (entry.kind === 'stub' || entry.acceptedAtMs <= timeMs) continue;
    if (own === undefined || log.origins.at(sequence).origin === own) return sequence - 1;
  }
  return log.head;
}

/**
 * Which part of a return without a receipt an entry is (views/accept-return.ts names them); else
 * 0.
 */
function partOf(entry: LogEntry): number {
  if (entry.kind !== 'return') return 0;
  return Number(/^[0-9a-f]{16}#(\d+)$/.exec(entry.return.returnId)?.[1] ?? 0);
}

/** The few things that are kept beside the log, as far as they belong to this part of it. */
function copyBeside(
  source: Store,
  target: Store,
  { end, head }: { readonly end: number; readonly head: number },
): void {
  // Whoever is named here is refused, also when the log stops before their erase.
  for (const { key, value } of source.tables.tombstones.rows()) {
    target.tables.tombstones.put(key, value);
  }
  // Ids of returns without a receipt: the log has only the returns that were made of them.
  for (const { key, value } of source.tables.ids.rows()) {
    if (key[0] !== unreferencedReturnKind || target.tables.ids.has(key)) continue;
    if (value.readDoubleLE(0) <= end) target.tables.ids.put(key, value);
  }
  if (end < head) return;
  // An import goes on where it was, and the newest day ever seen fixes the landmark.
  for (const { key, value } of source.tables.meta.rows()) {
    const name = key.toString();
    if (name === 'newestDay' || name.startsWith('bookmark:')) target.tables.meta.put(key, value);
  }
}

/** The kind byte of log/dedupe.ts. */
const unreferencedReturnKind = 117;
