// The functions of the WebAssembly module, as assembly/index.ts exports them. Addresses are u32 (JS
// sees i32: `>>> 0`).

/** Numbers of the module that do not change. */
export type KernelConstants = Readonly<Record<ConstantName, WebAssembly.Global>>;

type ConstantName =
  | 'AFTER_SIDE'
  | 'ANCHOR_AFFINITY'
  | 'ANCHOR_BYTES'
  | 'ANCHOR_ITEM'
  | 'ANCHOR_LAST_DAY'
  | 'ANCHOR_RECEIPTS'
  | 'BEFORE_SIDE'
  | 'BY_LAST_BUYS'
  | 'BY_SALES'
  | 'CELL_BYTES'
  | 'CELL_COUNT'
  | 'CELL_KEY'
  | 'CELL_WEIGHT'
  | 'DAYPARTS'
  | 'EMPTY'
  | 'ENTRY_BYTES'
  | 'EXPLANATION_AGAIN'
  | 'EXPLANATION_BYTES'
  | 'EXPLANATION_COUNT'
  | 'EXPLANATION_IN_FACTOR'
  | 'EXPLANATION_ITEM'
  | 'EXPLANATION_OWN'
  | 'EXPLANATION_POP'
  | 'EXPLANATION_RECEIPTS'
  | 'EXPLANATION_SUPPORT'
  | 'EXPLANATION_TERM'
  | 'FRESH_MAX'
  | 'HABIT_CELLS'
  | 'HOT_ACC'
  | 'HOT_BYTES'
  | 'HOT_IN_FACTOR'
  | 'ITEM_COUNTERS'
  | 'ITEM_EXPECTED'
  | 'ITEM_EXPECTED_ONCE'
  | 'ITEM_GAPS'
  | 'ITEM_GAP_DAYS'
  | 'ITEM_IN'
  | 'ITEM_LAST'
  | 'ITEM_N'
  | 'ITEM_ON'
  | 'ITEM_ON0'
  | 'ITEM_OPP'
  | 'ITEM_OUT'
  | 'ITEM_POP'
  | 'ITEM_REBOUGHT'
  | 'ITEM_REBOUGHT_ONCE'
  | 'ITEM_REP'
  | 'ITEM_SUPPORT'
  | 'KEY_MASK'
  | 'KIND_BITS'
  | 'LAYOUT_VERSION'
  | 'LEADS_MAX'
  | 'LINE_BYTES'
  | 'NEXT_PAIRS_MAX'
  | 'ONE'
  | 'PAIR_ITEMS_MAX'
  | 'REPEAT_DESIGN'
  | 'REPEAT_HABIT'
  | 'REPEAT_NONE'
  | 'REQUEST_SIDE'
  | 'RESULTS_MAX'
  | 'RESULT_BYTES'
  | 'RESULT_SCORE'
  | 'ROW_BYTES'
  | 'ROW_CAPACITY'
  | 'ROW_CELLS'
  | 'ROW_SIZE'
  | 'ROWS_A_PLACE'
  | 'ROW_VIEW'
  | 'TABLE_MEM'
  | 'TABLE_NEXT'
  | 'TABLE_NONE'
  | 'TABLE_SAME'
  | 'TABLE_SCOPE'
  | 'TERM_BYTES'
  | 'TERM_SCORE'
  | 'TERMS_BYTES'
  | 'TERMS_NAMED'
  | 'TERMS_REST'
  | 'VIEW_BYTES'
  | 'VIEW_SERVED'
  | 'WORD_BYTE'
  | 'WORD_CLOSE'
  | 'WORD_DECIMAL'
  | 'WORD_DIGITS'
  | 'WORD_DOUBLE'
  | 'WORD_OPEN'
  | 'WORD_TEXT'
  | 'WORD_VARINT';

export interface KernelExports extends KernelConstants {
  readonly memory: WebAssembly.Memory;
  /** Slots of popularity rows that were looked at. */
  readonly slotsRead: WebAssembly.Global;
  readonly itemCount: WebAssembly.Global;
  start(items: number): void;
  usedBytes(): number;
  heapTotalBytes(): number;
  setHeapLimits(soft: number, hard: number): void;
  power(value: number, exponent: number): number;
  setDecay(days: number, landmark: number, popDays: number, popLandmark: number): void;
  pairGrowth(day: number): number;
  addItem(hash: bigint): number;
  setCatalogued(item: number, isActive: boolean, isUpserted: boolean): void;
  isKnown(item: number): number;
  setUncounted(item: number, isUncounted: boolean): void;
  isUncounted(item: number): number;
  setSurvivor(item: number, survivor: number): void;
  survivorOf(item: number): number;
  makeBitmap(): number;
  setBit(bitmap: number, item: number, isSet: boolean): void;
  askBitmaps(one: number, other: number, last: number): void;
  bar(item: number): void;
  barHistory(): void;
  isEligible(item: number): number;
  keepEligible(items: number, count: number, most: number): number;
  itemRecord(item: number): number;
  itemHot(item: number): number;
  pushStore(hash: bigint): number;
  rowAddress(table: number, row: number): number;
  cellCount(): number;
  setViewGrowth(growth: number): void;
  settleRows(from: number, cells: number): number;
  historyInput(bytes: number): number;
  readHistory(side: number, bytes: number, asOf: number): number;
  beginChange(isMember: boolean): void;
  continueChange(cells: number): number;
  workDone(): number;
  countPart(part: number, parts: number): void;
  beginEstimate(): void;
  estimateNew(newItems: number, newStores: number): void;
  makeRoom(newItems: number, newStores: number): void;
  estimateChange(isMember: boolean): void;
  estimatedBytes(): number;
  startSnapshot(): void;
  continueSnapshot(bytes: number): number;
  abandonSnapshot(): void;
  snapshotAddress(): number;
  snapshotBytes(): number;
  drainSnapshot(): void;
  prepareRestore(items: number, stores: number, cells: number): void;
  reserveHeap(bytes: number): void;
  restoreSnapshot(address: number, bytes: number): number;
  finishRestore(): void;
  digest(): bigint;
  habitExpected(cell: number): bigint;
  habitRebought(cell: number): bigint;
  digestOfPart(part: number, parts: number): bigint;
  digestOfRow(table: number, row: number): bigint;
  digestOfCells(): bigint;
  lastTotal(): number;
  newestDay(): number;
  popularityTotal(): number;
  popularityTotalFixed(): bigint;
  receiptTotal(): number;
  repeatShare(): number;
  shareCountTotal(): bigint;
  shareSumFixed(): bigint;
  startRequest(limit: number, pairGrowthNow: number): void;
  startAside(limit: number): void;
  endAside(): void;
  weighHistory(ageDecay: number): number;
  keepHeaviest(most: number): void;
  addAnchor(item: number): void;
  addScore(item: number, value: number): void;
  accumulateNext(): void;
  accumulateSquares(table: number, scale: number): void;
  sumSquares(table: number): number;
  accumulateScope(scope: number): void;
  offerScope(scope: number): void;
  select(
    byAccumulator: number,
    table: number,
    byPrior: number,
    prior: number,
    repeat: number,
    withAnchors: boolean,
    withOthers: boolean,
  ): void;
  resultCount(): number;
  resultsAddress(): number;
  anchorsAddress(): number;
  anchorTotal(): number;
  anchorOf(item: number): number;
  explainInput(): number;
  explainItems(table: number, count: number): number;
  explainTerms(
    table: number,
    squared: boolean,
    by: number,
    byInFactor: boolean,
    count: number,
  ): number;
  repeatTerm(anchor: number, kind: number): number;
  ownRepeatShare(): number;
  pairCount(table: number, from: number, to: number): number;
  pairNearness(table: number, from: number, to: number, g: number): number;
  wasFirstBought(item: number): number;
  startCounting(count: number): number;
  countScope(scope: number, count: number): void;
  endCounting(count: number): void;
  usualGapDays(anchor: number): number;
  affinityTotal(): number;
  joinWords(count: number): number;
  joinTexts(bytes: number): number;
  joinPieces(bytes: number): number;
  join(count: number): number;
  joinedAddress(): number;
}
