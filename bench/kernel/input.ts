// What the twins are given: copies of what the WebAssembly kernel holds.
import { type KernelData, one } from './data.ts';
import type { TwinInput } from './twin.ts';
import type { WasmKernel } from './wasm.ts';

/** As assembly/popular.ts lists them: all that sell more than the 128th does. */
const popularAim = 128;

export function twinInput(data: KernelData, wasm: WasmKernel): TwinInput {
  const records = new DataView(wasm.records().buffer);
  const { counters, viewBytes } = wasm.layout;
  const counter = (name: keyof typeof counters) =>
    Float64Array.from({ length: data.items }, (_, item) => {
      return Number(records.getBigInt64(item * wasm.itemBytes + counters[name], true)) / one;
    });
  const threshold = data.popularity.toSorted().at(-popularAim)! + 1 / one;
  const popular = Uint32Array.from(
    [...data.popularity.keys()].filter((item) => data.popularity[item]! >= threshold),
  );
  const rowOf = new Int32Array(data.items).fill(-1);
  const views: Uint8Array[] = [];
  for (const item of data.rows.keys()) {
    const view = wasm.viewOf(item);
    if (view === undefined) throw new Error(`item ${item} has no view`);
    rowOf[item] = views.push(view) - 1;
  }
  const { run } = wasm;
  const cells = (read: (index: number) => bigint) =>
    Float64Array.from({ length: run.HABIT_CELLS.value }, (_, index) => Number(read(index)));
  const expectedCells = cells((index) => run.habitExpected(index));
  const reboughtCells = cells((index) => run.habitRebought(index));
  const sum = (values: Float64Array) => values.reduce((whole, value) => whole + value, 0);
  return {
    items: data.items,
    growth: wasm.growth,
    threshold,
    repeatShare: run.repeatShare(),
    reboughtRate: (sum(reboughtCells) * one) / sum(expectedCells),
    expectedCells,
    reboughtCells,
    hashes: data.hashes,
    outs: counter('out'),
    expected: counter('expected'),
    rebought: counter('rebought'),
    expectedOnce: counter('expectedOnce'),
    reboughtOnce: counter('reboughtOnce'),
    hots: wasm.hots(),
    rowOf,
    views: Buffer.concat(views, views.length * viewBytes),
    popular,
    histories: data.histories,
  };
}
