// The kernel inside an engine, for tests that damage it as the world may: no code of ours is asked.
import type { Engine, KernelExports, KernelLayout } from '../../engine/index.ts';

interface Kernel {
  readonly run: KernelExports;
  readonly layout: KernelLayout;
  /** The linear memory as it is now. */
  memory(): DataView;
}

export function kernelOf(engine: Engine): Kernel {
  const counting = Reflect.get(engine, 'counting') as {
    readonly counts: { readonly kernel: Kernel };
  };
  return counting.counts.kernel;
}

/** As a bit that flips in memory: one cell of the first item's row in NEXT. */
export function flipOneCell(engine: Engine): void {
  const kernel = kernelOf(engine);
  const memory = kernel.memory();
  const { tables, row, cell } = kernel.layout;
  const directory = kernel.run.rowAddress(tables.next, 0) >>> 0;
  const cells = memory.getUint32(directory + row.cells, true);
  const capacity = memory.getUint32(directory + row.capacity, true);
  for (let at = cells; at < cells + capacity * cell.bytes; at += cell.bytes) {
    if (memory.getUint32(at + cell.key, true) === cell.empty) continue;
    const weight = at + cell.weight;
    memory.setBigInt64(weight, memory.getBigInt64(weight, true) ^ 1n, true);
    return;
  }
  throw new Error('the row is empty');
}

/** As memory that was written over: the first item's row in SAME lies where there is nothing. */
export function loseOneRow(engine: Engine): void {
  const kernel = kernelOf(engine);
  const { tables, row } = kernel.layout;
  const directory = kernel.run.rowAddress(tables.same, 0) >>> 0;
  // Its cells and its view.
  for (const at of [row.cells, row.view])
    kernel.memory().setUint32(directory + at, 0xffff_fff0, true);
}

/** As a system that has no memory left: whatever the kernel allocates next fails. */
export function takeAllMemory(engine: Engine): void {
  kernelOf(engine).run.setHeapLimits(0, 0);
}
