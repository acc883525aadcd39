// What the module offers to TypeScript (engine/kernel/): free functions over numbers and addresses.

export {
  addAnchor,
  affinityTotal,
  ANCHOR_AFFINITY,
  ANCHOR_BYTES,
  ANCHOR_ITEM,
  ANCHOR_LAST_DAY,
  ANCHOR_RECEIPTS,
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
export {
  askBitmaps,
  bar,
  isEligible,
  isUncounted,
  keepEligible,
  makeBitmap,
  setBit,
  setUncounted,
} from './eligible';
export { beginEstimate, estimateChange, estimatedBytes, estimateNew } from './estimate-growth';
export { habitExpected, habitRebought, HABIT_CELLS } from './habits';
export { heapTotalBytes, setHeapLimits, usedBytes } from './heap';
export {
  AFTER_SIDE,
  BEFORE_SIDE,
  ENTRY_BYTES,
  historyInput,
  LINE_BYTES,
  readHistory,
  REQUEST_SIDE,
} from './history';
export { addItem, isKnown, itemCount, itemHot, itemRecord, setCatalogued } from './items';
export {
  join,
  joinedAddress,
  joinPieces,
  joinTexts,
  joinWords,
  KIND_BITS,
  WORD_BYTE,
  WORD_CLOSE,
  WORD_DECIMAL,
  WORD_DIGITS,
  WORD_DOUBLE,
  WORD_OPEN,
  WORD_TEXT,
  WORD_VARINT,
} from './join';
export {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  DAYPARTS,
  EMPTY,
  FRESH_MAX,
  HOT_ACC,
  HOT_BYTES,
  HOT_IN_FACTOR,
  ITEM_COUNTERS,
  ITEM_EXPECTED,
  ITEM_EXPECTED_ONCE,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_IN,
  ITEM_LAST,
  ITEM_N,
  ITEM_ON,
  ITEM_ON0,
  ITEM_OPP,
  ITEM_OUT,
  ITEM_POP,
  ITEM_REBOUGHT,
  ITEM_REBOUGHT_ONCE,
  ITEM_REP,
  ITEM_SUPPORT,
  KEY_MASK,
  LAYOUT_VERSION,
  NEXT_PAIRS_MAX,
  ONE,
  PAIR_ITEMS_MAX,
  ROW_BYTES,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_SIZE,
  ROW_VIEW,
  ROWS_A_PLACE,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_NONE,
  TABLE_SAME,
  TABLE_SCOPE,
  VIEW_BYTES,
  VIEW_SERVED,
} from './layout';
export { BY_LAST_BUYS, BY_SALES } from './popular';
export { settleRows, setViewGrowth } from './rows';
export { pushStore } from './scopes';
export {
  countScope,
  endCounting,
  explainInput,
  explainItems,
  EXPLANATION_AGAIN,
  EXPLANATION_BYTES,
  EXPLANATION_COUNT,
  EXPLANATION_IN_FACTOR,
  EXPLANATION_ITEM,
  EXPLANATION_OWN,
  EXPLANATION_POP,
  EXPLANATION_RECEIPTS,
  EXPLANATION_SUPPORT,
  EXPLANATION_TERM,
  pairCount,
  pairNearness,
  startCounting,
  wasFirstBought,
} from './explain';
export {
  ownRepeatShare,
  REPEAT_DESIGN,
  REPEAT_HABIT,
  REPEAT_NONE,
  repeatTerm,
  usualGapDays,
} from './repeat';
export { setSurvivor, survivorOf } from './merged';
export {
  accumulateNext,
  accumulateScope,
  accumulateSquares,
  offerScope,
  sumSquares,
} from './retrieve';
export { select } from './select';
export {
  explainTerms,
  TERM_BYTES,
  TERM_SCORE,
  TERMS_BYTES,
  TERMS_NAMED,
  TERMS_REST,
} from './terms';
export { slotsRead } from './tops';
export { RESULT_BYTES, RESULT_SCORE, RESULTS_MAX, resultCount, resultsAddress } from './topk';
export { addScore } from './touched';
export {
  digest,
  lastTotal,
  newestDay,
  popularityTotal,
  popularityTotalFixed,
  receiptTotal,
  repeatShare,
  shareCountTotal,
  shareSumFixed,
} from './totals';
export { digestOfCells, digestOfPart, digestOfRow } from './scrub';
export { pairGrowth, power, setDecay } from './weight';

import { startAnchors } from './accumulate';
import { startContribution } from './contribution';
import { reserveScopes } from './counts';
import { startEstimates } from './estimate-growth';
import { startEligible } from './eligible';
import { startExplain } from './explain';
import { startAnchorContributions } from './anchor-contributions';
import { startHabits } from './habits';
import { checkRoomFor, startHeap } from './heap';
import { startHistory } from './history';
import { itemCount, itemsBytes, makeItems, reserveColumns } from './items';
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
  startEstimates();
  startHabits();
  startExplain();
  startTerms();
  startAnchorContributions();
  startScopes();
  makeItems(items);
}

/**
 * Makes the parts of so many more items, and the rows of stores: what is looked ahead at
 * (estimate-growth.ts) may be of items that are not registered yet.
 */
export function makeRoom(newItems: u32, newStores: u32): void {
  makeItems(itemCount + newItems);
  reserveScopes((storeCount() + newStores) * ROWS_A_PLACE);
}

/**
 * Makes room for what a snapshot holds, so that it can be read before anything is registered. The
 * parts of its items are to be made afterwards, some at a time (`makeRoom`).
 */
export function prepareRestore(items: u32, stores: u32, cells: f64): void {
  // Once: each growth makes the collector look at all of the memory as if it were new.
  reserveHeap(<f64>itemsBytes(items) + cells * CELL_BYTES * SLOTS_A_CELL);
  reserveColumns(items);
  reserveScopes((stores + 1) * ROWS_A_PLACE);
}

/** Grows the memory once for what will be allocated bit by bit. */
export function reserveHeap(bytes: f64): void {
  checkRoomFor(<u64>bytes);
}
