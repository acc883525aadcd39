// The functions of the WebAssembly module, as assembly/index.ts exports them. Addresses are u32 (JS
// sees i32: `>>> 0`).

/** Where a history is read to: what counted before a change, what counts after it, a request's. */
export const sides = { before: 0, after: 1, request: 2 } as const;

/** Table codes of assembly/layout.ts. */
export const tables = { none: 0, next: 1, same: 2, mem: 3, scope: 4 } as const;

/** What is added to scores by how much an item sells, or how many members bought it last. */
export const priors = { sales: 0, lastBuys: 1 } as const;

/** Kinds of repeat term (assembly/repeat.ts). */
export const repeats = { none: 0, habit: 1, design: 2 } as const;

export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly LAYOUT_VERSION: WebAssembly.Global;
  readonly PAIR_ITEMS_MAX: WebAssembly.Global;
  readonly NEXT_PAIRS_MAX: WebAssembly.Global;
  readonly FRESH_MAX: WebAssembly.Global;
  readonly VIEW_SERVED: WebAssembly.Global;
  readonly LEADS_MAX: WebAssembly.Global;
  readonly ROWS_A_PLACE: WebAssembly.Global;
  /** Slots of popularity rows that were looked at. */
  readonly slotsRead: WebAssembly.Global;
  readonly RESULTS_MAX: WebAssembly.Global;
  readonly itemCount: WebAssembly.Global;
  start(items: number): void;
  usedBytes(): number;
  heapTotalBytes(): number;
  setHeapLimits(soft: number, hard: number): void;
  exp2(y: number): number;
  power(value: number, exponent: number): number;
  setDecay(days: number, landmark: number, popDays: number, popLandmark: number): void;
  pairGrowth(day: number): number;
  popGrowth(day: number): number;
  addItem(hash: bigint): number;
  setCatalogued(item: number, isActive: boolean, isTold: boolean): void;
  isKnown(item: number): number;
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
  basketCount(side: number): number;
  beginChange(isMember: boolean): void;
  continueChange(cells: number): number;
  workDone(): number;
  countPart(part: number, parts: number): void;
  beginForesight(newItems: number, newStores: number): void;
  makeRoom(newItems: number, newStores: number): void;
  foreseeChange(isMember: boolean): void;
  foreseenBytes(): number;
  startSnapshot(): void;
  continueSnapshot(bytes: number): number;
  abandonSnapshot(): void;
  snapshotAddress(): number;
  snapshotBytes(): number;
  drainSnapshot(): void;
  prepareRestore(items: number, stores: number, cells: number): void;
  restoreSnapshot(address: number, bytes: number): number;
  finishRestore(): void;
  digest(): bigint;
  readonly HABIT_CELLS: WebAssembly.Global;
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
  receiptsOn(day: number): bigint;
  repeatShare(): number;
  repurchaseRate(): number;
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
