// Whether there is memory to count a batch. All receipts of a card or person that come to count at
// once are looked at before its transaction: they are too many for its turn of the event loop.

import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turns.ts';
import { type Batch, bringsHistory } from '../events/batch.ts';
import { type CardChange, type Change, cardReceiptChanges } from '../history/contributions.ts';
import type { Store } from '../store/store.ts';
import type { Counts } from './counts.ts';

export class LookAhead {
  private readonly store: Store;
  private readonly live: () => Counts | undefined;
  /** Whose estimate holds what the next batch brings of much already. */
  private looked: Counts | undefined;

  /** `live`: the counts that a batch goes into; undefined while there are none. */
  constructor(store: Store, live: () => Counts | undefined) {
    this.store = store;
    this.live = live;
  }

  /** To be awaited before `assertRoomFor` of a batch that brings many receipts. */
  async look({ changes, cardChanges }: Batch): Promise<void> {
    const counts = this.live();
    if (counts === undefined) return;
    counts.kernel.beginEstimate();
    for (const change of changes) {
      if (!bringsHistory(change)) continue;
      await nextTurn();
      counts.kernel.estimateChange(change);
    }
    let looked = 0;
    for (const change of this.added(cardChanges)) {
      counts.kernel.estimateChange(change);
      looked += 1;
      if (looked % limits.lookedAheadAtOnce === 0) await nextTurn();
    }
    this.looked = counts;
  }

  /**
   * Throws RESOURCE_EXHAUSTED, MEMORY_FULL, when counting a batch may take more memory than there
   * is for it. `takesBack`: it may use what is kept for what cannot be refused.
   */
  assertRoomFor({ changes, cardChanges }: Batch, takesBack: boolean): void {
    const counts = this.live();
    // Others may have taken their place since.
    const goesOn = this.looked === counts;
    this.looked = undefined;
    if (counts === undefined) return;
    const all = goesOn
      ? changes.filter((change) => !bringsHistory(change))
      : this.withCards(changes, cardChanges);
    counts.assertRoomFor(all, { takesBack, goesOn });
  }

  private *withCards(
    changes: readonly Change[],
    cardChanges: readonly CardChange[],
  ): Generator<Change> {
    yield* changes;
    yield* this.added(cardChanges);
  }

  /** What ceases to count takes no memory. */
  private *added(cardChanges: readonly CardChange[]): Generator<Change> {
    for (const row of cardChanges) if (row.isAdded) yield* cardReceiptChanges(this.store, row);
  }
}
