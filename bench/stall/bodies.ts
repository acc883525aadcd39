// What the server is given to chew on: junk of several kinds, and the largest that is right.
import { limits } from '../../engine/index.ts';
import { itemIdAt } from '../workload.ts';
import { itemAt, type StallSize, workloadOf } from './chain.ts';

const bodyCharacters = 1_000_000;
const occurredAt = '2026-06-01T09:10:00+08:00';

function filled(open: string, entry: string, close: string): string {
  const count = Math.floor((bodyCharacters - open.length - close.length) / (entry.length + 1));
  return `${open}${Array(count).fill(entry).join(',')}${close}`;
}

const fields = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, k) => [`k${k}`, k])));
const manyReceipts = (receipt: string) => `{"purchases":[${Array(1_000).fill(receipt).join(',')}]}`;

/** Bodies of about 1 MB that must be refused. */
export const junkBodies: Readonly<Record<string, string>> = {
  'numbers for receipts': filled('{"purchases":[', '0', ']}'),
  '1,000 receipts of junk lines': manyReceipts(`{"lines":[${Array(330).fill('{}').join(',')}]}`),
  '1,000 receipts of 30 unknown fields': manyReceipts(fields(30)),
  'one receipt of junk lines': filled('{"purchaseId":"x","lines":[', fields(30), ']}'),
  'an object of 70,000 fields': fields(70_000),
  'empty lists': filled('[', '[]', ']'),
  'nothing but escapes': `{"purchaseId":"${'\\u4e2d'.repeat(bodyCharacters / 6)}"}`,
  'nothing but spaces': `${' '.repeat(bodyCharacters)}1`,
  'Chinese text': `{"purchaseId":"${'猜'.repeat(bodyCharacters / 3)}"}`,
  'lists of junk tags': `{"items":[${Array(1_000)
    .fill(`{"tags":[${Array(480).fill('1').join(',')}]}`)
    .join(',')}]}`,
};

export interface ReceiptShape {
  readonly purchaseId: string;
  readonly memberId?: string;
  readonly lines: number;
  /** Which items: other ones for another value. */
  readonly seed: number;
}

export function receiptOf({ purchaseId, memberId, lines, seed }: ReceiptShape, size: StallSize) {
  const itemIds = Array.from({ length: lines }, (_, line) =>
    itemIdAt((seed * 7_919 + line * 13) % size.items, workloadOf(size)),
  );
  return {
    purchaseId,
    ...(memberId !== undefined && { memberId }),
    storeId: `store-${seed % 200}`,
    channel: 'pos',
    occurredAt,
    lines: [...new Set(itemIds)].map((itemId) => ({ itemId, quantity: 1 })),
  };
}

/** Of items that nobody has met before `round`. */
export function ticketOfNew(round: number) {
  const lines = Array.from({ length: limits.purchaseLinesMax }, (_, line) => ({
    itemId: `unheard-${round}-${line}`,
    quantity: 1,
  }));
  return { purchaseId: `unheard-${round}`, channel: 'pos', occurredAt, lines };
}

export function batchOf(round: number, lines: number, size: StallSize): string {
  const purchases = Array.from({ length: 1_000 }, (_, index) => {
    const seed = round * 1_000 + index;
    const memberId = `member-${(seed * 7) % size.members}`;
    return receiptOf({ purchaseId: `batch-${lines}-${seed}`, memberId, lines, seed }, size);
  });
  return JSON.stringify({ purchases });
}

/** Items that are new when `round` is, or changed when it is below 0. */
export function itemsOf(round: number, size: StallSize): string {
  const items = Array.from({ length: 1_000 }, (_, index) => {
    const item = itemAt(index, size);
    const itemId = round < 0 ? item.itemId : `new-${round}-${index}`;
    return { ...item, itemId, name: `${item.name} round${Math.abs(round)}` };
  });
  return JSON.stringify({ items });
}

/** Items as large as they may be, as many as fit into a body. */
export function fullItemsOf(round: number): string {
  const items = Array.from({ length: 140 }, (_, index) => ({
    itemId: `full-${round}-${index}`,
    name: `${round}`.padEnd(200, '猜你喜欢再次购买'),
    brand: '牌'.repeat(200),
    category: Array.from({ length: 8 }, (_, level) => `${level}`.padEnd(100, '架')),
    tags: Array.from({ length: 32 }, (_, tag) => `${tag}`.padEnd(64, '签').slice(0, 24)),
    status: 'active',
  }));
  return JSON.stringify({ items });
}
