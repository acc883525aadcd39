// What the module offers to TypeScript (engine/kernel/): free functions over numbers and addresses.

export {
  addAnchor,
  affinityTotal,
  anchorOf,
  anchorTotal,
  anchorsAddress,
  barHistory,
  endAside,
  keepHeaviest,
  LEADS_MAX,
  startAside,
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
export { beginChange, continueChange } from './change';
export { countPart, workDone } from './contribution';
export { cellCount, rowAddress } from './counts';
export { askBitmaps, bar, isEligible, keepEligible, makeBitmap, setBit } from './eligible';
export { beginForesight, foreseeChange, foreseenBytes } from './foresee';
export { habitExpected, habitRebought, HABIT_CELLS } from './habits';
export { heapTotalBytes, setHeapLimits, usedBytes } from './heap';
export { basketCount, historyInput, readHistory } from './history';
export { addItem, isKnown, itemCount, itemHot, itemRecord, setCatalogued } from './items';
export { join, joinedAddress, joinPieces, joinTexts, joinWords } from './join';
export {
  FRESH_MAX,
  LAYOUT_VERSION,
  NEXT_PAIRS_MAX,
  PAIR_ITEMS_MAX,
  ROWS_A_PLACE,
  VIEW_SERVED,
} from './layout';
export { settleRows, setViewGrowth } from './rows';
export { pushStore } from './scopes';
export {
  countScope,
  endCounting,
  explainInput,
  explainItems,
  pairCount,
  pairNearness,
  startCounting,
  wasFirstBought,
} from './explain';
export { ownRepeatShare, repeatTerm, usualGapDays } from './repeat';
export {
  accumulateNext,
  accumulateScope,
  accumulateSquares,
  offerScope,
  sumSquares,
} from './retrieve';
export { select } from './select';
export { explainTerms } from './terms';
export { slotsRead } from './tops';
export { RESULTS_MAX, resultCount, resultsAddress } from './topk';
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
export { digestOfCells, digestOfPart, digestOfRow } from './scrub';
export { exp2, pairGrowth, popGrowth, power, setDecay } from './weight';

import { startAnchors } from './accumulate';
import { startContribution } from './contribution';
import { reserveScopes } from './counts';
import { startForesight } from './foresee';
import { startEligible } from './eligible';
import { startExplain } from './explain';
import { startAnchorContributions } from './anchor-contributions';
import { startHabits } from './habits';
import { foresee, startHeap } from './heap';
import { startHistory } from './history';
import { itemCount, makeItems } from './items';
import { CELL_BYTES, ROWS_A_PLACE } from './layout';
import { startPopular } from './popular';
import { startRows } from './rows';
import { startScopes, storeCount } from './scopes';
import { startTerms } from './terms';
import { startTopk } from './topk';

/** Of rows as they are restored, rounded up to the heap's size classes: 1.18 to 1.47. */
const SLOTS_A_CELL: f64 = 1.3;

/** Lays out the memory for about `items` items; called once, first. */
export function start(items: u32): void {
  startHeap();
  startHistory();
  startRows();
  startEligible();
  startPopular();
  startTopk();
  startAnchors();
  startContribution();
  startForesight();
  startHabits();
  startExplain();
  startTerms();
  startAnchorContributions();
  startScopes();
  makeItems(items);
}

/**
 * Makes the parts of so many more items, and the rows of stores: what is looked ahead at
 * (foresee.ts) may be of items that are not registered yet.
 */
export function makeRoom(newItems: u32, newStores: u32): void {
  makeItems(itemCount + newItems);
  reserveScopes((storeCount() + newStores) * ROWS_A_PLACE);
}

/** Makes room for what a snapshot holds, so that it can be read before anything is registered. */
export function prepareRestore(items: u32, stores: u32, cells: f64): void {
  makeItems(items);
  reserveScopes((stores + 1) * ROWS_A_PLACE);
  foresee(<u64>(cells * CELL_BYTES * SLOTS_A_CELL));
}
