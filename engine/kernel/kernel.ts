// One set of counts: an instance of the module, and how its memory is read.
import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { daypartCount } from '../base/time.ts';
import type { KernelExports } from './exports.ts';
import { type KernelOptions, startModule } from './instance.ts';
import { type KernelLayout, layoutOf } from './layout.ts';

/** Of the meaning of what the module exports; the numbers are read from it. */
const layoutVersion = 8;
/** Of each place: its dayparts, and what they come to. */
const rowsOfPlace = daypartCount + 1;

export type PairTable = 'next' | 'same' | 'mem';

/** Half-lives in days (0: no decay) and the landmark days that weigh 1. */
export interface Decay {
  readonly halfLifeDays: number;
  readonly landmarkDay: number;
  readonly popularityHalfLifeDays: number;
  readonly popularityLandmarkDay: number;
}

/** The popularity row of a place (0 is the chain) at one daypart; undefined: of its whole day. */
export function scopeOf(place: number, daypart: number | undefined): number {
  return place * rowsOfPlace + (daypart ?? daypartCount);
}

export interface KernelCell {
  readonly key: number;
  readonly count: number;
  readonly weight: bigint;
}

export interface Result {
  readonly item: number;
  readonly score: number;
}

/** What a request knows of one item of the member's history. */
export interface Anchor {
  readonly item: number;
  readonly receipts: number;
  /** f_u: the sum of 0.9^age over the member's baskets that hold it. */
  readonly affinity: number;
  readonly lastDay: number;
}

const itemsPlanned = 1_024;
/** Cells of one part that is read to be compared, at 10 to 80 ns each. */
const cellsOfScrub = 60_000;
const scrubPartsMin = 32;

export interface KernelChange {
  readonly before: Buffer | undefined;
  readonly after: Buffer | undefined;
  readonly isMember: boolean;
  /** Read `before` as of this log sequence; default: as it is now. */
  readonly beforeAsOf?: number;
}

/** Items and stores that the kernel does not know yet. */
interface NewIds {
  readonly newItems: number;
  readonly newStores: number;
}

/** More cells than any change has. */
const wholeChange = 0xffff_ffff;

export class Kernel {
  readonly run: KernelExports;
  readonly layout: KernelLayout;
  readonly memoryMax: number;
  private readonly memoryReserve: number;
  private view: DataView;
  private bytes: Uint8Array;

  /** `setDecay` must follow before anything is counted. */
  constructor({ build = 'release', memory }: KernelOptions = {}) {
    this.run = startModule(build, itemsPlanned);
    this.layout = layoutOf(this.run);
    this.memoryMax = memory?.maxBytes ?? Number.POSITIVE_INFINITY;
    this.memoryReserve = memory?.reserveBytes ?? 0;
    if (memory) this.run.setHeapLimits(memory.maxBytes, memory.maxBytes + memory.reserveBytes);
    assert(this.run.LAYOUT_VERSION.value === layoutVersion, 'the kernel has another layout');
    assert(this.run.PAIR_ITEMS_MAX.value === limits.pairBasketItemsMax, 'limits differ: baskets');
    assert(this.run.NEXT_PAIRS_MAX.value === limits.nextPairsMax, 'limits differ: pairs');
    assert(this.run.FRESH_MAX.value === limits.freshItemsMax, 'limits differ: new items');
    assert(this.run.VIEW_SERVED.value === limits.neighboursServed, 'limits differ: neighbours');
    assert(this.layout.dayparts === daypartCount, 'limits differ: dayparts');
    assert(this.run.ROWS_A_PLACE.value === rowsOfPlace, 'limits differ: dayparts');
    assert(this.run.LEADS_MAX.value === limits.leadsMax, 'limits differ: leads');
    this.view = new DataView(this.run.memory.buffer);
    this.bytes = new Uint8Array(this.run.memory.buffer);
  }

  setDecay(decay: Decay): void {
    const { halfLifeDays, landmarkDay, popularityHalfLifeDays, popularityLandmarkDay } = decay;
    this.run.setDecay(halfLifeDays, landmarkDay, popularityHalfLifeDays, popularityLandmarkDay);
  }

  /** Growth detaches every view, so they are taken anew whenever the buffer has changed. */
  memory(): DataView {
    if (this.view.buffer !== this.run.memory.buffer) {
      this.view = new DataView(this.run.memory.buffer);
      this.bytes = new Uint8Array(this.run.memory.buffer);
    }
    return this.view;
  }

  /** Copies bytes into the kernel's input and returns their address. */
  write(bytes: Uint8Array | undefined): number {
    const address = this.run.historyInput(bytes?.length ?? 0) >>> 0;
    this.memory();
    if (bytes) this.bytes.set(bytes, address);
    return address;
  }

  /** What the snapshot has written and nobody has taken; of use until the kernel runs again. */
  snapshotBytes(): Uint8Array {
    this.memory();
    const address = this.run.snapshotAddress() >>> 0;
    return this.bytes.subarray(address, address + this.run.snapshotBytes());
  }

  /**
   * Reads a stored history (engine/history/entry.ts) as of a sequence into a side; returns its
   * baskets.
   */
  readHistory(
    side: number,
    history: Uint8Array | undefined,
    asOf = Number.POSITIVE_INFINITY,
  ): number {
    this.write(history);
    return this.run.readHistory(side, history?.length ?? 0, asOf);
  }

  private readSides(change: KernelChange): void {
    const { sides } = this.layout;
    this.readHistory(sides.before, change.before, change.beforeAsOf);
    this.readHistory(sides.after, change.after);
  }

  /** Takes back what `before` contributed and adds what `after` does; either may be absent. */
  apply(change: KernelChange): void {
    this.beginChange(change);
    while (!this.continueChange(wholeChange));
  }

  /**
   * Begins the same in slices. Until it is done no other change may be begun or estimated; requests
   * may be answered in between, from counts that hold a part of it.
   */
  beginChange(change: KernelChange): void {
    this.readSides(change);
    this.run.beginChange(change.isMember);
  }

  /** Goes on for about `cells` changed cells; whether it is done. */
  continueChange(cells: number): boolean {
    return Boolean(this.run.continueChange(cells));
  }

  /** What the last slice has done, in about changed cells. */
  get workDone(): number {
    return this.run.workDone();
  }

  /**
   * The bytes that these changes, counted together, and so many new items and stores may take at
   * the most. Nothing is counted.
   */
  estimateGrowth(changes: Iterable<KernelChange>, more: NewIds): number {
    this.beginEstimate();
    return this.continueEstimate(changes, more);
  }

  /** Begins the same in slices; whatever else is asked in between, nothing may be counted. */
  beginEstimate(): void {
    this.run.beginEstimate();
  }

  estimateChange(change: KernelChange): void {
    // What is only taken back takes no memory.
    if (change.after === undefined) return;
    this.readSides(change);
    this.run.estimateChange(change.isMember);
  }

  /** The rest of it, and what all of it may take. */
  continueEstimate(changes: Iterable<KernelChange>, { newItems, newStores }: NewIds): number {
    this.run.estimateNew(newItems, newStores);
    if (!this.hasRoomFor(this.run.estimatedBytes())) return this.run.estimatedBytes();
    this.run.makeRoom(newItems, newStores);
    for (const change of changes) this.estimateChange(change);
    return this.run.estimatedBytes();
  }

  /** Whether more is used than may be, and half of what is kept beyond. */
  get isOverfull(): boolean {
    return this.run.usedBytes() > this.memoryMax + this.memoryReserve / 2;
  }

  /**
   * Whether so many bytes more may be used: as a matter of course, or, `fromReserve`, with half of
   * what is kept beyond.
   */
  hasRoomFor(bytes: number, fromReserve = false): boolean {
    const most = this.memoryMax + (fromReserve ? this.memoryReserve / 2 : 0);
    return this.run.usedBytes() + bytes <= most;
  }

  /** What the last request selected, best first. */
  results(): Result[] {
    return this.mapResults((item, score) => ({ item, score }));
  }

  /** What `make` makes of each of them: without an object between, for every list reads them. */
  mapResults<T>(make: (item: number, score: number) => T): T[] {
    const count = this.run.resultCount();
    const address = this.run.resultsAddress() >>> 0;
    const memory = this.memory();
    const { bytes, score } = this.layout.result;
    const made: T[] = [];
    for (let at = address; at < address + count * bytes; at += bytes) {
      made.push(make(memory.getUint32(at, true), memory.getFloat32(at + score, true)));
    }
    return made;
  }

  anchor(index: number): Anchor {
    const { bytes, item, receipts, affinity, lastDay } = this.layout.anchor;
    const address = (this.run.anchorsAddress() >>> 0) + index * bytes;
    const memory = this.memory();
    return {
      item: memory.getUint32(address + item, true),
      receipts: memory.getUint32(address + receipts, true),
      affinity: memory.getFloat64(address + affinity, true),
      lastDay: memory.getInt32(address + lastDay, true),
    };
  }

  /** The item of an anchor, where that is all there is to know. */
  anchorItem(index: number): number {
    const { bytes, item } = this.layout.anchor;
    return this.memory().getUint32((this.run.anchorsAddress() >>> 0) + index * bytes + item, true);
  }

  /** The first `most` of some items that may be listed; RESULTS_MAX of them at most. */
  eligibleOf(items: readonly number[], most: number): number[] {
    assert(
      items.length <= this.run.RESULTS_MAX.value,
      'more items than can be asked about at once',
    );
    const asked = this.run.explainInput() >>> 0;
    const memory = this.memory();
    for (let at = 0; at < items.length; at++) memory.setUint32(asked + at * 4, items[at]!, true);
    const kept = this.run.keepEligible(asked, items.length, most);
    return Array.from({ length: kept }, (_, at) => memory.getUint32(asked + at * 4, true));
  }

  /** Receipts that held the item. */
  support(item: number): number {
    return this.wholeAt((this.run.itemRecord(item) >>> 0) + this.layout.counters.support);
  }

  /** POP[j] in baskets at the landmark. */
  popularity(item: number): number {
    const { counters, one } = this.layout;
    return this.wholeAt((this.run.itemRecord(item) >>> 0) + counters.pop) / one;
  }

  /** An i64 as a number, rounded once beyond 2⁵³: without a BigInt for every item asked. */
  wholeAt(address: number): number {
    const memory = this.memory();
    return memory.getInt32(address + 4, true) * 2 ** 32 + memory.getUint32(address, true);
  }

  /** LAST[j] in members at the landmark. */
  lastBuys(item: number): number {
    const { counters, one } = this.layout;
    const at = (this.run.itemRecord(item) >>> 0) + counters.last;
    return Number(this.memory().getBigInt64(at, true)) / one;
  }

  /** Whether the request that goes on has given the item a score. */
  isScored(item: number): boolean {
    const at = (this.run.itemHot(item) >>> 0) + this.layout.hot.score;
    return this.memory().getFloat32(at, true) !== 0;
  }

  /** IN[j]^-0.3, which every co-occurrence score of the item holds as a factor. */
  inFactor(item: number): number {
    const at = (this.run.itemHot(item) >>> 0) + this.layout.hot.inFactor;
    return this.memory().getFloat32(at, true);
  }

  /** Cells of a row. */
  rowSize(table: PairTable | 'scope', row: number): number {
    const { tables, row: offsets } = this.layout;
    const directory = this.run.rowAddress(tables[table], row) >>> 0;
    return this.memory().getUint32(directory + offsets.size, true);
  }

  /** What the cells of a row add up to (docs/reference/digest.md): 3 ns a cell. */
  rowDigest(table: PairTable | 'scope', row: number): bigint {
    return this.run.digestOfRow(this.layout.tables[table], row);
  }

  /** All cells of a row, or one of so many parts of them, in no order. Slow: for audits. */
  row(table: PairTable | 'scope', row: number, part = 0, parts = 1): KernelCell[] {
    const { tables, row: offsets, cell } = this.layout;
    const directory = this.run.rowAddress(tables[table], row) >>> 0;
    const memory = this.memory();
    const address = memory.getUint32(directory + offsets.cells, true);
    const capacity = memory.getUint32(directory + offsets.capacity, true);
    const cells: KernelCell[] = [];
    for (let at = address; at < address + capacity * cell.bytes; at += cell.bytes) {
      const key = memory.getUint32(at + cell.key, true);
      const number = key & cell.keyMask;
      if (key === cell.empty || number % parts !== part) continue;
      const count = memory.getInt32(at + cell.count, true);
      const weight = memory.getBigInt64(at + cell.weight, true);
      cells.push({ key: number, count, weight });
    }
    return cells;
  }

  /** Cells of all items' rows, and the bytes of slots, directories and views. For audits. */
  pairRows(): { readonly pairs: number; readonly pairBytes: number } {
    const memory = this.memory();
    const { tables, row: offsets, cell, viewBytes } = this.layout;
    let [pairs, pairBytes] = [0, 0];
    for (const table of ['next', 'same', 'mem'] as const) {
      for (let item = 0; item < this.run.itemCount.value; item++) {
        const row = this.run.rowAddress(tables[table], item) >>> 0;
        pairs += memory.getUint32(row + offsets.size, true);
        pairBytes += offsets.bytes;
        pairBytes += memory.getUint32(row + offsets.capacity, true) * cell.bytes;
        if (memory.getUint32(row + offsets.view, true) > 0) pairBytes += viewBytes;
      }
    }
    return { pairs, pairBytes };
  }

  /**
   * Of an item: N, IN, OUT, OPP, REP, POP, SUPPORT, ON, ON0, GAP_DAYS, GAPS, LAST, EXPECTED,
   * REBOUGHT, EXPECTED_ONCE, REBOUGHT_ONCE.
   */
  counters(item: number): bigint[] {
    const address = this.run.itemRecord(item) >>> 0;
    const memory = this.memory();
    const { n: first } = this.layout.counters;
    return Array.from({ length: this.layout.counterTotal }, (_, index) =>
      memory.getBigInt64(address + first + index * 8, true),
    );
  }

  /** Every cell of HABITS in the order of docs/reference/counts.md. */
  habits(): { readonly expected: bigint; readonly rebought: bigint }[] {
    return Array.from({ length: Number(this.run.HABIT_CELLS.value) }, (_, cell) => ({
      expected: this.run.habitExpected(cell),
      rebought: this.run.habitRebought(cell),
    }));
  }

  digest(): string {
    return hexadecimal(this.run.digest());
  }

  /** What one of so many parts of the cells adds up to, read anew: assembly/scrub.ts. */
  digestOfPart(part: number, parts: number): string {
    return hexadecimal(this.run.digestOfPart(part, parts));
  }

  /** In how many parts the cells are read, so that each takes a few milliseconds at most. */
  get scrubParts(): number {
    return Math.max(scrubPartsMin, Math.ceil(this.run.cellCount() / cellsOfScrub));
  }

  /**
   * Reads every cell once, a part for each step; answers at the end whether they add up to what was
   * counted. Nothing may be counted meanwhile.
   */
  *addUp(): Generator<void, boolean> {
    const parts = this.scrubParts;
    let sum = 0n;
    for (let part = 0; part < parts; part++) {
      sum += this.run.digestOfPart(part, parts);
      yield;
    }
    return BigInt.asUintN(64, sum) === BigInt.asUintN(64, this.run.digestOfCells());
  }
}

function hexadecimal(digest: bigint): string {
  return BigInt.asUintN(64, digest).toString(16).padStart(16, '0');
}
