// One chain on several nodes: what a node gives to others of its log, and what it takes from them.

import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { nextTurn } from '../base/turns.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import { eraseEntries } from '../events/erase.ts';
import { expireEntries } from '../events/expire.ts';
import { expiredBeforeMs } from '../events/tombstones.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { codeOf } from '../log/frame.ts';
import type { Log } from '../log/log.ts';
import { formatPosition, type LogPosition, parseVector } from '../log/vector.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import type { AppliedPosition } from './applied-position.ts';
import { appendErase, applyUntilFull, type ForeignEntry, selectNewEntries } from './apply.ts';
import { findErased, findReplaced } from './hashed-ids.ts';
import { Snapshots } from './snapshots.ts';
import type { Upkeep } from './upkeep.ts';

export interface ReplicationOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly writer: Ingest;
  readonly counting: CountsManager;
  readonly maintenance: Upkeep;
  readonly applied: AppliedPosition;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Aborted when the engine closes. */
  readonly signal: AbortSignal;
  readonly notify: (message: string) => void;
}

/** An entry of a node's log, own or another's, and where it stands there. */
export interface JournalEntry extends ForeignEntry {
  readonly position: number;
}

export class Replication {
  private readonly options: ReplicationOptions;
  private readonly snapshots: Snapshots;
  private readonly listeners = new Set<() => void>();
  private readonly erasers = new Set<() => void>();
  /** Receipts that came to several origins, since the start. */
  receivedTwice = 0;

  constructor(options: ReplicationOptions) {
    this.options = options;
    this.snapshots = new Snapshots(options);
  }

  /** The name of this node's own entries; undefined when it only follows, or is alone. */
  get origin(): string | undefined {
    return this.options.log.origins.own;
  }

  /** Equal on nodes that know erased members by the same key; tells nothing of the key. */
  get ledgerName(): string {
    return this.options.ledger.hash('the ledger of a chain').toString('hex');
  }

  /** Stands for everything that is in the counts of this node. */
  get watermark(): string {
    return this.options.applied.watermark;
  }

  /** The newest day of all that was ever accepted, in days since 1970. */
  get newestDay(): number {
    return this.options.writer.newestDay;
  }

  /** Where the newest entry of the log stands; `entriesFrom` goes on from the next. */
  get position(): number {
    return this.options.counting.applied;
  }

  /**
   * Empty while items are counted by roles that have changed: how far a node is with counting anew
   * is its own affair.
   */
  digest(): string {
    const { counting } = this.options;
    return counting.counts.misreadItems > 0 ? '' : counting.digest;
  }

  /** The digest at one of the latest watermarks. */
  digestAt(watermark: string): string | undefined {
    return this.options.applied.digestAt(watermark);
  }

  /**
   * What one part of the cells adds up to, read from memory; undefined in the midst of counting,
   * when they hold neither what was nor what will be, and while `digest` is empty.
   */
  digestOfPart(part: number, parts: number): string | undefined {
    const { counting } = this.options;
    const isComparable = counting.isWhole && counting.counts.misreadItems === 0;
    return isComparable ? counting.counts.kernel.digestOfPart(part, parts) : undefined;
  }

  /** Of so many parts each is read within a few milliseconds. */
  get scrubParts(): number {
    return this.options.counting.counts.kernel.scrubParts;
  }

  /** Whether all cells add up to the digest that was counted; writers wait while they are read. */
  addsUp(): Promise<boolean> {
    const { writer, counting } = this.options;
    return writer.whilePaused(async () => {
      const steps = counting.counts.kernel.addUp();
      while (true) {
        const { done, value } = steps.next();
        if (done) return value;
        await nextTurn();
      }
    });
  }

  /** Calls back after everything that was folded; returns how to stop that. */
  onFolded(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  notifyFolded(): void {
    for (const listener of this.listeners) listener();
  }

  /** Calls back after every erase, own or another's; returns how to stop that. */
  onErased(listener: () => void): () => void {
    this.erasers.add(listener);
    return () => this.erasers.delete(listener);
  }

  private async forgetErased(): Promise<void> {
    await this.options.maintenance.forgetErased();
    this.recordErase();
  }

  recordErase(): void {
    this.options.maintenance.recordErase();
    for (const listener of this.erasers) listener();
  }

  /** Counts everything anew beside the live counts, which then give way to the new ones. */
  recount(why: string): void {
    this.options.counting.renewal.begin(why);
  }

  /**
   * Where a node that holds `watermark` reads on. Throws FAILED_PRECONDITION, DIVERGED, when it
   * holds entries of ours that are not in our log: an epoch that has ended, or a log put back.
   */
  positionAfter(watermark: string): number {
    const { log } = this.options;
    const theirs = this.placesOf(watermark);
    const isEmptied = this.origin !== undefined && log.origins.headOf(this.origin) === undefined;
    const ours = isEmptied ? theirs.find(({ origin }) => origin === this.origin) : undefined;
    if (ours) throw diverged(ours, 0);
    // Not from the log's head on: what a transaction has on its way to the disk is not there yet.
    let start = this.position + 1;
    for (const { origin, ...head } of log.origins.vector()) {
      const known = theirs.find((place) => place.origin === origin);
      if (known?.epoch === head.epoch && known.sequence === head.sequence) continue;
      const first = known ? this.placeAfter(known) : log.origins.firstOf(origin);
      if (first !== undefined) start = Math.min(start, first);
    }
    return start;
  }

  private placesOf(watermark: string): readonly LogPosition[] {
    const places = parseVector(watermark);
    if (places) return places;
    const message = `${JSON.stringify(watermark)} is no watermark of several origins`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'watermark' });
  }

  private placeAfter(known: LogPosition): number | undefined {
    const { log } = this.options;
    const found = log.origins.find(known, this.position);
    if (found !== undefined) return found + 1;
    const head = log.origins.headOf(known.origin)!;
    const isOurs = known.origin === this.origin;
    // Another's newest entries may reach them sooner than us, or be on their way to our disk: of an
    // epoch that goes on here, nothing else is missing. So may its newest epoch.
    if (!isOurs && known.epoch >= head.epoch) return undefined;
    throw diverged(known, head.sequence);
  }

  /**
   * What is missing here, as a node knows that holds `watermark`: of each origin the last entry
   * that both have. That of others would come by itself, if they are still there. Throws
   * FAILED_PRECONDITION, CLOCK_BEHIND, when this log's present epoch looks older than one that it
   * has lost.
   */
  lostOf(watermark: string): readonly LogPosition[] {
    const { origins, head } = this.options.log;
    const isHere = (place: LogPosition) => origins.find(place, head) !== undefined;
    return this.placesOf(watermark).flatMap((place) => {
      if (isHere(place) || origins.isDiscarded(place)) return [];
      const fork = origins.forkBefore(place);
      if (fork) return isHere(fork.lost) ? [] : [fork.shared];
      if (place.origin === this.origin && origins.hasWritten) {
        const message = `${formatPosition(place)} is of an epoch begun after the one of this log`;
        throw new EngineError('FAILED_PRECONDITION', message, { reason: 'CLOCK_BEHIND' });
      }
      const known = origins.headOf(place.origin) ?? { epoch: 0, sequence: 0 };
      // A tail of an older epoch, which the other node learns when it reads on.
      const isOlder = known.epoch > place.epoch;
      return isOlder ? [] : [{ origin: place.origin, ...known }];
    });
  }

  /**
   * The entries of one origin after one of them, some at a time. Throws FAILED_PRECONDITION,
   * DIVERGED, when that one is not here.
   */
  *entriesAfter(place: LogPosition, limit: number): IterableIterator<readonly JournalEntry[]> {
    const { log, counting } = this.options;
    const { origins } = log;
    const shared = place.sequence === 0 ? 0 : origins.find(place, log.head);
    if (shared === undefined) throw diverged(place, origins.headOf(place.origin)?.sequence ?? 0);
    const start = shared === 0 ? origins.firstOf(place.origin) : shared + 1;
    for (let at = start ?? counting.applied + 1; at <= counting.applied; at += limit) {
      const entries = this.entriesFrom(at, limit);
      const theirs = entries.filter((entry) => entry.place.origin === place.origin);
      if (theirs.length > 0) yield theirs;
    }
  }

  /** Up to `limit` entries of the log that are in the counts. */
  entriesFrom(position: number, limit: number): JournalEntry[] {
    const { log, counting } = this.options;
    const most = Math.min(limit, counting.applied - position + 1);
    if (most <= 0) return [];
    return log.raw(position, most).map(({ sequence, bytes }) => ({
      position: sequence,
      place: log.origins.at(sequence),
      bytes,
    }));
  }

  /**
   * Folds entries of others, in order; resolves with how many were new when they are on the disk
   * and in the counts. What is here already is passed over. Throws FAILED_PRECONDITION, GAP or
   * EPOCH_CHANGED, and then nothing of them was taken. `newestDay` is that of the giver: what was
   * erased there since has left its day behind, and days settle the landmark.
   */
  async apply(entries: readonly ForeignEntry[], newestDay = 0): Promise<number> {
    const isKnown = entries.every((entry) => this.isKnown(entry));
    if (isKnown && newestDay <= this.newestDay) return 0;
    const holds = ({ code }: { readonly code: number }) =>
      entries.some(({ bytes }) => codeOf(bytes) === code);
    const idsOfHash = holds(eraseEntries) ? await findErased(this.options, entries) : () => [];
    const purchaseIdsOfHash = await findReplaced(this.options, entries);
    const alsoErased = new Set<string>();
    const onAlsoErased = (ids: Iterable<string>) => {
      for (const id of ids) alsoErased.add(id);
    };
    const notify = (message: string) => this.onDoubled(message);
    let count: number | undefined;
    const applied = await this.options.writer.replicate((own) => {
      const context = { ...own, idsOfHash, purchaseIdsOfHash, onAlsoErased, notify };
      const fresh = catchEngineError(() => selectNewEntries(context.log, entries));
      // Not thrown here: others' work in the same transaction has no part in it.
      if (fresh instanceof EngineError) return fresh;
      count ??= fresh.length;
      context.onPurchaseDay(newestDay);
      alsoErased.clear();
      const isDone = applyUntilFull(context, fresh);
      if (this.origin !== undefined) appendErase(context, alsoErased);
      return isDone ? count : undefined;
    });
    if (typeof applied !== 'number') throw applied;
    if (holds(expireEntries)) await this.expireAlso();
    if (holds(eraseEntries)) await this.forgetErased();
    return applied;
  }

  /** What comes round again from others, most of all. */
  private isKnown({ place }: ForeignEntry): boolean {
    const head = this.options.log.origins.headOf(place.origin);
    return head?.epoch === place.epoch && place.sequence <= head.sequence;
  }

  private onDoubled(message: string): void {
    this.receivedTwice += 1;
    this.options.notify(message);
  }

  /** What an origin let expire, in slices; after a crash the next start does the rest. */
  async expireAlso(): Promise<void> {
    const { store, maintenance } = this.options;
    const beforeMs = expiredBeforeMs({ store });
    if (!Number.isFinite(beforeMs) || Number(store.readMeta('expiredDone')) === beforeMs) return;
    await maintenance.expireBefore({ beforeMs, isOwn: false });
    await store.transaction(() => store.writeMeta('expiredDone', beforeMs));
  }

  /**
   * Writes a copy of the chain as it stands into a folder of its own; writing goes on meanwhile.
   * Returns the folder, which the caller removes.
   */
  snapshot(): Promise<string> {
    return this.snapshots.write();
  }
}

function diverged(place: LogPosition, head: number): EngineError {
  const message = `${formatPosition(place)} is not in this log, which stands at ${head}`;
  return new EngineError('FAILED_PRECONDITION', message, { reason: 'DIVERGED' });
}

function catchEngineError<Fresh>(work: () => Fresh): Fresh | EngineError {
  try {
    return work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}
