// A chain as a replay reads it: its log from the first entry to the last, and the few things that
// are kept beside it.
import { copyRequests } from '../events/ids.ts';
import { openLog } from '../events/index.ts';
import type { LogPosition } from '../log/vector.ts';
import type { Store } from '../store/store.ts';

/** An entry of the source, in the format of today. */
export interface PlayedEntry {
  readonly sequence: number;
  readonly bytes: Buffer;
  /** Whose entry it is, where the log has names. */
  readonly place: LogPosition | undefined;
}

export interface ReplaySource {
  /** The sequence of the newest entry. */
  readonly head: number;
  /** The name under which its own entries go; undefined where it has none. */
  readonly own: string | undefined;
  /** Up to `limit` entries from a sequence on. Throws DATA_LOSS where one is missing. */
  read(from: number, limit: number): readonly PlayedEntry[];
  /** Keys of its tombstones. */
  tombstones(): Iterable<Buffer>;
  /** Ids of events that became others, as far as those stand up to a sequence; in a transaction. */
  copyRequests(target: Store, upTo: number): void;
  /** Names and values of the table `meta`. */
  meta(): Iterable<readonly [name: string, value: Buffer]>;
}

/** A chain in the format of today. */
export function sourceOf(store: Store): ReplaySource {
  const log = openLog(store);
  const { origins } = log;
  const placeOf = (sequence: number) => (origins.isNamed ? origins.at(sequence) : undefined);
  return {
    head: log.head,
    own: origins.own,
    read: (from, limit) =>
      log.raw(from, limit).map((entry) => ({ ...entry, place: placeOf(entry.sequence) })),
    *tombstones() {
      for (const { key } of store.tables.tombstones.rows()) yield key;
    },
    copyRequests: (target, upTo) => copyRequests(store, target, upTo),
    *meta() {
      for (const { key, value } of store.tables.meta.rows()) yield [key.toString(), value];
    },
  };
}
