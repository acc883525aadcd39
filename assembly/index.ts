// What the module offers to TypeScript (engine/kernel/): free functions over numbers and addresses.

export {
  addAnchor,
  affinityTotal,
  anchorOf,
  anchorTotal,
  anchorsAddress,
  exclude,
  keepHeaviest,
  startRequest,
  weighHistory,
} from './accumulate';
export { drainSnapshot, snapshotAddress, snapshotBytes } from './bytes';
export {
  abandonSnapshot,
  continueSnapshot,
  finishRestore,
  restoreSnapshot,
  startSnapshot,
} from './snapshot';
export { applyChange } from './contribution';
export { cellCount, rowAddress } from './counts';
export { habitExpected, habitRebought, HABIT_CELLS } from './habits';
export { heapTotalBytes, heapUsedBytes } from './heap';
export { basketCount, historyInput, readHistory } from './history';
export { itemCount, itemHot, itemRecord, setEligible } from './items';
export { join, joinedAddress, joinPieces, joinTexts, joinWords } from './join';
export { LAYOUT_VERSION, PAIR_ITEMS_MAX, VIEW_SERVED } from './layout';
export { settleRows, setViewGrowth } from './rows';
export { pushStore } from './scopes';
export {
  anchorTerm,
  explainResults,
  pairCount,
  pairNearness,
  scopeCount,
  wasFirstBought,
} from './explain';
export { ownRepeatShare, repeatTerm, usualGapDays } from './repeat';
export { accumulateNext, accumulateScope, accumulateSquares, sumSquares } from './retrieve';
export { select } from './select';
export { resultCount, resultsAddress } from './topk';
export { addScore } from './touched';
export {
  digest,
  lastTotal,
  newestDay,
  popularityTotal,
  popularityTotalFixed,
  receiptTotal,
  receiptsOn,
  repeatShare,
  repurchaseRate,
  shareCountTotal,
  shareSumFixed,
} from './totals';
export { digestOfCells, digestOfPart } from './scrub';
export { exp2, pairGrowth, popGrowth, power, setDecay } from './weight';

import { startContribution } from './contribution';
import { startExplain } from './explain';
import { startGiven } from './given';
import { startHabits } from './habits';
import { reserveRows } from './counts';
import { foresee, startHeap } from './heap';
import { itemCount, pushItem, reserveItems } from './items';
import {
  CELL_BYTES,
  DAYPARTS,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
  TABLE_SCOPE,
} from './layout';
import { startPopular } from './popular';
import { startRows } from './rows';
import { startScopes } from './scopes';
import { startTopk } from './topk';

/** Of rows as they are restored, rounded up to the heap's size classes: 1.18 to 1.47. */
const SLOTS_A_CELL: f64 = 1.3;

/** Lays out the memory for about `items` items; called once, first. */
export function start(items: u32): void {
  startHeap();
  startRows();
  startPopular();
  startTopk();
  startContribution();
  startHabits();
  startExplain();
  startGiven();
  startScopes();
  roomFor(items);
}

function roomFor(items: u32): void {
  const capacity = reserveItems(items);
  reserveRows(TABLE_NEXT, capacity);
  reserveRows(TABLE_SAME, capacity);
  reserveRows(TABLE_MEM, capacity);
}

/** Makes room for what a snapshot holds, so that it can be read before anything is registered. */
export function prepareRestore(items: u32, stores: u32, cells: f64): void {
  roomFor(items);
  reserveRows(TABLE_SCOPE, (stores + 1) * DAYPARTS);
  foresee(<u64>(cells * CELL_BYTES * SLOTS_A_CELL));
}

/** Appends an item by the XXH64 of its outside id; returns its number. */
export function addItem(hash: u64): u32 {
  roomFor(itemCount + 1);
  return pushItem(hash);
}
