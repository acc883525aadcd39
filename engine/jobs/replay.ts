// Replay: a log again from its first entry up to some later one, applied as it was applied when it
// came, with the same sequences.

import { assert, EngineError } from '../base/errors.ts';
import { Measures } from '../base/measures.ts';
import { ItemCodes } from '../catalogue/item-codes.ts';
import { createRegistries } from '../catalogue/registries.ts';
import { openLog } from '../events/index.ts';
import { replacementCode } from '../events/logged-replacement.ts';
import { decodeReturn, returnCode } from '../events/logged-return.ts';
import { partOf } from '../events/return.ts';
import { Ingest } from '../ingest/ingest.ts';
import { ByteReader } from '../log/bytes.ts';
import { acceptedAtMsOf, bodyOf, codeOf, stubCode } from '../log/frame.ts';
import { applyEntry, readEntry } from '../replication/apply.ts';
import { cutName } from '../replication/names.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import type { PlayedEntry, ReplaySource } from './replay-source.ts';

/** Where a replay stops: both absent is the log's end. */
export interface ReplayCut {
  readonly toSequence?: number | undefined;
  /** The last entry accepted at or before this moment, and everything before it. */
  readonly toTimeMs?: number | undefined;
}

export interface ReplayOptions extends ReplayCut {
  readonly source: ReplaySource;
  /** An empty store. */
  readonly target: Store;
  readonly ledger: Ledger;
  readonly hashBytes: (bytes: Uint8Array) => bigint;
  readonly progress: (done: number, total: number) => void;
}

/** Entries of one transaction: about 20 ms, so that the fsync between them hardly counts. */
const sliceEntries = 2_048;

/**
 * Fills the target; returns the sequence it now ends at. What was erased or has expired by the time
 * of the source is a stub in its log and stays one, also when the replay stops before the erase:
 * nobody comes back.
 */
export async function replayLog(options: ReplayOptions): Promise<number> {
  const { source, target } = options;
  const end = endOf(source, options);
  // Whoever is named here is refused, also when the log stops before their erase.
  await target.transaction(() => {
    for (const key of source.tombstones()) target.tables.tombstones.put(key, Buffer.alloc(0));
  });
  const player = new Player(options);
  for (let from = 1; from <= end; from += sliceEntries) {
    const slice = source.read(from, Math.min(sliceEntries, end - from + 1));
    await player.play(slice);
    options.progress(from + slice.length - 1, end);
  }
  await player.close();
  await target.transaction(() => {
    copyBeside(source, target, end);
    const { own } = source;
    if (own === undefined) return;
    const { origins, head } = openLog(target);
    const last = origins.headOf(own);
    origins.assignOwnName(own, last?.epoch ?? 1, head);
    // What the origin wrote after this is not wanted any more, whoever still holds it.
    target.writeMeta(cutName, last?.sequence ?? 0);
  });
  return end;
}

/** Applies entries to a store as if they arrived at the moments at which they were accepted. */
class Player {
  private readonly writer: Ingest;

  constructor({ target, ledger, hashBytes }: ReplayOptions) {
    const hashId = (id: string) => hashBytes(Buffer.from(id));
    const registries = createRegistries(hashId, Number.POSITIVE_INFINITY);
    this.writer = new Ingest({
      store: target,
      log: openLog(target),
      ledger,
      registries,
      // Never asked: every entry carries its moment, and the offset that was settled with it.
      clock: () => 0,
      timeZone: 'UTC',
      isNobody: () => false,
      guessRole: () => undefined,
      codes: new ItemCodes(registries.items),
      retentionDays: undefined,
      hashBytes,
      // No checkpoint: removed entries of histories are needed by nobody.
      checkpoints: () => ({ oldest: 0, newest: 0 }),
      notify: () => {},
      // Nothing is counted here: the engine recounts when it opens the store.
      fold: async () => {},
      measures: new Measures(),
      onFailure: () => {},
    });
  }

  play(entries: readonly PlayedEntry[]): Promise<void> {
    return this.writer.transact((context) => {
      for (const { sequence, place, bytes } of entries) {
        applyEntry(context, { place, ...readEntry(bytes, () => String(sequence)) });
        assert(context.log.head === sequence, `entry ${sequence} came to ${context.log.head}`);
      }
    });
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

/**
 * The last sequence inside the cut, never between the parts of one return without a receipt, nor
 * between a receipt and what says which other one it takes the place of.
 */
function endOf(source: ReplaySource, { toSequence, toTimeMs }: ReplayCut): number {
  const { head } = source;
  if (toSequence !== undefined && toSequence > head) {
    const message = `the backup ends at sequence ${head}, before ${toSequence}`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'toSequence' });
  }
  let end = toSequence ?? head;
  if (toTimeMs !== undefined) end = Math.min(end, lastAcceptedBy(source, toTimeMs));
  while (end > 0 && end < head && belongsToBefore(source, end + 1)) end -= 1;
  if (end > 0) return end;
  const message = 'nothing was accepted up to there: the restored chain would be empty';
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'toTime' });
}

/**
 * A clock may step back, the log may not: the first entry accepted later ends it. By the clock of
 * this node: others' may be an hour ahead, and where their entries stand among ours tells enough.
 */
function lastAcceptedBy(source: ReplaySource, timeMs: number): number {
  const { own, head } = source;
  for (let from = 1; from <= head; from += sliceEntries) {
    for (const { sequence, bytes, place } of source.read(from, sliceEntries)) {
      if (codeOf(bytes) === stubCode || acceptedAtMsOf(bytes) <= timeMs) continue;
      if (own === undefined || place?.origin === own) return sequence - 1;
    }
  }
  return head;
}

/** Whether an entry is one with that before it. */
function belongsToBefore(source: ReplaySource, sequence: number): boolean {
  const bytes = source.read(sequence, 1)[0]!.bytes;
  if (codeOf(bytes) === replacementCode) return true;
  if (codeOf(bytes) !== returnCode) return false;
  return partOf(decodeReturn(new ByteReader(bodyOf(bytes))).returnId) > 1;
}

/** The few things that are kept beside the log, as far as they belong to this part of it. */
function copyBeside(source: ReplaySource, target: Store, end: number): void {
  // Ids of returns without a receipt: the log has only the returns that were made of them.
  source.copyRequests(target, end);
  if (end < source.head) return;
  // An import goes on where it was, and the newest day ever seen fixes the landmark.
  for (const [name, value] of source.meta()) {
    const isKept = name === 'newestDay' || name.startsWith('bookmark:');
    if (isKept) target.tables.meta.put(Buffer.from(name), value);
  }
}
