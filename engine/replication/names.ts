// Under which name a log's own entries go, and when a new epoch of them begins.
import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

/**
 * Set on a chain that was put back to a moment: the last entry of its own that is still wanted.
 */
export const cutName = 'cutAfter';

/** Where the clock is behind, two epochs after the same one must not begin alike. */
const epochsApart = 65_536;

interface Naming {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly origin: string | undefined;
  readonly isFollower: boolean;
}

/**
 * Names the log as asked, and begins a new epoch of it. Throws FAILED_PRECONDITION when it has
 * another name already.
 */
export async function settleNames({ store, log, clock, ...asked }: Naming): Promise<void> {
  const { origins } = log;
  if (asked.isFollower) {
    if (origins.own !== undefined) await store.transaction(() => origins.becomeFollower());
    return;
  }
  const wanted = asked.origin ?? origins.own;
  if (wanted === undefined) return;
  if (origins.own !== undefined && origins.own !== wanted) {
    const message = `the folder is that of origin ${origins.own}, not of ${wanted}`;
    throw new EngineError('FAILED_PRECONDITION', message, { reason: 'OTHER_ORIGIN' });
  }
  // Seconds, so that a folder that was put back does not begin where an epoch began that it lost.
  const last = origins.headOf(wanted)?.epoch ?? 0;
  const seconds = Math.floor(clock() / 1_000);
  const epoch = seconds > last ? seconds : last + 1 + randomInt(epochsApart);
  const cutAfter = store.readMeta(cutName);
  if (origins.own === wanted) origins.beginEpoch(epoch);
  if (origins.own === wanted && cutAfter === undefined) return;
  await store.transaction(() => {
    origins.assignOwnName(wanted, epoch, log.head);
    if (cutAfter !== undefined) origins.discardAfter(wanted, { epoch, sequence: Number(cutAfter) });
    store.removeMeta(cutName);
  });
}
