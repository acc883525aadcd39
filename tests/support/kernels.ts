// The kernel inside an engine, for tests that damage it as the world may: no code of ours is asked.
import type { Engine, KernelExports } from '../../engine/index.ts';

interface Kernel {
  readonly run: KernelExports;
  /** The linear memory as it is now. */
  memory(): DataView;
}

export function kernelOf(engine: Engine): Kernel {
  const keeper = Reflect.get(engine, 'keeper') as { readonly counts: { readonly kernel: Kernel } };
  return keeper.counts.kernel;
}

/** As a bit that flips in memory: one cell of the first item's row in NEXT. */
export function flipOneCell(engine: Engine): void {
  const kernel = kernelOf(engine);
  const memory = kernel.memory();
  const directory = kernel.run.rowAddress(1, 0) >>> 0;
  const [cells, capacity] = [0, 4].map((at) => memory.getUint32(directory + at, true));
  for (let at = cells!; at < cells! + capacity! * 16; at += 16) {
    if (memory.getUint32(at, true) === 0xffff_ffff) continue;
    memory.setBigInt64(at + 8, memory.getBigInt64(at + 8, true) ^ 1n, true);
    return;
  }
  throw new Error('the row is empty');
}

/** As memory that was written over: the first item's row in SAME lies where there is nothing. */
export function loseOneRow(engine: Engine): void {
  const kernel = kernelOf(engine);
  const directory = kernel.run.rowAddress(2, 0) >>> 0;
  // Its cells and its view.
  for (const at of [0, 12]) kernel.memory().setUint32(directory + at, 0xffff_fff0, true);
}

/** As a system that has no memory left: whatever the kernel allocates next fails. */
export function takeAllMemory(engine: Engine): void {
  kernelOf(engine).run.setHeapLimits(0, 0);
}
