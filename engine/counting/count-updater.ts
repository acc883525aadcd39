// Moves counts by what a batch changed, in slices: however much it is, no turn of the event loop is
// long. Between slices lists are made from counts that hold a part of it.

import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turns.ts';
import type { Change, Subject } from '../history/contributions.ts';
import type { Counts } from './counts.ts';

/** As many as a change costs by itself, to be read and begun: some 10 µs. */
const cellsOfChange = 128;

/** Counts that follow what changes, all or some of it. */
export interface CountsTarget {
  readonly counts: Counts;
  /** Whether the change of a subject concerns them. */
  covers(subject: Subject): boolean;
  /** Goes on with what they are in the midst of; whether they are in the midst of nothing. */
  finishSlice(): boolean;
}

/**
 * Resolves when all of it is counted. What the kernel throws is thrown on, and then the counts are
 * of no use any more.
 */
export async function updateCounts(
  changes: Iterable<Change>,
  targets: readonly CountsTarget[],
): Promise<void> {
  let left: number = limits.countSliceCells;
  const pause = async (): Promise<void> => {
    left = limits.countSliceCells;
    await nextTurn();
  };
  for (const change of changes) {
    for (const target of targets) {
      if (!target.covers(change.subject)) continue;
      const { kernel } = target.counts;
      while (!target.finishSlice()) await pause();
      kernel.beginChange(change);
      while (!kernel.continueChange(left)) await pause();
      left -= kernel.workDone + cellsOfChange;
      if (left <= 0) await pause();
    }
  }
  for (const { counts } of targets) counts.settleNow();
}

/** Tells counts what the catalogue says of items, at a moment when nothing is being counted. */
export async function refreshItems(
  numbers: ReadonlySet<number>,
  targets: readonly CountsTarget[],
): Promise<void> {
  if (numbers.size === 0) return;
  for (const { counts, finishSlice } of targets) {
    while (!finishSlice()) await nextTurn();
    counts.refreshItems(numbers);
  }
}

/** What undoes these changes. */
export function inverseOf(changes: readonly Change[]): Change[] {
  return [...changes].reverse().map(({ subject, before, after, isMember }) => {
    return { subject, before: after, after: before, isMember };
  });
}
