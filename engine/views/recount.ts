// Counts made anew from what is stored: every member's history, and every anonymous ticket of the log.
import { Slices } from '../base/slices.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { Counts } from './counts.ts';

const historyChunk = 256;

export interface RecountSource {
  readonly store: Store;
  readonly log: Log;
  /** The stored form of an anonymous ticket, its returns taken off; undefined for any other log entry. */
  readonly ticketAt: (sequence: number) => Buffer | undefined;
}

export type RecountProgress = (done: number, total: number) => void;

/** Adds all that is stored to empty counts, giving way to other work every few milliseconds. */
export async function recount(
  counts: Counts,
  source: RecountSource,
  progress: RecountProgress,
): Promise<void> {
  const slices = new Slices();
  const members = source.store.count('histories');
  const total = members + source.log.head;
  let done = 0;
  let start: Buffer = Buffer.alloc(1);
  while (true) {
    const range = source.store.tables.histories.getRange({ start, limit: historyChunk });
    const chunk = Array.from(range);
    for (const { value } of chunk)
      counts.apply({ before: undefined, after: value, isMember: true });
    done += chunk.length;
    progress(done, total);
    const last = chunk.at(-1);
    if (!last || chunk.length < historyChunk) break;
    start = Buffer.concat([last.key, Buffer.alloc(1)]);
    await slices.giveWay();
  }
  for (let sequence = 1; sequence <= source.log.head; sequence++) {
    const ticket = source.ticketAt(sequence);
    if (ticket) counts.apply({ before: undefined, after: ticket, isMember: false });
    done += 1;
    if (sequence % historyChunk === 0) {
      progress(done, total);
      await slices.giveWay();
    }
  }
  counts.settleNow();
}
