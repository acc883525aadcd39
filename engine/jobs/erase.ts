// An erase that is asked for here, and the receipt of it.
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { formatMoment } from '../base/time.ts';
import type { EraseReceipt } from '../engine.ts';
import { countNextCopies } from '../follow/receipts.ts';
import type { Log } from '../log/log.ts';
import { eraseMember } from '../views/erase.ts';
import type { Ingest } from '../views/ingest.ts';
import type { Keeper } from '../views/keeper.ts';

export interface EraseParts {
  readonly writer: Ingest;
  readonly keeper: Keeper;
  readonly log: Log;
  readonly replication: { noteErased(): void };
  readonly clock: Clock;
}

/** Resolves when nothing of the member is counted, served or accepted any more. */
export async function eraseExactly(parts: EraseParts, memberId: string): Promise<EraseReceipt> {
  const { writer, keeper, log, replication, clock } = parts;
  let digestBefore: string | undefined;
  const erased = await writer.transact((context) => {
    // Alone in its transaction, so that nothing else lies between the two digests.
    if (!keeper.isOversize) digestBefore = keeper.digest;
    const done = eraseMember(context, memberId);
    countNextCopies(context, done.shared);
    return done;
  });
  const digestAfter = keeper.digest;
  replication.noteErased();
  return {
    found: erased.found,
    removed: { receipts: erased.receipts, returns: erased.returns, aliases: erased.aliases },
    ...(digestBefore !== undefined && { digestBefore, digestAfter }),
    watermark: log.watermarkOf(erased.sequence),
    bytesGoneBy: formatMoment(clock() + limits.compactWithinMs, 0),
  };
}
