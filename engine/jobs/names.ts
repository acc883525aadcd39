// Under which name a log's own entries go, and when a new epoch of them begins.
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

/**
 * Set on a chain that was put back from a backup: other nodes may hold entries that it has lost,
 * so that what it writes from here on must not be taken for them.
 */
export const restoredName = 'restored';

interface Naming {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly origin: string | undefined;
  readonly isFollower: boolean;
}

/** Names the log as asked. Throws FAILED_PRECONDITION when it has another name already. */
export async function settleNames({ store, log, clock, ...asked }: Naming): Promise<void> {
  const { origins } = log;
  if (asked.isFollower) {
    if (origins.own !== undefined) await store.transaction(() => origins.disown());
    return;
  }
  const wanted = asked.origin ?? origins.own;
  if (wanted === undefined) return;
  if (origins.own !== undefined && origins.own !== wanted) {
    const message = `the folder is that of origin ${origins.own}, not of ${wanted}`;
    throw new EngineError('FAILED_PRECONDITION', message, { reason: 'OTHER_ORIGIN' });
  }
  const isRestored = store.readMeta(restoredName) === true;
  if (origins.own === wanted && !isRestored) return;
  // Seconds, so that a folder that was lost and made anew does not begin where it began before.
  const last = origins.headOf(wanted)?.epoch ?? 0;
  const epoch = Math.max(last + 1, Math.floor(clock() / 1_000));
  await store.transaction(() => {
    origins.nameOwn(wanted, epoch, log.head);
    store.removeMeta(restoredName);
  });
}
