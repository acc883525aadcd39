// Port: upkeep. What keeps a chain sound, small and quick to start.
import type { Audit } from '../counting/verify.ts';
import { type ClockParts, type ClockReport, confirmClock } from '../jobs/clock.ts';
import type { SuspicionReport } from '../jobs/find-suspicions.ts';
import type { CompactReport, Maintenance } from '../jobs/maintenance.ts';
import type { Settler } from '../jobs/settler.ts';
import type { Waiting } from '../jobs/shared-work.ts';
import type { Readiness } from './readiness.ts';

export interface UpkeepPort {
  /**
   * Recounts everything beside the live counts and compares every cell; reading and writing go on.
   * Like checkpoint, expire and compact it is done once for all who ask meanwhile: who comes while
   * it runs gets the same answer when that holds what was acknowledged before they asked, else that
   * of the next run. It is given up when nobody waits for it any more.
   */
  verify(waiting?: Waiting): Promise<Audit>;
  /**
   * Does now what otherwise happens when nothing is asked: reads all of the catalogue, so that all
   * is known that is alike by it, and makes the order of every neighbour row exact. Scores by
   * receipts are always exact; only which neighbours are among the 50 can lag.
   */
  settle(): Promise<void>;
  /** Writes the counts to disk now, so that the next start is quick. */
  checkpoint(waiting?: Waiting): Promise<void>;
  /**
   * Rewrites the store without the bytes of what was deleted before. Readers go on, writers wait
   * for a moment at its end.
   */
  compact(waiting?: Waiting): Promise<CompactReport>;
  /**
   * What is worth a look over all receipts that are kept: a walk through them in slices, whose
   * answer holds what was recorded before it began. Nothing is refused or left out for it.
   */
  findSuspicions(waiting?: Waiting): Promise<SuspicionReport>;
  /**
   * Says that the server's clock is right as it is: receipts up to now are taken, however far they
   * are from the others, and it does not matter what the log says of the time before.
   */
  confirmClock(): Promise<ClockReport>;
}

export interface UpkeepParts extends ClockParts {
  readonly maintenance: Maintenance;
  readonly settler: Settler;
  readonly readiness: Readiness;
}

export function upkeepOf(parts: UpkeepParts): UpkeepPort {
  const { maintenance, settler, readiness } = parts;
  return {
    verify: async (waiting) => {
      readiness.assertReady();
      return maintenance.verify(waiting);
    },
    settle: () => {
      readiness.assertReady();
      return settler.settleAll();
    },
    checkpoint: (waiting) => maintenance.checkpoint(waiting),
    compact: async (waiting) => {
      readiness.assertReadyOrOversize();
      return maintenance.compact(waiting);
    },
    findSuspicions: async (waiting) => {
      readiness.assertReadyOrOversize();
      return maintenance.findSuspicions(waiting);
    },
    confirmClock: () => confirmClock(parts),
  };
}
