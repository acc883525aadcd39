// Sends another node what its origin, restored from a backup or an older copy, has lost and we
// still hold.
import type { LogPosition, Replication } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';
import type { Upstream } from './upstream.ts';
import { deserializeError, type WireError } from './wire-error.ts';

export type RestoreMessage =
  /** What a node with this watermark holds that the callee has lost. */
  | { readonly kind: 'lost'; readonly watermark: string }
  | {
      readonly kind: 'give';
      readonly entries: readonly { readonly place: LogPosition; readonly bytes: string }[];
      readonly newestDay: number;
    };

/**
 * Resolves with how many entries the other has taken. Throws FAILED_PRECONDITION when its log and
 * ours have nothing in common to go on from.
 */
export async function restoreLostEntries(
  upstream: Upstream,
  replication: Replication,
): Promise<number> {
  const { watermark } = replication;
  const places = await ask<readonly LogPosition[]>(upstream, { kind: 'lost', watermark });
  let restored = 0;
  for (const place of places) {
    for (const entries of batchesOf(replication, place)) {
      const { newestDay } = replication;
      restored += await ask<number>(upstream, { kind: 'give', entries, newestDay });
    }
  }
  return restored;
}

type RestoredEntries = Extract<RestoreMessage, { kind: 'give' }>['entries'];

function* batchesOf(
  replication: Replication,
  place: LogPosition,
): IterableIterator<RestoredEntries> {
  const { restoreBatchBytesMax, frameEntriesMax } = clusterLimits;
  let batch: RestoredEntries[number][] = [];
  let size = 0;
  for (const entries of replication.entriesAfter(place, frameEntriesMax)) {
    for (const { place: where, bytes } of entries) {
      batch.push({ place: where, bytes: bytes.toString('base64') });
      size += bytes.length;
      if (size < restoreBatchBytesMax) continue;
      yield batch;
      batch = [];
      size = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** The other side of it. */
export async function answerRestore(write: RestoreMessage, replication: Replication) {
  if (write.kind === 'lost') return replication.lostOf(write.watermark);
  const entries = write.entries.map(({ place, bytes }) => ({
    place,
    bytes: Buffer.from(bytes, 'base64'),
  }));
  return replication.apply(entries, write.newestDay);
}

async function ask<Result>(upstream: Upstream, write: RestoreMessage): Promise<Result> {
  const answer = (await upstream.forward(write)) as { result: Result } | { error: WireError };
  if ('result' in answer) return answer.result;
  throw deserializeError(answer.error);
}
