// A small chain that has lived: receipts, returns, a merge, a consent withdrawn, erases, long
// histories, a compaction.
import { type Engine, type Event, openEngine } from '../../engine/index.ts';

const start = Date.parse('2026-03-02T01:00:00Z');
const erased = ['m3', 'm7'];

export const pastClock = () => start + 200 * 86_400_000;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Receipt number `index`; member m1 is one of a long history, every ninth is anonymous. */
export function receiptOf(index: number, random: () => number): Event {
  const member = random() < 0.3 ? 'm1' : `m${Math.floor(random() * 40)}`;
  const items = new Set(Array.from({ length: 6 }, () => `item-${Math.floor(random() ** 2 * 120)}`));
  return {
    kind: 'purchase',
    purchase: {
      purchaseId: `receipt-${index}`,
      ...(index % 9 === 0 ? {} : { memberId: member }),
      storeId: `store-${index % 3}`,
      channel: 'pos',
      occurredAt: new Date(start + index * 3_600_000).toISOString(),
      lines: [...items].map((itemId) => ({ itemId, quantity: 1 + Math.floor(random() * 3) })),
    },
  };
}

function changeOf(index: number): Event {
  const occurredAt = new Date(start + index * 3_600_000 + 1_000).toISOString();
  if (index === 150) return { kind: 'merge', merge: { memberId: 'm1', fromMemberId: 'm5' } };
  if (index === 250) {
    return { kind: 'consent', consent: { memberId: 'm9', personalization: false, occurredAt } };
  }
  const { purchase } = receiptOf(index - 1, () => 0.5) as Extract<Event, { kind: 'purchase' }>;
  const { purchaseId } = purchase;
  const lines = [{ itemId: 'item-30', quantity: 1 }];
  const value = { returnId: `return-${index}`, purchaseId, channel: 'pos', occurredAt, lines };
  return { kind: 'return', return: value as Extract<Event, { kind: 'return' }>['return'] };
}

/** What a chain holds, to be compared with what it holds after a fault. */
export interface Holdings {
  readonly digest: string;
  readonly rows: string;
  readonly items: string;
}

export function holdingsOf(engine: Engine): Holdings {
  return {
    digest: engine.inspect.digest(),
    rows: JSON.stringify([...engine.records.receipts({ gross: true })]),
    items: JSON.stringify([...engine.catalogue.items()]),
  };
}

/** Makes the chain in `dataDir` and closes it; what it then holds. */
export async function makeChainWithAPast(dataDir: string, receipts = 500): Promise<Holdings> {
  const random = seeded(11);
  const engine = await openEngine({ dataDir, clock: pastClock });
  for (let index = 0; index < receipts; index += 10) {
    const events = Array.from({ length: 10 }, (_, offset) => receiptOf(index + offset, random));
    if (index % 50 === 0 && index > 0) events.push(changeOf(index));
    await engine.writes.ingest(events);
    if (index === 200) await engine.members.erase(erased[0]!);
    if (index === 300) await engine.upkeep.compact();
  }
  await engine.members.erase(erased[1]!);
  const holdings = holdingsOf(engine);
  await engine.close();
  return holdings;
}
