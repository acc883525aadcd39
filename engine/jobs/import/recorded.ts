// Recorded: what a receipt of a file is beside the one that the chain has under the same id. Lines
// that were refused once and mended later make it longer; that is another thing than two receipts
// of one number.
import { counted } from '../../base/plural.ts';
import { thousandthsOf } from '../../base/shapes.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { IngestResult } from '../../events/result.ts';
import type { ReceiptRow } from '../receipt-rows.ts';
import { formatIds } from './id-list.ts';

/** Of a receipt whose recorded lines are all in the file, which has more of them. */
export const recordedShort = 'RECORDED_WITH_FEWER_LINES';

/** Items named in a message; the rest of them are counted. */
const itemsNamed = 3;

/**
 * What a `conflict` comes to, beside the lines that are recorded: a `duplicate` where they say the
 * same, else a conflict that says what is different. An item is the same under each of its codes.
 */
export function explainConflict(
  purchase: Purchase,
  recorded: readonly ReceiptRow[],
  conflict: IngestResult,
  itemIdOf: (code: string) => string,
): IngestResult {
  const [first] = recorded;
  if (first === undefined) return conflict;
  const fields = differingFields(purchase, first);
  const keyed = (line: SomeContent & Pick<LineContent, 'itemId'>): KeyedLine => {
    const itemId = itemIdOf(line.itemId);
    return { itemId, key: keyOf({ ...line, itemId }) };
  };
  const [here, there] = [purchase.lines.map(keyed), recorded.map(keyed)];
  const [more, fewer] = [without(here, there), without(there, here)];
  const { purchaseId: id } = purchase;
  if (fields.length + more.length + fewer.length === 0) return { id, status: 'duplicate' };
  const name = JSON.stringify(id);
  if (fields.length + fewer.length === 0) {
    const message =
      `${name} is recorded already with ${countOf(more)} fewer (${itemsOf(more)}), ` +
      'and stays as it is';
    return { ...conflict, reason: recordedShort, message };
  }
  const parts = [
    ...fields,
    ...(more.length === 0 ? [] : [`${countOf(more)} only here (${itemsOf(more)})`]),
    ...(fewer.length === 0 ? [] : [`${countOf(fewer)} only there (${itemsOf(fewer)})`]),
  ];
  const message = `${name} was accepted before with other content: ${parts.join('; ')}`;
  return { ...conflict, message };
}

const headFields = ['memberId', 'storeId', 'terminalId', 'cashierId', 'channel'] as const;

/** Each in words: what stands in the file, and what is recorded. */
function differingFields(purchase: Purchase, recorded: ReceiptRow): string[] {
  const pairs: [string, string, string][] = headFields.map((field) => [
    field,
    purchase[field] ?? '',
    recorded[field],
  ]);
  pairs.push(
    ['paidFen', String(purchase.paidFen ?? ''), String(recorded.paidFen ?? '')],
    ['couponIds', couponsOf(purchase), couponsOf(recorded)],
  );
  const isSameTime = Date.parse(purchase.occurredAt) === Date.parse(recorded.occurredAt);
  if (!isSameTime) pairs.push(['occurredAt', purchase.occurredAt, recorded.occurredAt]);
  const [here, there] = [purchase.timeUnknown ?? false, recorded.timeUnknown];
  // An import knew no better before it could say so.
  if (there && !here) pairs.push(['timeUnknown', String(here), String(there)]);
  return pairs.flatMap(([field, here, there]) =>
    here === there ? [] : [`${field} is ${quote(here)} here, ${quote(there)} there`],
  );
}

/** In an order of their own, as an import puts them. */
function couponsOf({ couponIds = [] }: { readonly couponIds?: readonly string[] | undefined }) {
  return formatIds(couponIds.toSorted());
}

type LineContent = Pick<
  ReceiptRow,
  'itemId' | 'quantity' | 'unitPriceFen' | 'discountFen' | 'lineTotalFen'
>;

type SomeContent = Partial<LineContent> & { readonly isGift?: boolean | undefined };

/**
 * All that a line says. A price that a total comes to says nothing new: an import makes it, and
 * other doors do not. Nor does a price of 0 beside a total, which an import leaves out.
 */
function keyOf(line: SomeContent): string {
  const { itemId, quantity = 1, unitPriceFen, discountFen, lineTotalFen, isGift = false } = line;
  const thousandths = thousandthsOf(quantity);
  const ofTotal = [0, (lineTotalFen ?? 0) * 1_000];
  const isMade = lineTotalFen !== undefined && ofTotal.includes((unitPriceFen ?? 0) * thousandths);
  const price = isMade ? undefined : unitPriceFen;
  return JSON.stringify([itemId, thousandths, price, discountFen, lineTotalFen, isGift]);
}

interface KeyedLine {
  readonly itemId: string;
  readonly key: string;
}

/** The lines that others do not have, each as often as it is missing there. */
function without(lines: readonly KeyedLine[], others: readonly KeyedLine[]): readonly KeyedLine[] {
  const left = new Map<string, number>();
  for (const { key } of others) left.set(key, (left.get(key) ?? 0) + 1);
  return lines.filter(({ key }) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

function countOf({ length }: readonly KeyedLine[]): string {
  return counted(length, 'line');
}

function itemsOf(lines: readonly KeyedLine[]): string {
  const named = lines.slice(0, itemsNamed).map(({ itemId }) => itemId);
  const rest = lines.length - named.length;
  return `${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

function quote(text: string): string {
  return text === '' ? 'absent' : JSON.stringify(text);
}
