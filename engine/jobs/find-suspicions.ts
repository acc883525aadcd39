// Suspicions of a chain: what is worth a look over all receipts that it holds, by a walk through
// its log and its histories in slices between which the event loop turns.

import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { quantityOf } from '../base/shapes.ts';
import { formatMoment } from '../base/time.ts';
import { nextTurn } from '../base/turns.ts';
import { isCountedCopy } from '../events/copies.ts';
import { decodeEntry } from '../events/index.ts';
import { type LoggedPurchase, purchaseCode } from '../events/logged-purchase.ts';
import { mayHaveCopies } from '../events/replacements.ts';
import { idOfKey, keyBehind, prefixOf } from '../history/chunk.ts';
import { isSharedCard, readTotals } from '../history/histories.ts';
import { codeOf } from '../log/frame.ts';
import type { Log, RawEntry } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { Place, type Suspicion, Suspicions } from './import/suspicions.ts';
import type { Run } from './shared-work.ts';

export interface SuspicionReport {
  /** Receipts that were looked at: all that are kept. */
  readonly receipts: number;
  readonly suspicions: readonly Suspicion[];
}

export interface FindParts {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
}

/** Each line of a receipt is looked at: some 1,500 of them, about 2 ms. */
const bytesAtOnce = 32_768;
/** Cards looked at in one slice: three short reads each. */
const cardsAtOnce = 64;
const blankEnd = /^\s|\s$/;

/** Holds what was recorded before it was asked; nothing of it is kept after the answer. */
export async function findSuspicions(parts: FindParts, run: Run): Promise<SuspicionReport> {
  run.seal();
  const walk = new Walk(parts, run);
  await walk.receipts();
  await walk.cards();
  return walk.result();
}

class Walk {
  private readonly parts: FindParts;
  private readonly run: Run;
  private readonly found = new Suspicions({ findsTwice: false });
  private readonly blanks = new Place();
  private readonly shared = new Place();
  private count = 0;

  constructor(parts: FindParts, run: Run) {
    this.parts = parts;
    this.run = run;
  }

  async receipts(): Promise<void> {
    const { log } = this.parts;
    const { head } = log;
    for (let from = 1; from <= head; await this.turn()) {
      const entries = log.raw(from, limits.walkRowsMax, bytesAtOnce);
      if (entries.length === 0) return;
      for (const entry of entries) this.look(entry);
      from = entries.at(-1)!.sequence + 1;
      this.run.progress(Math.min(head, from - 1), head);
    }
  }

  /** Histories lie by member: one look at the end of each, and on to the next. */
  async cards(): Promise<void> {
    const { histories } = this.parts.store.tables;
    for (let start: Buffer = Buffer.alloc(1); ; await this.turn()) {
      for (let card = 0; card < cardsAtOnce; card += 1) {
        const [row] = histories.chunk(start, 1);
        if (row === undefined) return;
        const memberId = idOfKey(row.key);
        if (isSharedCard(readTotals(histories, memberId))) this.shared.add(memberId);
        start = keyBehind(prefixOf(memberId));
      }
    }
  }

  result(): SuspicionReport {
    const others = { blankIds: this.blanks, sharedCards: this.shared };
    return { receipts: this.count, suspicions: this.found.list(others) };
  }

  private look({ sequence, bytes }: RawEntry): void {
    if (codeOf(bytes) !== purchaseCode) return;
    const { store, clock } = this.parts;
    const entry = decodeEntry(bytes, sequence);
    if (entry.kind !== 'purchase') return;
    const purchase = entry.value;
    const { purchaseId } = purchase;
    if (mayHaveCopies(this.parts) && !isCountedCopy(store, purchaseId, sequence)) return;
    this.count += 1;
    this.found.add(seenOf(purchase, clock()));
    if (hasBlankId(purchase)) this.blanks.add(purchaseId);
  }

  private async turn(): Promise<void> {
    await nextTurn();
    this.run.signal.throwIfAborted();
  }
}

function seenOf(purchase: LoggedPurchase, nowMs: number) {
  const { occurredAtMs, offsetMinutes, statedAtMs, lines, purchaseId } = purchase;
  const { memberId, storeId } = purchase;
  return {
    ...{ purchaseId, memberId, storeId },
    epochMs: occurredAtMs,
    localTime: formatMoment(occurredAtMs, offsetMinutes),
    hasTimeOfDay: purchase.timeUnknown !== true,
    isAhead: statedAtMs !== undefined || occurredAtMs > nowMs,
    lines: lines.map(({ itemId, thousandths }) => ({ itemId, quantity: quantityOf(thousandths) })),
  };
}

function hasBlankId({ purchaseId, memberId, storeId, lines }: LoggedPurchase): boolean {
  const ids = [purchaseId, memberId ?? '', storeId ?? ''];
  return ids.some(isBlankEnded) || lines.some(({ itemId }) => isBlankEnded(itemId));
}

function isBlankEnded(id: string): boolean {
  return blankEnd.test(id);
}
