// Gives back to another node what its origin, put back from a backup or an older copy, has lost and
// we still hold.
import type { Place, Replication } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';
import { errorOf, type ToldError } from './told-error.ts';
import type { Upstream } from './upstream.ts';

export type GivenBack =
  /** What a node with this watermark holds that the callee has lost. */
  | { readonly kind: 'lost'; readonly watermark: string }
  | {
      readonly kind: 'give';
      readonly entries: readonly { readonly place: Place; readonly bytes: string }[];
      readonly newestDay: number;
    };

/**
 * Resolves with how many entries the other has taken. Throws FAILED_PRECONDITION when its log and
 * ours have nothing in common to go on from.
 */
export async function giveBack(upstream: Upstream, replication: Replication): Promise<number> {
  const { watermark } = replication;
  const places = await ask<readonly Place[]>(upstream, { kind: 'lost', watermark });
  let given = 0;
  for (const place of places) {
    for (const entries of portions(replication, place)) {
      const { newestDay } = replication;
      given += await ask<number>(upstream, { kind: 'give', entries, newestDay });
    }
  }
  return given;
}

type Told = Extract<GivenBack, { kind: 'give' }>['entries'];

function* portions(replication: Replication, place: Place): IterableIterator<Told> {
  const { givenBackBytesMax, frameEntriesMax } = clusterLimits;
  let portion: Told[number][] = [];
  let size = 0;
  for (const entries of replication.entriesAfter(place, frameEntriesMax)) {
    for (const { place: where, bytes } of entries) {
      portion.push({ place: where, bytes: bytes.toString('base64') });
      size += bytes.length;
      if (size < givenBackBytesMax) continue;
      yield portion;
      portion = [];
      size = 0;
    }
  }
  if (portion.length > 0) yield portion;
}

/** The other side of it. */
export async function answerGivenBack(write: GivenBack, replication: Replication) {
  if (write.kind === 'lost') return replication.lostOf(write.watermark);
  const entries = write.entries.map(({ place, bytes }) => ({
    place,
    bytes: Buffer.from(bytes, 'base64'),
  }));
  return replication.apply(entries, write.newestDay);
}

async function ask<Result>(upstream: Upstream, write: GivenBack): Promise<Result> {
  const answer = (await upstream.forward(write)) as { result: Result } | { error: ToldError };
  if ('result' in answer) return answer.result;
  throw errorOf(answer.error);
}
