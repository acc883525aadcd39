// Whether an outside id is known exactly as it stands. Ids are cleaned at the doors; one that came
// in before they were, with its blanks, goes on to be what it was.
import { findMember, hasReceipts } from '../history/members.ts';
import type { WriteContext } from './context.ts';
import { knownOf } from './erase-member.ts';
import { findId, findRequest } from './ids.ts';
import { returnCode } from './logged-return.ts';
import { isHeld } from './replacements.ts';
import { hasTombstone, tombstoneOfPurchase } from './tombstones.ts';
import { unreferencedReturnKind } from './unreferenced-return.ts';

export type KnownKind = 'member' | 'purchase' | 'return' | 'item' | 'store';

type Context = Pick<WriteContext, 'store' | 'ledger' | 'registries'>;

export function isKnown(context: Context, kind: KnownKind, id: string): boolean {
  const { store, registries } = context;
  switch (kind) {
    case 'member':
      return isKnownMember(context, id);
    case 'purchase':
      return isHeld(context, id) || isForgotten(context, id);
    case 'return':
      return (
        findId(store, returnCode, id) !== undefined ||
        findRequest(store, unreferencedReturnKind, id) !== undefined
      );
    case 'item':
      return registries.items.numberOf(id) !== undefined;
    case 'store':
      return registries.stores.numberOf(id) !== undefined;
  }
}

function isKnownMember(context: Context, id: string): boolean {
  const { store } = context;
  const member = findMember(store, id);
  if (member.root !== id || hasReceipts(store, id) || knownOf(store, member).found) return true;
  return member.record.aliases.length > 0 || hasTombstone(context, 'member', id);
}

function isForgotten(context: Context, id: string): boolean {
  return tombstoneOfPurchase(context, id) !== undefined;
}
