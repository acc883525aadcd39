// What was erased or has expired, as keyed hashes: whatever names it again is refused.
//
// kind u8 | keyed hash of the id -> nothing
import type { WriteContext } from './context.ts';

/** `replaced`: taken out while another receipt had its place. */
const kinds = { member: 109, purchase: 112, expired: 120, replaced: 114 } as const;
export type TombstoneKind = keyof typeof kinds;

type Context = Pick<WriteContext, 'store' | 'ledger'>;

export function tombstoneKey(kind: TombstoneKind, hash: Buffer): Buffer {
  return Buffer.concat([Buffer.of(kinds[kind]), hash]);
}

/** Inside a transaction; returns the keyed hash of the id. */
export function putTombstone({ store, ledger }: Context, kind: TombstoneKind, id: string): Buffer {
  const hash = ledger.hash(id);
  store.tables.tombstones.put(tombstoneKey(kind, hash), Buffer.alloc(0));
  return hash;
}

export function hasTombstone({ store, ledger }: Context, kind: TombstoneKind, id: string): boolean {
  const { tombstones } = store.tables;
  return !tombstones.isEmpty() && tombstones.has(tombstoneKey(kind, ledger.hash(id)));
}

/** A receipt that was forgotten has come again from elsewhere, and counts. */
export function removeTombstones({ store, ledger }: Context, purchaseId: string): void {
  const { tombstones } = store.tables;
  if (tombstones.isEmpty()) return;
  const hash = ledger.hash(purchaseId);
  for (const kind of ofPurchases) tombstones.remove(tombstoneKey(kind, hash));
}

const ofPurchases = ['purchase', 'expired', 'replaced'] as const;

/** Why nothing is kept of a receipt that was here. */
export function tombstoneOfPurchase(
  { store, ledger }: Context,
  purchaseId: string,
): (typeof ofPurchases)[number] | undefined {
  const { tombstones } = store.tables;
  if (tombstones.isEmpty()) return undefined;
  const hash = ledger.hash(purchaseId);
  return ofPurchases.find((kind) => tombstones.has(tombstoneKey(kind, hash)));
}

/** Everything before this has expired, here or at another origin; only where there are several. */
export function expiredBeforeMs({ store }: Pick<WriteContext, 'store'>): number {
  return Number(store.readMeta('expiredBefore') ?? Number.NEGATIVE_INFINITY);
}
