// Long work beside serving: checkpoints when due, verify, expiry, compaction, and erases that a
// restore took back.
import { type Clock, steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { CompactReport } from '../engine.ts';
import { countNextCopies } from '../follow/receipts.ts';
import type { Log } from '../log/log.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import { retentionStartMs, tombstoneKey } from '../views/accept.ts';
import type { Counts } from '../views/counts.ts';
import { eraseMember } from '../views/erase.ts';
import {
  type ExpireSlice,
  type Expiry,
  expireCopies,
  expireSlice,
  tellExpiry,
} from '../views/expire.ts';
import type { Ingest } from '../views/ingest.ts';
import type { Keeper } from '../views/keeper.ts';
import type { Part } from '../views/recounter.ts';
import type { StoredReceipts } from '../views/stored-receipts.ts';
import { type Audit, compareCounts, compareHistories, DifferenceList } from '../views/verify.ts';

export interface MaintenanceOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly writer: Ingest;
  readonly keeper: Keeper;
  readonly receipts: StoredReceipts;
  readonly notify: (message: string) => void;
}

export class Maintenance {
  private readonly options: MaintenanceOptions;
  private checkpointTimer: NodeJS.Timeout | undefined;
  private compactTimer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private isShort = false;
  private hasFailed = false;
  private copying: Promise<unknown> = Promise.resolve();

  constructor(options: MaintenanceOptions) {
    this.options = options;
  }

  /**
   * To be told after every batch: writes a checkpoint when enough has happened or enough time has
   * passed.
   */
  noteEvents(): void {
    const { keeper } = this.options;
    const isDue = keeper.eventsSinceCheckpoint >= limits.checkpointEventsMax;
    // After one that failed, the next waits its time: on a full disk each would write until there
    // is no room again.
    if (isDue && !this.hasFailed) this.checkpointSoon(0);
    else this.checkpointSoon(limits.checkpointIntervalMs);
  }

  /** To be told after every batch too: warns once when memory gets short, and when it is not. */
  noteMemory({ usedBytes, maxBytes }: { readonly usedBytes: number; readonly maxBytes: number }) {
    const share = usedBytes / maxBytes;
    const { memoryWarnedShare } = limits;
    if (this.isShort && share < memoryWarnedShare - 0.05) this.isShort = false;
    if (this.isShort || share < memoryWarnedShare) return;
    this.isShort = true;
    this.options.notify(
      `the counts use ${Math.round(share * 100)} % of CAINI_MEMORY_MAX (${usedBytes} of ` +
        `${maxBytes} bytes): receipts that need more than is left will be refused`,
    );
  }

  private checkpointSoon(milliseconds: number): void {
    if (this.isClosed) return;
    if (this.checkpointTimer && milliseconds > 0) return;
    clearTimeout(this.checkpointTimer);
    this.checkpointTimer = setTimeout(() => {
      this.options.keeper.checkpoint().then(
        () => this.endCheckpoint(false),
        (error) => {
          this.options.notify(`the checkpoint failed and is tried again: ${String(error)}`);
          this.endCheckpoint(true);
        },
      );
    }, milliseconds).unref();
  }

  private endCheckpoint(hasFailed: boolean): void {
    this.checkpointTimer = undefined;
    this.hasFailed = hasFailed;
    if (hasFailed) this.checkpointSoon(limits.checkpointIntervalMs);
  }

  /** To be told after an erase: its last bytes go with a compaction within a day. */
  noteErased(): void {
    this.compactIn(limits.compactWithinMs / 2);
  }

  private compactIn(milliseconds: number): void {
    if (this.isClosed || this.compactTimer) return;
    this.compactTimer = setTimeout(() => {
      this.compactTimer = undefined;
      this.compact().catch((error) => {
        this.options.notify(`compaction failed and is tried again: ${String(error)}`);
        this.compactIn(limits.compactWithinMs / 48);
      });
    }, milliseconds).unref();
  }

  /**
   * Erases whoever the ledger names and the store still knows: a restore, or a crash, took the
   * erase back.
   */
  async reconcileErased(mayErase: boolean): Promise<void> {
    const { store, ledger, writer, notify } = this.options;
    const { tombstones, histories, members } = store.tables;
    const known = [...tombstones.rows()].filter(({ key }) => key[0] === 109);
    ledger.add(known.map(({ key }) => key.subarray(1)));
    if (ledger.size === known.length) {
      if (store.readMeta('compactDue')) this.noteErased();
      return;
    }
    const isForgotten = (id: Buffer): boolean => {
      const hash = ledger.hash(id.toString());
      return ledger.has(hash) && !tombstones.has(tombstoneKey('member', hash));
    };
    const ids = new Set<string>();
    // A follower's log has no place for it: the erase comes again with its origin's entries.
    if (mayErase)
      for (const { key } of histories.rows()) if (isForgotten(key)) ids.add(key.toString());
    if (mayErase)
      for (const { key } of members.rows()) if (isForgotten(key)) ids.add(key.toString());
    for (const id of ids) {
      await writer.transact((context) => {
        countNextCopies(context, eraseMember(context, id).shared);
      });
    }
    if (ids.size > 0) notify(`erased ${ids.size} members again: the ledger names them`);
    // Those whose receipts are not here either still must be refused when they come.
    await store.transaction(() => {
      for (const hash of ledger.all()) {
        tombstones.put(tombstoneKey('member', hash), Buffer.alloc(0));
      }
    });
  }

  verify(progress: (done: number, total: number) => void = () => {}): Promise<Audit> {
    const use = (fresh: Counts, live: Counts, part: Part) => this.audit(fresh, live, part);
    return this.options.keeper.withRecount(use, progress).then(combine);
  }

  private *audit(fresh: Counts, live: Counts, part: Part): Generator<void, Audit> {
    const { store, log, receipts } = this.options;
    const differences = new DifferenceList(limits.verifyDifferencesMax);
    if (part.part === 0) yield* compareHistories({ store, log, receipts }, differences);
    yield* compareCounts({ live, fresh, part }, differences);
    return {
      ok: differences.count === 0,
      digest: live.kernel.digest(),
      cells: live.kernel.run.cellCount(),
      events: log.head,
      members: store.tables.histories.count(),
      differenceCount: differences.count,
      differences: differences.list,
    };
  }

  /** Takes expired receipts out, slice by slice; returns how many. */
  async expire(retentionDays: number | undefined, clock: Clock): Promise<number> {
    if (retentionDays === undefined) return 0;
    const beforeMs = retentionStartMs(clock(), retentionDays);
    return this.expireBefore({ beforeMs, isOwn: true });
  }

  /** The same up to a moment that is given, also by another origin. */
  async expireBefore(expiry: Expiry): Promise<number> {
    const { writer, receipts: stored, log } = this.options;
    let receipts = 0;
    if (log.origins.isNamed) {
      receipts += await writer.transact((context) => {
        const copies = expireCopies(context, expiry.beforeMs);
        if (copies > 0) tellExpiry(context, expiry);
        return copies;
      });
    }
    const ticketAt = (sequence: number) => stored.ticketAt(sequence);
    for (const slice of this.expireSlices(expiry.beforeMs)) {
      receipts += await writer.transact((context) => {
        const expired = expireSlice(context, slice, expiry, ticketAt);
        countNextCopies(context, expired);
        return expired.length;
      });
    }
    if (receipts > 0) await this.options.keeper.checkpoint();
    return receipts;
  }

  private *expireSlices(beforeMs: number): IterableIterator<ExpireSlice> {
    const { store, log, receipts } = this.options;
    let roots: string[] = [];
    for (const { key, value } of store.tables.histories.rows()) {
      // Entries stand in time order, so the first tells whether any is expired.
      if (value.readDoubleLE(0) < beforeMs) roots.push(key.toString());
      if (roots.length < limits.expireSliceMax) continue;
      yield { roots, tickets: [] };
      roots = [];
    }
    if (roots.length > 0) yield { roots, tickets: [] };
    let tickets: number[] = [];
    const { head } = log;
    for (const { sequence, entry } of log.scan()) {
      if (sequence > head) break;
      if (entry.kind !== 'purchase' || entry.purchase.occurredAtMs >= beforeMs) continue;
      if (receipts.ticketAt(sequence)) tickets.push(sequence);
      if (tickets.length < limits.expireSliceMax) continue;
      yield { roots: [], tickets };
      tickets = [];
    }
    if (tickets.length > 0) yield { roots: [], tickets };
  }

  /** A compacting copy takes the place of the store, so that no deleted byte is left. */
  compact(): Promise<CompactReport> {
    return this.inTurn(() => this.compactNow());
  }

  /** Copies and compactions one after the other: either needs the file to stay where it is. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.copying.then(work, work);
    this.copying = next.catch(() => {});
    return next;
  }

  private async compactNow(): Promise<CompactReport> {
    const { store, keeper, writer } = this.options;
    // A fresh checkpoint first: the residues of erased members go with it.
    await keeper.checkpoint();
    const startedAt = steadyMilliseconds();
    const sizes = await writer.whileStopped(() => store.compact());
    await store.transaction(() => store.removeMeta('compactDue'));
    return { ...sizes, seconds: (steadyMilliseconds() - startedAt) / 1_000 };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.checkpointTimer);
    clearTimeout(this.compactTimer);
    const { keeper, notify } = this.options;
    if (keeper.waitingFor === undefined) {
      await keeper.checkpoint().catch((error) => notify(`the checkpoint failed: ${String(error)}`));
    }
    await keeper.idle();
  }
}

/** One audit of what was compared part by part. */
function combine(audits: readonly Audit[]): Audit {
  const differences = audits.flatMap((audit) => audit.differences);
  const count = audits.reduce((sum, audit) => sum + audit.differenceCount, 0);
  return {
    ...audits.at(-1)!,
    ok: count === 0,
    differenceCount: count,
    differences: differences.slice(0, limits.verifyDifferencesMax),
  };
}
