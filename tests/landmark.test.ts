// Receipts years apart: the landmark moves, the counts are made anew beside the old ones, and
// nothing else changes.
import { expect, test } from 'vitest';
import { type Engine, type Event, openEngine, purchaseSchema } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const day = 86_400_000;
/** Far past both grids of 16 half-lives (480 and 960 days) from any earlier receipt. */
const now = Date.UTC(2035, 0, 1);

function receipt(id: string, memberId: string | undefined, atMs: number, items: string[]): Event {
  return {
    kind: 'purchase',
    purchase: purchaseSchema.parse({
      purchaseId: id,
      ...(memberId === undefined ? {} : { memberId }),
      storeId: 'S1',
      occurredAt: new Date(atMs).toISOString(),
      lines: items.map((itemId) => ({ itemId, quantity: 1 })),
    }),
  };
}

/** A receipt a week over `years` years from 2026 on, by a few members and strangers. */
function years(count: number, prefix = 'p'): Event[] {
  return Array.from({ length: count * 52 }, (_, week) => {
    const memberId = week % 4 === 3 ? undefined : `m${week % 7}`;
    const items = [`i${week % 11}`, `i${(week * 7) % 13}`, `i${(week * 5) % 17}`];
    return receipt(`${prefix}${week}`, memberId, Date.UTC(2026, 0, 1) + week * 7 * day, items);
  });
}

async function openAt(dataDir: string, messages: string[] = []): Promise<Engine> {
  return openEngine({ dataDir, clock: () => now, notify: (message) => messages.push(message) });
}

async function verified(engine: Engine): Promise<string> {
  const audit = await engine.upkeep.verify();
  expect(audit.differences).toEqual([]);
  return audit.digest;
}

/** The digest of a fresh engine that was given these events in one go. */
async function digestOf(events: readonly Event[]): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await openAt(dataDir);
    await engine.writes.ingest(events);
    const digest = await verified(engine);
    await engine.close();
    return digest;
  });
}

test('eight years count the same in one batch and one by one, over every landmark', async () => {
  const events = years(8);
  await withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const engine = await openAt(dataDir, messages);
    for (const event of events) await engine.writes.ingest([event]);
    const digest = await verified(engine);
    const { landmarkDay, popularityLandmarkDay } = engine.inspect.totals();
    expect(landmarkDay % 960).toBe(0);
    expect(popularityLandmarkDay % 480).toBe(0);
    expect(messages.filter((message) => message.includes('switched')).length).toBeGreaterThan(4);
    await engine.close();
    expect(digest).toBe(await digestOf(events));
  });
});

test('newest first or oldest first, the counts end the same', async () => {
  const events = years(4);
  expect(await digestOf([...events].reverse())).toBe(await digestOf(events));
});

test('a member erased while the landmark moves is in neither counts', async () => {
  const [before, after] = [years(3, 'a'), receipt('z', 'm1', Date.UTC(2030, 5, 1), ['i1', 'i2'])];
  const isOfErased = (event: Event) =>
    event.kind === 'purchase' && event.purchase.memberId === 'm2';
  await withTemporaryFolder(async (dataDir) => {
    const engine = await openAt(dataDir);
    await engine.writes.ingest(before);
    const crossing = engine.writes.ingest([after]);
    const erase = engine.members.erase('m2');
    await crossing;
    expect((await erase).found).toBe(true);
    const digest = await verified(engine);
    await engine.close();
    expect(digest).toBe(await digestOf([...before, after].filter((event) => !isOfErased(event))));
  });
});

test('writes and erases during a background recount end in the same counts', async () => {
  const history = years(6, 'b');
  const crossing = receipt('cross', 'm1', Date.UTC(2026, 0, 1) + 6 * 365 * day, ['i1', 'i3']);
  const later = Array.from({ length: 40 }, (_, index) =>
    receipt(`later${index}`, `m${index % 9}`, Date.UTC(2032, 1, 1) + index * day, [
      'i2',
      `i${index}`,
    ]),
  );
  await withTemporaryFolder(async (dataDir) => {
    const engine = await openAt(dataDir);
    await engine.writes.ingest(history);
    await engine.writes.ingest([crossing]);
    for (const event of later.slice(0, 20)) await engine.writes.ingest([event]);
    await engine.members.erase('m3');
    for (const event of later.slice(20)) await engine.writes.ingest([event]);
    const digest = await verified(engine);
    await engine.close();
    const kept = [...history, crossing, ...later].filter(
      (event) => event.kind === 'purchase' && event.purchase.memberId !== 'm3',
    );
    expect(digest).toBe(await digestOf(kept));
  });
});
