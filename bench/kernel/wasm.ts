// The kernel of the release build, filled with the bench's chain, and one request to it as
// engine/serve/ makes it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { KernelExports } from '../../engine/index.ts';
import { type KernelData, lastDay, one } from './data.ts';

const layoutVersion = 6;
const tableNext = 1;
export const ageDecay = 0.9;
export const listLength = 20;
export const resultBytes = 8;
export const viewBytes = 528;
export const itemBytes = 136;
export const habitCells = 900;
/** Learnt from who came back for what (assembly/repeat.ts). */
const repeatHabit = 1;
export const hotBytes = 16;
/** As engine/serve/scenarios/personal.ts mixes them. */
export const shares = { neighbours: 0.36, popularity: 0.06, tasteUsual: 10 } as const;
/** Histories counted the usual way, for the chain's repurchase rate and the rest of its totals. */
const countedHistories = 50;
export const basketsAll = 2_000_000;

export class WasmKernel {
  readonly run: KernelExports;
  readonly growth: number;
  private readonly data: KernelData;
  private bytes: Uint8Array;

  constructor(data: KernelData) {
    this.data = data;
    const path = createRequire(import.meta.url).resolve('#kernel/release.wasm');
    const module = new WebAssembly.Module(readFileSync(path));
    const abort = () => {
      throw new Error('the kernel aborted');
    };
    const instance = new WebAssembly.Instance(module, { env: { abort } });
    this.run = instance.exports as unknown as KernelExports;
    if (this.run.LAYOUT_VERSION.value !== layoutVersion) throw new Error('another layout');
    this.fill();
    this.growth = this.run.pairGrowth(lastDay);
    this.run.setViewGrowth(this.growth);
    this.bytes = new Uint8Array(this.run.memory.buffer);
  }

  private fill(): void {
    const { run, data } = this;
    run.start(data.items);
    run.setDecay(60, lastDay, 30, lastDay);
    for (const hash of data.hashes) run.addItem(BigInt.asIntN(64, hash));
    for (const history of data.histories.slice(0, countedHistories)) {
      this.write(new Uint8Array(0));
      run.readHistory(0, 0, Number.POSITIVE_INFINITY);
      this.write(history);
      run.readHistory(1, history.length, Number.POSITIVE_INFINITY);
      run.beginChange(true);
      run.continueChange(0xffff_ffff);
    }
    run.prepareRestore(data.items, 0, 0);
    for (const [item, cells] of data.rows) {
      const block = encodeRow(item, cells);
      this.write(block);
      if (!run.restoreSnapshot(run.historyInput(0), block.length)) throw new Error('a row is lost');
    }
    this.setCounters();
    run.finishRestore();
  }

  /** Of a chain that has sold for years, not of the few histories that were counted. */
  private setCounters(): void {
    const { run, data } = this;
    const view = new DataView(run.memory.buffer);
    for (let item = 0; item < data.items; item++) {
      const at = run.itemRecord(item) >>> 0;
      const sold = data.popularity[item]!;
      const set = (offset: number, value: number) =>
        view.setBigInt64(at + offset, BigInt(Math.round(value * one)), true);
      set(8, sold);
      set(16, sold * 9);
      set(24, sold * 9);
      set(32, sold * 0.8);
      set(40, sold * 0.8 * ((item % 7) / 10));
      set(48, sold);
      set(104, sold * 0.2);
      set(112, sold * 0.2 * (0.5 + (item % 7) / 5));
      set(120, sold * 0.12);
      set(128, sold * 0.12 * (0.3 + (item % 5) / 6));
    }
  }

  private write(bytes: Uint8Array): number {
    const address = this.run.historyInput(bytes.length) >>> 0;
    if (this.bytes?.buffer !== this.run.memory.buffer) {
      this.bytes = new Uint8Array(this.run.memory.buffer);
    }
    this.bytes.set(bytes, address);
    return address;
  }

  /** The kernel's part of guess-you-like, with the history copied in as it comes from the store. */
  request(member: number): void {
    const { run } = this;
    const history = this.data.histories[member]!;
    this.write(history);
    run.readHistory(2, history.length, Number.POSITIVE_INFINITY);
    run.askBitmaps(0, 0, 0);
    run.startRequest(listLength, this.growth);
    run.weighHistory(ageDecay);
    const share = run.ownRepeatShare();
    const odds = (1 - share) / share;
    const byAccumulator =
      (shares.neighbours * odds) / Math.sqrt(shares.tasteUsual * run.affinityTotal());
    const byPopularity = (shares.popularity * odds) / basketsAll;
    run.accumulateNext();
    run.select(byAccumulator, tableNext, byPopularity, 0, repeatHabit, true, true);
  }

  /** What the last request found: (item u32, score f32) each. */
  results(): Uint8Array {
    const at = this.run.resultsAddress() >>> 0;
    return this.bytes.slice(at, at + this.run.resultCount() * resultBytes);
  }

  /** The neighbours of an item as they are served, views made by then; undefined without a row. */
  viewOf(item: number): Uint8Array | undefined {
    const row = this.run.rowAddress(tableNext, item) >>> 0;
    const view = new DataView(this.run.memory.buffer).getUint32(row + 12, true);
    return view === 0 ? undefined : this.bytes.slice(view, view + viewBytes);
  }

  records(): Uint8Array {
    const records = new Uint8Array(this.data.items * itemBytes);
    for (let item = 0; item < this.data.items; item++) {
      const at = this.run.itemRecord(item) >>> 0;
      records.set(this.bytes.subarray(at, at + itemBytes), item * itemBytes);
    }
    return records;
  }

  hots(): Uint8Array {
    const at = this.run.itemHot(0) >>> 0;
    return this.bytes.slice(at, at + this.data.items * hotBytes);
  }
}

/** A record of assembly/records.ts: keys of 4 bytes, counts of 1, weights of 8. */
function encodeRow(
  item: number,
  cells: readonly { readonly item: number; readonly weight: number }[],
): Uint8Array {
  const head = [tableNext, ...varint(item), ...varint(cells.length), ...varint(cells.length)];
  const bytes = new Uint8Array(head.length + 3 + cells.length * 13);
  const view = new DataView(bytes.buffer);
  bytes.set([...head, 32, 8, 64]);
  let at = head.length + 3;
  for (const { item: other, weight } of cells) {
    view.setUint32(at, other, true);
    view.setUint8(at + 4, 2);
    view.setBigInt64(at + 5, BigInt(Math.round(weight * one)) << 1n, true);
    at += 13;
  }
  return bytes;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
