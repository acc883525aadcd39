// The processor time of one thread, to the microsecond. Node tells only that of the whole process,
// its helpers among them; the clocks of WASI hold the thread's own.
import { WASI } from 'node:wasi';

/** `(module (memory (export "memory") 1))`: where a clock is written to. */
const memoryModule = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    [0x05, 0x03, 0x01, 0x00, 0x01],
    [0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
  ].flat(),
);
/** CLOCK_THREAD_CPUTIME_ID. */
const threadClock = 3;
const nanosecondsPerMs = 1_000_000;

/** Returns what tells the milliseconds that this thread has computed; a call takes 1 µs. */
export function openProcessorClock(): () => number {
  const wasi = new WASI({ version: 'preview1' });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(memoryModule), {});
  wasi.initialize(instance);
  const memory = instance.exports['memory'] as WebAssembly.Memory;
  const view = new DataView(memory.buffer);
  const read = wasi.wasiImport['clock_time_get'] as (
    clock: number,
    precision: bigint,
    to: number,
  ) => number;
  return () => {
    if (read(threadClock, 1n, 0) !== 0) throw new Error('there is no clock of a thread here');
    return Number(view.getBigUint64(0, true)) / nanosecondsPerMs;
  };
}
