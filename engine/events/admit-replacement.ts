// Receipts that take the place of another, at the door: what is refused of them, what was said
// before, and what is recorded.
import type { WriteContext } from './context.ts';
import { findPurchase, type KnownPurchase, readHeld } from './copies.ts';
import { findId, readCopies } from './ids.ts';
import { type LoggedPurchase, purchaseCode, purchaseHash } from './logged-purchase.ts';
import { returnIdAt } from './logged-return.ts';
import type { Purchase } from './purchase.ts';
import { readReturns } from './receipts.ts';
import { record } from './record.ts';
import { replacementEntries } from './replacement.ts';
import { isWithdrawn, replacedBy, replacementsBy } from './replacements.ts';
import { type IngestResult, rejected } from './result.ts';
import { refuseErased, refuseForgotten } from './validation.ts';

/** The answer to a receipt that is kept and does not count: it was accepted, and then replaced. */
export function answerReplaced(
  context: WriteContext,
  purchase: LoggedPurchase,
): IngestResult | undefined {
  const { purchaseId: id } = purchase;
  const copies = replacedCopies(context, id);
  if (copies.length === 0) return undefined;
  const hash = purchaseHash(context, purchase);
  const same = copies.find((copy) => purchaseHash(context, copy.purchase) === hash);
  if (same) {
    return { id, status: 'duplicate', watermark: context.log.watermarkOf(same.sequence) };
  }
  if (findId(context.store, purchaseCode, id)) return undefined;
  return { id, status: 'conflict', ...becauseReplaced(context, id, 'purchaseId') };
}

/** Of a receipt that is kept the copies that another receipt took the place of. */
function replacedCopies(context: WriteContext, purchaseId: string): readonly KnownPurchase[] {
  const { store } = context;
  if (store.tables.replacements.isEmpty()) return [];
  const copies = readHeld(context, readCopies(store, purchaseId));
  return copies.filter(({ purchase }) => isWithdrawn(context, purchase));
}

function becauseReplaced(context: WriteContext, purchaseId: string, field: string) {
  const by = replacedBy(context, purchaseId);
  const other = by === undefined ? 'another receipt' : `receipt ${JSON.stringify(by)}`;
  const message = `receipt ${JSON.stringify(purchaseId)} was replaced by ${other}, which counts`;
  return { reason: 'PURCHASE_REPLACED', field, message } as const;
}

/** A rejection of what is said of a receipt that is kept and does not count. */
export function refuseReplaced(
  context: WriteContext,
  id: string,
  purchaseId: string,
  field = 'purchaseId',
): IngestResult | undefined {
  if (replacedCopies(context, purchaseId).length === 0) return undefined;
  if (findId(context.store, purchaseCode, purchaseId)) return undefined;
  return rejected(id, becauseReplaced(context, purchaseId, field));
}

/** A rejection of what is said of a receipt that is not here. */
export function refuseUnknown(id: string, purchaseId: string, field: string): IngestResult {
  const message = `receipt ${JSON.stringify(purchaseId)} is not known`;
  return rejected(id, { reason: 'PURCHASE_UNKNOWN', field, message });
}

const field = 'replaces';

interface Asked {
  /** What it sells, once it is netted. */
  readonly purchase: LoggedPurchase | undefined;
  readonly isDuplicate: boolean;
}

/** Of a receipt with `replaces`: a refusal, or undefined where it may take the place. */
export function refuseReplacing(
  context: WriteContext,
  { purchaseId: id, replaces, returnOf }: Purchase,
  { purchase, isDuplicate }: Asked,
): IngestResult | undefined {
  if (replaces === undefined) return undefined;
  if (replaces === id) {
    const message = 'a receipt cannot replace itself: what corrects it has an id of its own';
    return rejected(id, { reason: 'REPLACES_ITSELF', field, message });
  }
  if (hasReplaced(context, id, replaces)) return undefined;
  if (isDuplicate) {
    const message = `${JSON.stringify(id)} was accepted before without replacing this receipt`;
    return { id, status: 'conflict', reason: 'CONTENT_DIFFERS', field, message };
  }
  if (returnOf === replaces) {
    const message = 'goods cannot be returned to the receipt that is replaced: leave them out';
    return rejected(id, { reason: 'RETURN_OF_REPLACED', field: 'returnOf', message });
  }
  if (purchase === undefined) {
    const message =
      'nothing is sold, so that nothing would count instead: return all of the other receipt';
    return rejected(id, { reason: 'REPLACED_BY_NOTHING', field, message });
  }
  return refuseTarget(context, id, replaces);
}

function hasReplaced(context: WriteContext, id: string, replaces: string): boolean {
  if (context.store.tables.replacements.isEmpty()) return false;
  const { ledger } = context;
  const hash = ledger.hash(replaces);
  return replacementsBy(context, ledger.hash(id)).some(({ replaced }) => replaced.equals(hash));
}

function refuseTarget(
  context: WriteContext,
  id: string,
  replaces: string,
): IngestResult | undefined {
  const known = findPurchase(context, replaces);
  return (
    refuseForgotten(context, id, replaces, field) ??
    refuseErased(context, id, known?.purchase.memberId, field) ??
    refuseReplaced(context, id, replaces, field) ??
    (known ? refuseReturns(context, id, known) : refuseUnknown(id, replaces, field))
  );
}

/** What was brought back of the old receipt need not be on the new one. */
function refuseReturns(
  context: WriteContext,
  id: string,
  { purchase: { purchaseId } }: KnownPurchase,
): IngestResult | undefined {
  const returns = readReturns(context, purchaseId);
  if (returns.length === 0) return undefined;
  const named = returns.slice(0, namedMax).map(({ sequence }) => {
    return JSON.stringify(returnIdAt(context.log, sequence));
  });
  const more = returns.length > namedMax ? ` and ${returns.length - namedMax} more` : '';
  const message =
    `receipt ${JSON.stringify(purchaseId)} has returns (${named.join(', ')}${more}), ` +
    'and cannot be replaced: return what is left of it, and send the new one without replaces';
  return rejected(id, { reason: 'PURCHASE_HAS_RETURNS', field, message, limit: 0 });
}

const namedMax = 3;

/** Behind the receipt that counts from here on, in the same transaction. */
export function recordReplacement(context: WriteContext, replaced: string, by: string): number {
  return record(context, replacementEntries, { replaced, by, isVeiled: false });
}
