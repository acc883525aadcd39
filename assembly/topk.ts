// The best `limit` items offered, best first: score descending, then id hash ascending, so that
// every replica agrees. Eligibility is asked only of items that would get in, and id hashes, which
// lie far apart, only of those that score the same.

import { isAllowed } from './eligible';
import { allocate } from './heap';
import { isHashedBefore, mark } from './items';
import { MARK_HASH } from './layout';

export const RESULTS_MAX: u32 = 512;
export const RESULT_BYTES: u32 = 8;
export const RESULT_SCORE: u32 = 4;

/** RESULTS_MAX × (item u32, score f32). */
let results: u32 = 0;
let count: u32 = 0;
let limit: u32 = 0;
/** The high half of the id hash of the last one of a full list. */
let lastHash: u32 = 0;

export function startTopk(): void {
  results = allocate(RESULTS_MAX * RESULT_BYTES);
}

export function clearResults(most: u32): void {
  limit = min(most, RESULTS_MAX);
  count = 0;
}

/** Takes back all that was offered. */
export function offerAgain(): void {
  count = 0;
}

export function resultsAddress(): u32 {
  return results;
}

export function resultCount(): u32 {
  return count;
}

/** Of the list's last place. */
// @ts-expect-error: decorator
@inline
function lastScore(): f32 {
  return load<f32>(results + (limit - 1) * RESULT_BYTES, RESULT_SCORE);
}

/** Offers one item; it must be offered at most once a selection. */
// @ts-expect-error: decorator
@inline
export function offer(item: u32, score: f32): void {
  if (count == limit && score < lastScore()) return;
  insert(item, score);
}

/** Nothing below this can get in. */
export function leastScore(): f32 {
  if (count < limit) return -Infinity;
  return limit ? lastScore() : Infinity;
}

/** Whether an item stands before the last one of a full list. */
// @ts-expect-error: decorator
@inline
export function isWanted(item: u32, score: f32): bool {
  if (count < limit) return true;
  if (!limit) return false;
  const last = results + (limit - 1) * RESULT_BYTES;
  const least = load<f32>(last, RESULT_SCORE);
  if (score != least) return score > least;
  // Mostly settled without another look at the last one, which lies far off.
  const hash = load<u32>(mark(item), MARK_HASH);
  return hash == lastHash ? isHashedBefore(item, load<u32>(last)) : hash < lastHash;
}

function insert(item: u32, score: f32): void {
  if (!isWanted(item, score) || !isAllowed(item)) return;
  let index = count;
  if (count == limit) {
    index = limit - 1;
  } else {
    count++;
  }
  while (index > 0) {
    const above = results + (index - 1) * RESULT_BYTES;
    const other = load<f32>(above, RESULT_SCORE);
    if (other > score || (other == score && isHashedBefore(load<u32>(above), item))) break;
    store<u64>(results + index * RESULT_BYTES, load<u64>(above));
    index--;
  }
  store<u32>(results + index * RESULT_BYTES, item);
  store<f32>(results + index * RESULT_BYTES, score, RESULT_SCORE);
  if (count == limit) {
    const last = load<u32>(results + (limit - 1) * RESULT_BYTES);
    lastHash = load<u32>(mark(last), MARK_HASH);
  }
}

/** Whether the list is full and its worst score is at least `score`. */
export function isSettledAbove(score: f32): bool {
  return count == limit && (!limit || lastScore() >= score);
}
