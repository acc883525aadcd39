// Loads the WebAssembly module and reads its memory: one instance is one set of counts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { type KernelExports, tables } from './exports.ts';

const layoutVersion = 2;
const rowBytes = { cells: 0, capacity: 4 };
const cellBytes = 16;
const emptyKey = 0xffffffff;
const keyMask = 0x7fffffff;
const anchorBytes = 48;
const itemsPlanned = 1024;

export type KernelBuild = 'release' | 'debug';
export type PairTable = 'next' | 'same' | 'mem';

/** Half-lives in days (0: no decay) and the landmark days that weigh 1. */
export interface Decay {
  readonly halfLifeDays: number;
  readonly landmarkDay: number;
  readonly popularityHalfLifeDays: number;
  readonly popularityLandmarkDay: number;
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

const modules = new Map<KernelBuild, WebAssembly.Module>();

function compiled(build: KernelBuild): WebAssembly.Module {
  let module = modules.get(build);
  if (!module) {
    const path = createRequire(import.meta.url).resolve(`#kernel/${build}.wasm`);
    module = new WebAssembly.Module(readFileSync(path));
    modules.set(build, module);
  }
  return module;
}

function abort(_message: number, _file: number, line: number, column: number): never {
  throw new Error(`kernel aborted at ${line}:${column}`);
}

export class Kernel {
  readonly run: KernelExports;
  private view: DataView;
  private bytes: Uint8Array;

  constructor(decay: Decay, build: KernelBuild = 'release') {
    const instance = new WebAssembly.Instance(compiled(build), { env: { abort } });
    this.run = instance.exports as unknown as KernelExports;
    assert(this.run.LAYOUT_VERSION.value === layoutVersion, 'the kernel has another layout');
    assert(this.run.PAIR_ITEMS_MAX.value === limits.pairBasketItemsMax, 'limits differ: baskets');
    assert(this.run.VIEW_SERVED.value === limits.neighboursServed, 'limits differ: neighbours');
    this.view = new DataView(this.run.memory.buffer);
    this.bytes = new Uint8Array(this.run.memory.buffer);
    this.run.start(itemsPlanned);
    const { halfLifeDays, landmarkDay, popularityHalfLifeDays, popularityLandmarkDay } = decay;
    this.run.setDecay(halfLifeDays, landmarkDay, popularityHalfLifeDays, popularityLandmarkDay);
  }

  /** Growth detaches every view, so they are taken anew whenever the buffer has changed. */
  private memory(): DataView {
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
   * Reads a stored history (engine/views/history.ts) as of a sequence into side 0 or 1; returns its
   * baskets.
   */
  readHistory(
    side: 0 | 1,
    history: Uint8Array | undefined,
    asOf = Number.POSITIVE_INFINITY,
  ): number {
    this.write(history);
    return this.run.readHistory(side, history?.length ?? 0, asOf);
  }

  /** Takes back what `before` contributed and adds what `after` does; either may be absent. */
  apply(change: {
    readonly before: Uint8Array | undefined;
    readonly after: Uint8Array | undefined;
    readonly isMember: boolean;
    /** Read `before` as of this log sequence; default: as it is now. */
    readonly beforeAsOf?: number;
  }): void {
    this.readHistory(0, change.before, change.beforeAsOf);
    this.readHistory(1, change.after);
    this.run.applyChange(change.isMember);
  }

  /** What the last request selected, best first. */
  results(): Result[] {
    const count = this.run.resultCount();
    const address = this.run.resultsAddress() >>> 0;
    const memory = this.memory();
    return Array.from({ length: count }, (_, index) => ({
      item: memory.getUint32(address + index * 8, true),
      score: memory.getFloat32(address + index * 8 + 4, true),
    }));
  }

  anchor(index: number): Anchor {
    const address = (this.run.anchorsAddress() >>> 0) + index * anchorBytes;
    const memory = this.memory();
    return {
      item: memory.getUint32(address, true),
      receipts: memory.getUint32(address + 4, true),
      affinity: memory.getFloat64(address + 8, true),
      lastDay: memory.getInt32(address + 16, true),
    };
  }

  /** Receipts that held the item. */
  support(item: number): number {
    return Number(this.memory().getBigInt64((this.run.itemRecord(item) >>> 0) + 56, true));
  }

  /** POP[j] in baskets at the landmark. */
  popularity(item: number): number {
    return (
      Number(this.memory().getBigInt64((this.run.itemRecord(item) >>> 0) + 48, true)) / 2 ** 20
    );
  }

  /** Whether the request that goes on has given the item a score. */
  isScored(item: number): boolean {
    return this.memory().getFloat32(this.run.itemHot(item) >>> 0, true) !== 0;
  }

  /** IN[j]^-0.3, which every co-occurrence score of the item holds as a factor. */
  inFactor(item: number): number {
    return this.memory().getFloat32((this.run.itemHot(item) >>> 0) + 4, true);
  }

  /** All cells of a row, in no order. Slow: for audits. */
  row(table: PairTable | 'scope', row: number): KernelCell[] {
    const directory = this.run.rowAddress(tables[table], row) >>> 0;
    const memory = this.memory();
    const address = memory.getUint32(directory + rowBytes.cells, true);
    const capacity = memory.getUint32(directory + rowBytes.capacity, true);
    const cells: KernelCell[] = [];
    for (let at = address; at < address + capacity * cellBytes; at += cellBytes) {
      const key = memory.getUint32(at, true);
      if (key === emptyKey) continue;
      const count = memory.getInt32(at + 4, true);
      cells.push({ key: key & keyMask, count, weight: memory.getBigInt64(at + 8, true) });
    }
    return cells;
  }

  /** Of an item: N, IN, OUT, OPP, REP, POP, SUPPORT, ON, ON0, GAP_DAYS, GAPS, LAST. */
  counters(item: number): bigint[] {
    const address = this.run.itemRecord(item) >>> 0;
    const memory = this.memory();
    return Array.from({ length: 12 }, (_, index) =>
      memory.getBigInt64(address + 8 + index * 8, true),
    );
  }

  digest(): string {
    return hexadecimal(this.run.digest());
  }

  /** What one of so many parts of the cells adds up to, read anew: assembly/scrub.ts. */
  digestOfPart(part: number, parts: number): string {
    return hexadecimal(this.run.digestOfPart(part, parts));
  }

  /** Whether the cells add up to what was counted; reads every cell once. */
  addsUp(): boolean {
    const read = BigInt.asUintN(64, this.run.digestOfPart(0, 1));
    return read === BigInt.asUintN(64, this.run.digestOfCells());
  }
}

function hexadecimal(digest: bigint): string {
  return BigInt.asUintN(64, digest).toString(16).padStart(16, '0');
}
