// Retention: finds receipts that have left the window by a walk through the log, in slices between
// which the event loop turns, and remembers how far a window was walked.

import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turns.ts';
import { type Expiry, expireCopies, expireReceipts } from '../events/expiry.ts';
import { purchasedAtMs } from '../events/logged-purchase.ts';
import { mayHaveCopies } from '../events/replacements.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Log, RawEntry } from '../log/log.ts';
import { isFull } from '../store/disk-reserve.ts';
import type { Store } from '../store/store.ts';
import type { Progress } from './shared-work.ts';

export interface ExpiryParts {
  readonly store: Store;
  readonly log: Log;
  readonly writer: Ingest;
}

export interface ExpiryRun {
  readonly signal: AbortSignal;
  /** Entries of the log that are passed, and how many there are. */
  readonly progress: Progress;
}

/** Of the table `meta`: nothing before this moment is left in the log up to `head`. */
interface Walked {
  readonly beforeMs: number;
  readonly head: number;
}

const walkedName = 'expired';

function walkedIn(store: Store): Walked {
  const found = store.readMeta(walkedName) as Walked | undefined;
  return found ?? { beforeMs: Number.NEGATIVE_INFINITY, head: 0 };
}

/**
 * Takes out what is older than `beforeMs`, slice by slice; returns how many receipts. On a day
 * whose window was walked before, only what was accepted since is looked at.
 */
export async function expireBefore(
  parts: ExpiryParts,
  expiry: Expiry,
  run: ExpiryRun,
): Promise<number> {
  const { store, log } = parts;
  const walked = walkedIn(store);
  const isWalked = expiry.beforeMs <= walked.beforeMs;
  if (isWalked && walked.head === log.head) return 0;
  const walk = new Walk(parts, expiry, run);
  const receipts = (await walk.copies()) + (await walk.log(isWalked ? walked.head + 1 : 1));
  const beforeMs = Math.max(expiry.beforeMs, walked.beforeMs);
  await remember(store, { beforeMs, head: walk.head });
  return receipts;
}

async function remember(store: Store, walked: Walked): Promise<void> {
  try {
    await store.transaction(() => store.writeMeta(walkedName, walked));
  } catch (error) {
    // On a full disk the next walk is longer; what has expired is gone all the same.
    if (!isFull(error)) throw error;
  }
}

class Walk {
  /** Everything up to here is walked. */
  head = 0;
  private readonly parts: ExpiryParts;
  private readonly expiry: Expiry;
  private readonly run: ExpiryRun;
  private found: number[] = [];

  constructor(parts: ExpiryParts, expiry: Expiry, run: ExpiryRun) {
    this.parts = parts;
    this.expiry = expiry;
    this.run = run;
  }

  /** Copies that do not count first: else they would take the place of what expires. */
  async copies(): Promise<number> {
    const { writer } = this.parts;
    if (!mayHaveCopies(this.parts)) return 0;
    let expired = 0;
    let from: Buffer | undefined;
    do {
      const start = from;
      const slice = await writer.transact((context) => expireCopies(context, this.expiry, start));
      expired += slice.count;
      from = slice.next;
      await this.turn();
    } while (from !== undefined);
    return expired;
  }

  async log(from: number): Promise<number> {
    const { log } = this.parts;
    let expired = 0;
    this.head = from - 1;
    while (true) {
      const entries = log.raw(this.head + 1, limits.walkRowsMax, limits.walkBytesMax);
      for (const entry of entries) this.look(entry);
      this.head = entries.at(-1)?.sequence ?? this.head;
      const isEnd = entries.length === 0;
      const isFull = this.found.length >= limits.expireSliceMax;
      if (isEnd || isFull) expired += await this.takeOut();
      this.run.progress(this.head, log.head);
      if (isEnd) return expired;
      await this.turn();
    }
  }

  private look({ sequence, bytes }: RawEntry): void {
    const atMs = purchasedAtMs(bytes);
    if (atMs !== undefined && atMs < this.expiry.beforeMs) this.found.push(sequence);
  }

  /** What was found, in as many transactions as it takes. */
  private async takeOut(): Promise<number> {
    let expired = 0;
    while (this.found.length > 0) {
      const slice = this.found.splice(0, limits.expireSliceMax);
      expired += await this.parts.writer.transact((context) =>
        expireReceipts(context, slice, this.expiry),
      );
      await this.turn();
    }
    return expired;
  }

  private async turn(): Promise<void> {
    await nextTurn();
    this.run.signal.throwIfAborted();
  }
}
