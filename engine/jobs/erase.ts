// An erase that is asked for here, and the receipt of it.
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { formatMoment } from '../base/time.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import { eraseHere } from '../events/erase.ts';
import { findMember } from '../history/members.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { forgetMember } from './forgetting.ts';

export interface EraseParts {
  readonly store: Store;
  readonly writer: Ingest;
  readonly counting: CountsManager;
  readonly log: Log;
  readonly replication: { recordErase(): void };
  readonly clock: Clock;
  /** Resolves when whoever keeps ids beside the chain has forgotten them too. */
  readonly onErased: () => Promise<void>;
}

export interface EraseReceipt {
  /** Whether anything was known of the member. */
  readonly found: boolean;
  readonly removed: {
    readonly receipts: number;
    readonly returns: number;
    /** Other ids that had been merged into the member. */
    readonly aliases: number;
  };
  /** Absent where memory does not hold the counts. */
  readonly digestBefore?: string;
  readonly digestAfter?: string;
  readonly watermark: string;
  /** When the last bytes will be gone from the disk, RFC 3339. */
  readonly bytesGoneBy: string;
  /** The other nodes of the chain, where there are any. */
  readonly nodes?: readonly NodeAcknowledgement[];
}

export interface NodeAcknowledgement {
  readonly node: string;
  /** Whether it has said that it forgot them too; else it does so when it comes back. */
  readonly acknowledged: boolean;
  /** Its digest then. */
  readonly digest?: string;
}

/**
 * Resolves when nothing of the member is counted, served, accepted or kept in the live chain. Not
 * counted and not served any more is all of it at once, whatever takes longer.
 */
export async function eraseExactly(parts: EraseParts, memberId: string): Promise<EraseReceipt> {
  const { store, writer, counting, log, replication, clock } = parts;
  let digestBefore: string | undefined;
  let root = memberId;
  const erased = await writer.transact((context) => {
    // Alone in its transaction, so that nothing else lies between the two digests.
    if (!counting.isOversize) digestBefore = counting.digest;
    root = findMember(store, memberId).root;
    return eraseHere(context, memberId);
  });
  const digestAfter = counting.digest;
  const { returns } = await forgetMember(parts, root);
  replication.recordErase();
  await parts.onErased();
  return {
    found: erased.found,
    removed: { receipts: erased.receipts, returns, aliases: erased.aliases },
    ...(digestBefore !== undefined && { digestBefore, digestAfter }),
    watermark: log.watermarkOf(erased.sequence),
    bytesGoneBy: formatMoment(clock() + limits.compactWithinMs, 0),
  };
}
