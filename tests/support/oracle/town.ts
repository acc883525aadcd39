// A town of a few stores with half a year of receipts, the same every time: large enough that rows
// are cut at fifty neighbours and that lists are full, small enough for the oracle.
import { type Event, itemSchema, purchaseSchema, storeSchema } from '../../../engine/index.ts';

const items = 130;
const members = 40;
const receipts = 700;
const firstDay = 20_580;
const days = 180;
const shelves = [['饮品', '奶'], ['饮品', '咖啡'], ['零食', '坚果'], ['日用'], []];

/** The moment just after the last receipt. */
export const townClockMs = (firstDay + days) * 86_400_000;

export const townStores = ['S1', 'S2', 'S3'] as const;
/** One who bought much, and one who was never seen. */
export const townMembers = { regular: 'member-1', stranger: 'member-never' } as const;
/** A best seller with a long row, and one that nobody bought. */
export const townItems = { popular: 'item-0', unsold: 'item-unsold' } as const;

/** Stores, items and receipts, in the order in which they reach the engine. */
export function townEvents(): Event[] {
  const random = seeded(20_260_501);
  const stores = townStores.map((storeId, at): Event => {
    const city = at < 2 ? '上海' : '成都';
    return { kind: 'store', store: storeSchema.parse({ storeId, city }) };
  });
  const catalogue = Array.from({ length: items }, (_, at) => itemEvent(at));
  const unsold = { itemId: townItems.unsold, name: 'unsold', category: shelves[0] };
  const sales = Array.from({ length: receipts }, (_, at) => receiptEvent(at, random));
  return [...stores, ...catalogue, { kind: 'item', item: itemSchema.parse(unsold) }, ...sales];
}

function itemEvent(at: number): Event {
  const item = itemSchema.parse({
    itemId: `item-${at}`,
    name: `货品 ${at}`,
    category: shelves[at % shelves.length],
    priceFen: 100 + at,
    // Every eleventh is off the shelf: it still teaches, and is never listed.
    status: at % 11 === 5 ? 'inactive' : 'active',
  });
  return { kind: 'item', item };
}

function receiptEvent(at: number, random: () => number): Event {
  const length = 1 + Math.floor(random() * 9);
  const lines = Array.from({ length }, () => ({ itemId: skewedItem(random), quantity: 1 }));
  const minute = Math.floor(random() * days * 1_440);
  const occurredAt = new Date((firstDay * 1_440 + minute) * 60_000).toISOString();
  const member = Math.floor(random() * (members + 5));
  const purchase = purchaseSchema.parse({
    purchaseId: `receipt-${at}`,
    ...(member < members ? { memberId: `member-${member}` } : {}),
    storeId: townStores[Math.floor(random() * townStores.length)],
    occurredAt,
    lines,
  });
  return { kind: 'purchase', purchase };
}

/** Few items sell much and many a little, as in any shop. */
function skewedItem(random: () => number): string {
  return `item-${Math.floor(items * random() ** 2)}`;
}

/** A linear congruential generator (Numerical Recipes): the same town on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
