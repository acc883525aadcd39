// The kernel of the release build, filled with the bench's chain, and one request to it as
// engine/serve/ makes it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type KernelExports, type KernelLayout, layoutOf } from '../../engine/index.ts';
import { entryBytes, type KernelData, lastDay, lineBytes, one } from './data.ts';

export const ageDecay = 0.9;
export const listLength = 20;
/** Of the twins, as of the kernel. */
export const resultBytes = 8;
export const hotBytes = 16;
/** As engine/serve/scenarios/personal.ts mixes them. */
export const shares = { neighbours: 0.36, popularity: 0.06, tasteUsual: 10 } as const;
/** Histories counted the usual way, for the chain's repurchase rate and the rest of its totals. */
const countedHistories = 50;
export const basketsAll = 2_000_000;

export class WasmKernel {
  readonly run: KernelExports;
  readonly layout: KernelLayout;
  /** An item's hash and counters. */
  readonly itemBytes: number;
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
    this.layout = layoutOf(this.run);
    const { result, hot, entry, counters, counterTotal } = this.layout;
    this.itemBytes = counters.n + counterTotal * 8;
    const ours = [resultBytes, hotBytes, entryBytes, lineBytes];
    for (const [at, bytes] of [result.bytes, hot.bytes, entry.bytes, entry.lineBytes].entries()) {
      if (ours[at] !== bytes) throw new Error(`the twins take ${ours[at]} bytes, not ${bytes}`);
    }
    this.fill();
    this.growth = this.run.pairGrowth(lastDay);
    this.run.setViewGrowth(this.growth);
    this.bytes = new Uint8Array(this.run.memory.buffer);
  }

  private fill(): void {
    const { run, data } = this;
    const { sides, tables } = this.layout;
    run.start(data.items);
    run.setDecay(60, lastDay, 30, lastDay);
    for (const hash of data.hashes) run.addItem(BigInt.asIntN(64, hash));
    for (const history of data.histories.slice(0, countedHistories)) {
      this.write(new Uint8Array(0));
      run.readHistory(sides.before, 0, Number.POSITIVE_INFINITY);
      this.write(history);
      run.readHistory(sides.after, history.length, Number.POSITIVE_INFINITY);
      run.beginChange(true);
      run.continueChange(0xffff_ffff);
    }
    run.prepareRestore(data.items, 0, 0);
    run.makeRoom(data.items, 0);
    for (const [item, cells] of data.rows) {
      const block = encodeRow(tables.next, item, cells);
      this.write(block);
      if (!run.restoreSnapshot(run.historyInput(0), block.length)) throw new Error('a row is lost');
    }
    this.setCounters();
    run.finishRestore();
  }

  /** Of a chain that has sold for years, not of the few histories that were counted. */
  private setCounters(): void {
    const { run, data } = this;
    const { counters, one: fixed } = this.layout;
    const view = new DataView(run.memory.buffer);
    for (let item = 0; item < data.items; item++) {
      const at = run.itemRecord(item) >>> 0;
      const sold = data.popularity[item]!;
      const set = (name: keyof typeof counters, value: number) =>
        view.setBigInt64(at + counters[name], BigInt(Math.round(value * fixed)), true);
      set('n', sold);
      set('in', sold * 9);
      set('out', sold * 9);
      set('opp', sold * 0.8);
      set('rep', sold * 0.8 * ((item % 7) / 10));
      set('pop', sold);
      set('expected', sold * 0.2);
      set('rebought', sold * 0.2 * (0.5 + (item % 7) / 5));
      set('expectedOnce', sold * 0.12);
      set('reboughtOnce', sold * 0.12 * (0.3 + (item % 5) / 6));
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
    const { run, layout } = this;
    const { sides, tables, priors, repeats } = layout;
    const history = this.data.histories[member]!;
    this.write(history);
    run.readHistory(sides.request, history.length, Number.POSITIVE_INFINITY);
    run.askBitmaps(0, 0, 0);
    run.startRequest(listLength, this.growth);
    run.weighHistory(ageDecay);
    const share = run.ownRepeatShare();
    const odds = (1 - share) / share;
    const byAccumulator =
      (shares.neighbours * odds) / Math.sqrt(shares.tasteUsual * run.affinityTotal());
    const byPopularity = (shares.popularity * odds) / basketsAll;
    run.accumulateNext();
    run.select(byAccumulator, tables.next, byPopularity, priors.sales, repeats.habit, true, true);
  }

  /** What the last request found: (item u32, score f32) each. */
  results(): Uint8Array {
    const at = this.run.resultsAddress() >>> 0;
    return this.bytes.slice(at, at + this.run.resultCount() * resultBytes);
  }

  /** The neighbours of an item as they are served, views made by then; undefined without a row. */
  viewOf(item: number): Uint8Array | undefined {
    const { tables, row: offsets, viewBytes } = this.layout;
    const row = this.run.rowAddress(tables.next, item) >>> 0;
    const view = new DataView(this.run.memory.buffer).getUint32(row + offsets.view, true);
    return view === 0 ? undefined : this.bytes.slice(view, view + viewBytes);
  }

  records(): Uint8Array {
    const { itemBytes } = this;
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
  table: number,
  item: number,
  cells: readonly { readonly item: number; readonly weight: number }[],
): Uint8Array {
  const head = [table, ...varint(item), ...varint(cells.length), ...varint(cells.length)];
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
