// What the module offers to TypeScript (engine/kernel/): free functions over numbers and addresses.

export {
  addAnchor,
  addScore,
  affinityTotal,
  anchorOf,
  anchorTotal,
  anchorsAddress,
  exclude,
  keepHeaviest,
  repeatTerm,
  select,
  startRequest,
  usualGapDays,
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
export { heapTotalBytes, heapUsedBytes } from './heap';
export { basketCount, historyInput, readHistory } from './history';
export { itemCount, itemHot, itemRecord, setEligible } from './items';
export { LAYOUT_VERSION, PAIR_ITEMS_MAX, VIEW_SERVED } from './layout';
export { settleRows, setViewGrowth } from './rows';
export { pushStore } from './scopes';
export {
  bestAnchor,
  bestTerm,
  explainResults,
  pairCount,
  pairNearness,
  scopeCount,
  wasFirstBought,
} from './explain';
export { accumulateNext, accumulateScope, accumulateSquares, sumSquares } from './retrieve';
export { resultCount, resultsAddress } from './topk';
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
import { reserveRows } from './counts';
import { startHeap } from './heap';
import { itemCount, pushItem, reserveItems } from './items';
import { TABLE_MEM, TABLE_NEXT, TABLE_SAME } from './layout';
import { startPopular } from './popular';
import { startRetrieve } from './retrieve';
import { startRows } from './rows';
import { startScopes } from './scopes';
import { startTopk } from './topk';

/** Lays out the memory for about `items` items; called once, first. */
export function start(items: u32): void {
  startHeap();
  startRows();
  startPopular();
  startTopk();
  startRetrieve();
  startContribution();
  startExplain();
  startScopes();
  roomFor(items);
}

function roomFor(items: u32): void {
  const capacity = reserveItems(items);
  reserveRows(TABLE_NEXT, capacity);
  reserveRows(TABLE_SAME, capacity);
  reserveRows(TABLE_MEM, capacity);
}

/** Appends an item by the XXH64 of its outside id; returns its number. */
export function addItem(hash: u64): u32 {
  roomFor(itemCount + 1);
  return pushItem(hash);
}
