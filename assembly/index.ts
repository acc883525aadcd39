// What the module offers to TypeScript (engine/kernel/): free functions over numbers and addresses.

export {
  accumulateNext,
  accumulateSame,
  accumulateScope,
  addAnchor,
  addScore,
  affinityTotal,
  anchorOf,
  anchorsAddress,
  exclude,
  repeatTerm,
  select,
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
export { heapTotalBytes, heapUsedBytes } from './heap';
export { basketCount, historyInput, readHistory } from './history';
export { itemCount, itemHot, itemRecord, setEligible } from './items';
export { LAYOUT_VERSION, PAIR_ITEMS_MAX, VIEW_SERVED } from './layout';
export { settleRows, setViewGrowth } from './rows';
export { pushStore } from './scopes';
export { bestAnchor, bestTerm, explainResults, pairCount, scopeCount } from './explain';
export { resultCount, resultsAddress } from './topk';
export {
  digest,
  newestDay,
  popularityTotal,
  popularityTotalFixed,
  receiptsOn,
  repeatShare,
  repurchaseRate,
  shareCountTotal,
  shareSumFixed,
} from './totals';
export { exp2, pairGrowth, popGrowth, power, setDecay } from './weight';

import { startAccumulate } from './accumulate';
import { startExplain } from './explain';
import { reserveRows } from './counts';
import { startHeap } from './heap';
import { itemCount, pushItem, reserveItems } from './items';
import { TABLE_NEXT, TABLE_SAME } from './layout';
import { startPopular } from './popular';
import { startRows } from './rows';
import { startScopes } from './scopes';
import { startTopk } from './topk';

/** Lays out the memory for about `items` items; called once, first. */
export function start(items: u32): void {
  startHeap();
  startRows();
  startPopular();
  startTopk();
  startAccumulate();
  startExplain();
  startScopes();
  roomFor(items);
}

function roomFor(items: u32): void {
  const capacity = reserveItems(items);
  reserveRows(TABLE_NEXT, capacity);
  reserveRows(TABLE_SAME, capacity);
}

/** Appends an item by the XXH64 of its outside id; returns its number. */
export function addItem(hash: u64): u32 {
  roomFor(itemCount + 1);
  return pushItem(hash);
}
