// What events are validated against and act on, within one write transaction.
import type { Clock } from '../base/clock.ts';
import type { NobodyTest } from '../base/outside-ids.ts';
import type { ItemCodes } from '../catalogue/item-codes.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { GuessRole } from '../catalogue/role-names.ts';
import type { Checkpoints } from '../history/history-writer.ts';
import type { Member } from '../history/members.ts';
import type { Log } from '../log/log.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import type { Batch } from './batch.ts';
import type { ClockGuard } from './clock-guard.ts';

export interface WriteContext {
  readonly store: Store;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly registries: Registries;
  readonly clock: Clock;
  /** The chain's time zone, for receipts whose store has none. */
  readonly timeZone: string;
  /** Whether a member id stands for nobody: its receipts are anonymous tickets. */
  readonly isNobody: NobodyTest;
  /** What an item is by its name, where nobody says it. */
  readonly guessRole: GuessRole;
  /** What stands for an item beside its id. */
  readonly codes: ItemCodes;
  /** Receipts older than this many days are refused and expire; undefined: none do. */
  readonly retentionDays: number | undefined;
  /** XXH64, seed 0. */
  readonly hashBytes: (bytes: Uint8Array) => bigint;
  /** Called with the day of every purchase that was ever accepted. */
  readonly onPurchaseDay: (day: number) => void;
  /** The newest of them. */
  readonly newestDay: () => number;
  readonly checkpoints: () => Checkpoints;
  /** Whether the server's clock can be believed; undefined where it is not asked. */
  readonly clockGuard?: ClockGuard | undefined;
  readonly batch: Batch;
  /** The member ids behind a keyed hash, in hexadecimal, as far as they are known here. */
  readonly idsOfHash: (hash: string) => readonly string[];
  /** The receipts behind one, as far as they are known here. */
  readonly purchaseIdsOfHash: (hash: string) => readonly string[];
  /** Called with members who were erased because they are tied to one who was. */
  readonly onAlsoErased: (memberIds: Iterable<string>) => void;
  readonly notify: (message: string) => void;
}

/** Units of `Batch.work`: a member who is changed, and a kilobyte of their history that is read. */
const [workOfMember, workOfKilobyte] = [4, 4];

/** To be called before anything of a member is changed. */
export function touchMember({ batch }: Pick<WriteContext, 'batch'>, member: Member): void {
  const bytes = batch.contributions.touch(member);
  batch.work += workOfMember + workOfKilobyte * (bytes >> 10);
}

/**
 * Records that a checkpoint older than `sequence` cannot be caught up from histories: whose
 * receipts these were, or whether they counted, has changed. Merges and consents are rare; the
 * recount comes only after a crash before the next checkpoint.
 */
export function requireRecount({ store }: Pick<WriteContext, 'store'>, sequence: number): void {
  store.writeMeta('recountAfter', sequence);
}
