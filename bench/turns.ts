// How long the event loop keeps everybody waiting: the length of each of its turns, less the time
// that other processes had the processor, and what it computed.
import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { openProcessorClock } from './processor-clock.ts';

/** Milliseconds, but `n`. */
export interface Turns {
  /** Turns with work in them. */
  readonly n: number;
  readonly median: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The longest turn in which the collector did not run. */
  readonly workMax: number;
  /** The longest pause of the collector. */
  readonly collectionMax: number;
  /** The longest turn as the clock on the wall saw it. */
  readonly wallMax: number;
  /**
   * The most that a turn computed: the thread's own processor time, whoever else wants the machine,
   * less what the collector took of it. On a crowded machine a thread waits for its own helpers
   * too, which no other figure shows.
   */
  readonly processorMax: number;
  /** The same with the collector. */
  readonly processorWithCollectorMax: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** From start to end, less what this thread waited for a processor. */
  readonly own: number;
  readonly processor: number;
}

/** Shorter turns are the recorder's own: nothing else ran in them. */
const workMs = 0.02;
const nanosecondsPerMs = 1_000_000;
const processorTime = openProcessorClock();

/** Milliseconds that this thread has waited for a processor, as Linux counts them; 0 elsewhere. */
function openWaiting(): { readonly read: () => number; readonly close: () => void } {
  const bytes = Buffer.alloc(128);
  try {
    const descriptor = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    return {
      read: () => {
        const length = readSync(descriptor, bytes, 0, bytes.length, 0);
        return Number(bytes.toString('latin1', 0, length).split(' ')[1]) / nanosecondsPerMs;
      },
      close: () => closeSync(descriptor),
    };
  } catch {
    return { read: () => 0, close: () => {} };
  }
}

function summed(turns: readonly Span[], collections: readonly Span[]): Turns {
  const lengths = turns.map(({ own }) => own).sort((a, b) => a - b);
  const at = (share: number) =>
    lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  const isWork = ({ start, end }: Span) =>
    !collections.some((collection) => collection.start < end && collection.end > start);
  const longest = (spans: readonly Span[]) =>
    spans.reduce((most, { own }) => Math.max(most, own), 0);
  return {
    n: turns.length,
    median: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    max: longest(turns),
    workMax: longest(turns.filter(isWork)),
    collectionMax: longest(collections),
    wallMax: turns.reduce((most, { start, end }) => Math.max(most, end - start), 0),
    processorMax: mostComputed(turns, collections),
    processorWithCollectorMax: mostComputed(turns, []),
  };
}

function mostComputed(turns: readonly Span[], collections: readonly Span[]): number {
  let most = 0;
  for (const { start, end, processor } of turns) {
    const collected = collections.reduce((sum, collection) => {
      const overlap = Math.min(end, collection.end) - Math.max(start, collection.start);
      return sum + Math.max(0, overlap);
    }, 0);
    most = Math.max(most, processor - collected);
  }
  return most;
}

/** Records every turn of this thread until the returned function is called, which sums up. */
export function recordTurns(): () => Promise<Turns> {
  const turns: Span[] = [];
  const collections: Span[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      const end = startTime + duration;
      collections.push({ start: startTime, end, own: duration, processor: duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const waiting = openWaiting();
  let isRunning = true;
  let before = performance.now();
  let waitedBefore = waiting.read();
  let computedBefore = processorTime();
  // A loop that always has something to do never sleeps, so the time between two looks is one turn.
  const look = () => {
    const now = performance.now();
    if (now - before >= workMs) {
      const [waited, computed] = [waiting.read(), processorTime()];
      const own = Math.max(0, now - before - (waited - waitedBefore));
      turns.push({ start: before, end: now, own, processor: computed - computedBefore });
      waitedBefore = waited;
    }
    before = performance.now();
    computedBefore = processorTime();
    if (isRunning) setImmediate(look);
  };
  setImmediate(look);
  return async () => {
    isRunning = false;
    // What the collector did is known one turn later.
    await new Promise((resolve) => setTimeout(resolve, 1));
    observer.disconnect();
    waiting.close();
    return summed(turns, collections);
  };
}

/** The turns until `work` has ended, and what it answered. */
export async function turnsDuring<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly turns: Turns; readonly result: Result }> {
  const end = recordTurns();
  const result = await work();
  return { turns: await end(), result };
}
