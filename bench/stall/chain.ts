// The chain on which turns are measured: a catalogue with names and shelves, receipts, and a few
// members and receipts of extreme size.
import { type Engine, type Event, openEngine } from '../../engine/index.ts';
import { defaultWorkload, itemIdAt, receipts, type WorkloadOptions } from '../workload.ts';

export interface StallSize {
  readonly members: number;
  readonly items: number;
  readonly receipts: number;
  /** Receipts of each card that all use, which count as tickets. */
  readonly card: number;
  /** And of each member who buys as much as a person may (limits.receiptsPerMemberMax). */
  readonly person: number;
}

export const sizes = {
  small: { members: 10_000, items: 30_000, receipts: 40_000, card: 20_000, person: 2_980 },
  large: { members: 200_000, items: 300_000, receipts: 1_000_000, card: 20_000, person: 2_980 },
} as const satisfies Record<string, StallSize>;

/** Members of extreme size, each for another operation. */
export const cards = ['card-stays', 'card-goes', 'card-erased'] as const;
export const persons = ['person-stays', 'person-goes', 'person-erased'] as const;
/** Two that are as much as one person may be together. */
export const halves = ['half-stays', 'half-goes'] as const;

const batchEvents = 1_000;
const stores = 200;
const cities = 4;
const nouns = 3_000;

export function workloadOf({ members, items }: StallSize): WorkloadOptions {
  return { ...defaultWorkload, members, items, stores, meanLines: 4, days: 360 };
}

/** Words as shops use them: some on thousands of items, most on a few. */
export function itemAt(index: number, size: StallSize) {
  const noun = Math.floor((((index * 7_919) % size.items) ** 2 / size.items ** 2) * nouns);
  return {
    itemId: itemIdAt(index, workloadOf(size)),
    name: `货品 noun${noun} kind${index % 97} ${100 + (index % 90)}g no${index}`,
    category: [`部${index % 12}`, `架${index % 240}`, `层${index % 2_400}`],
    priceFen: 1_000 + ((index * 37) % 9_000),
    status: index % 20 === 7 ? ('inactive' as const) : ('active' as const),
  };
}

function* catalogueOf(size: StallSize): Generator<Event> {
  for (let store = 0; store < stores; store++) {
    const city = `city-${store % cities}`;
    yield { kind: 'store', store: { storeId: `store-${store}`, city, timeZone: 'Asia/Shanghai' } };
  }
  for (let index = 0; index < size.items; index++)
    yield { kind: 'item', item: itemAt(index, size) };
}

function* bigHistories(size: StallSize): Generator<Event> {
  const { endMs, days } = workloadOf(size);
  const startMs = endMs - days * 86_400_000;
  const sizeOf = [
    ...cards.map((memberId) => [memberId, size.card] as const),
    ...persons.map((memberId) => [memberId, size.person] as const),
    ...halves.map((memberId) => [memberId, size.person >> 1] as const),
  ];
  for (const [memberId, count] of sizeOf) {
    for (let index = 0; index < count; index++) {
      const items = [0, 1, 2].map((line) =>
        itemIdAt((index * 31 + line * 7) % 3_000, workloadOf(size)),
      );
      const occurredAt = new Date(startMs + ((endMs - startMs) * index) / count);
      yield {
        kind: 'purchase',
        purchase: {
          purchaseId: `${memberId}-${index}`,
          memberId,
          storeId: `store-${index % stores}`,
          channel: 'pos',
          occurredAt: occurredAt.toISOString(),
          lines: items.map((itemId) => ({ itemId, quantity: 1 })),
        },
      };
    }
  }
}

async function ingest(engine: Engine, events: Iterable<Event>, label: string): Promise<void> {
  let batch: Event[] = [];
  let count = 0;
  const flush = async () => {
    for (const { status, id, message } of await engine.writes.ingest(batch)) {
      if (status !== 'created') throw new Error(`${id} was ${status}: ${message}`);
    }
    count += batch.length;
    batch = [];
    if (count % 100_000 === 0) console.log(`${count} ${label}`);
  };
  for (const event of events) {
    batch.push(event);
    if (batch.length === batchEvents) await flush();
  }
  if (batch.length > 0) await flush();
}

function* purchasesOf(size: StallSize): Generator<Event> {
  for (const purchase of receipts(size.receipts, workloadOf(size)))
    yield { kind: 'purchase', purchase };
}

/** Fills a folder with the catalogue alone, or with receipts too. */
export async function makeChain(folder: string, size: StallSize, sells: boolean): Promise<void> {
  const engine = await openEngine({ dataDir: folder });
  try {
    await ingest(engine, catalogueOf(size), 'items');
    if (sells) {
      await ingest(engine, purchasesOf(size), 'receipts');
      await ingest(engine, bigHistories(size), 'receipts of big members');
    }
    await engine.upkeep.settle();
    await engine.upkeep.checkpoint();
  } finally {
    await engine.close();
  }
}
