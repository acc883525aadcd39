// Items that are one: after a merge all is as if every receipt had named the one that stays, and
// after its undo as if nobody had ever merged them.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Engine,
  type EngineOptions,
  type Event,
  itemSchema,
  openEngine,
  purchaseSchema,
  returnSchema,
  scenarios,
} from '../engine/index.ts';
import { exchange, expectSame, restoredFrom, withChain } from './support/engines.ts';
import { withTemporaryFolder } from './support/folders.ts';

const day = 86_400_000;
const first = Date.parse('2026-06-01T02:00:00Z');
const now = first + 60 * day;
const goods = ['milk', 'old', 'eggs', 'tea', 'rice', 'salt', 'older'];

/** Some receipts hold two numbers of one item, some are anonymous. */
function sales(count: number, from = 0): Event[] {
  return Array.from({ length: count }, (_, index): Event => {
    const at = from + index;
    const names = new Set([at, at * 5 + 1, at * 3 + 2].map((place) => goods[place % 7]!));
    const purchase = purchaseSchema.parse({
      purchaseId: `p${at}`,
      storeId: `S${at % 2}`,
      ...(at % 3 === 2 ? {} : { memberId: `m${at % 7}` }),
      occurredAt: new Date(first + (at % 50) * day + at * 60_000).toISOString(),
      lines: [...names].map((itemId) => ({ itemId, quantity: 1 + (at % 2) })),
    });
    return { kind: 'purchase', purchase };
  });
}

/** The same receipts as they would name items by other numbers. */
function renamed(events: readonly Event[], names: Readonly<Record<string, string>>): Event[] {
  const nameOf = (itemId: string) => names[itemId] ?? itemId;
  return events.flatMap((event): Event[] => {
    if (event.kind !== 'purchase') return [event];
    const lines = event.purchase.lines.map((line) => ({ ...line, itemId: nameOf(line.itemId) }));
    return [{ kind: 'purchase', purchase: { ...event.purchase, lines } }];
  });
}

const merge = (itemId: string, into: string): Event => {
  return { kind: 'itemMerge', itemMerge: { itemId, into } };
};
const unmerge = (itemId: string): Event => ({ kind: 'itemUnmerge', itemUnmerge: { itemId } });
const named = (itemId: string, more: object = {}): Event => {
  return { kind: 'item', item: itemSchema.parse({ itemId, ...more }) };
};
const back = (returnId: string, purchaseId: string, itemId: string, quantity: number): Event => {
  const occurredAt = new Date(now - day).toISOString();
  const lines = [{ itemId, quantity }];
  return {
    kind: 'return',
    return: returnSchema.parse({ returnId, purchaseId, occurredAt, lines }),
  };
};

const open = (dataDir: string, options: Partial<EngineOptions> = {}) =>
  openEngine({ dataDir, clock: () => now, ...options });

async function verified(engine: Engine): Promise<string> {
  const { differences, digest } = await engine.upkeep.verify();
  expect(differences).toEqual([]);
  return digest;
}

/** Every list that somebody may ask for, with scores and reasons. */
function listsOf(engine: Engine, anchor = 'milk'): unknown {
  return scenarios.flatMap((scenario) =>
    ['m0', 'm1', 'm6', ...(scenario === 'buy-again' ? [] : [undefined])].map((memberId) => {
      const asked = {
        scenario,
        memberId,
        storeId: 'S0',
        ...(scenario === 'similar' || scenario === 'bought-together' ? { itemId: anchor } : {}),
        ...(scenario === 'basket-add-on'
          ? { basket: [{ itemId: anchor }, { itemId: 'tea' }] }
          : {}),
        limit: 100,
      };
      const { items, personalized, relaxations } = engine.lists.recommend(asked);
      return { scenario, memberId, items, personalized, relaxations };
    }),
  );
}

function listed(engine: Engine): readonly string[] {
  const { items } = engine.lists.recommend({ scenario: 'popular', limit: 100 });
  return items.map(({ itemId }) => itemId);
}

interface Truth {
  readonly digest: string;
  readonly lists: unknown;
}

/** Of a chain that was given these events and nothing else. */
function truthOf(events: readonly Event[], anchor?: string): Promise<Truth> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    for (const event of events) await engine.writes.ingest([event]);
    const digest = await verified(engine);
    const truth = { digest, lists: listsOf(engine, anchor) };
    await engine.close();
    return truth;
  });
}

async function expectTruth(
  engine: Engine,
  events: readonly Event[],
  anchor?: string,
): Promise<void> {
  const truth = await truthOf(events, anchor);
  expect(await verified(engine)).toBe(truth.digest);
  expect(listsOf(engine, anchor)).toEqual(truth.lists);
}

const oldIsMilk = { old: 'milk' };

test('a merged item keeps its counts: as if every receipt had named the one that stays', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const engine = await open(dataDir, { notify: (message) => messages.push(message) });
    await engine.writes.ingest(sales(60));
    await engine.upkeep.checkpoint();
    const [result] = await engine.writes.ingest([merge('old', 'milk')]);
    expect(result).toMatchObject({ id: 'old', status: 'created' });
    expect(engine.status().recounting).toContain('1 item is merged otherwise');
    // While it is counted anew: receipts come in by either number, and one is erased.
    await engine.writes.ingest(sales(20, 60));
    await engine.members.erase('m3');
    const isOfM3 = (event: Event) => event.kind === 'purchase' && event.purchase.memberId === 'm3';
    const left = sales(80).filter((event) => !isOfM3(event));
    await expectTruth(engine, renamed(left, oldIsMilk));
    expect(engine.status().recounting).toBeUndefined();
    expect(messages.filter((message) => message.includes(' merged otherwise'))).toHaveLength(1);
    expect(engine.inspect.counters('old')?.support).toBe(0n);
    await engine.close();
  }));

test('its undo is as if nobody had merged it, with the receipts that came in between', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(60));
    await engine.writes.ingest([merge('old', 'milk')]);
    await engine.writes.ingest(sales(20, 60));
    await verified(engine);
    await engine.writes.ingest([unmerge('old')]);
    await engine.writes.ingest(sales(10, 80));
    await expectTruth(engine, sales(90));
    await engine.writes.ingest([merge('milk', 'old')]);
    await expectTruth(engine, renamed(sales(90), { milk: 'old' }), 'old');
    await engine.close();
  }));

test('a chain of merges ends at the last of them, and each is undone by itself', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(70));
    await engine.writes.ingest([merge('older', 'old'), merge('old', 'milk')]);
    await expectTruth(engine, renamed(sales(70), { older: 'milk', old: 'milk' }));
    expect(engine.catalogue.mergedInto('older')).toBe('milk');
    await engine.writes.ingest([unmerge('old')]);
    await expectTruth(engine, renamed(sales(70), { older: 'old' }));
    await engine.writes.ingest([merge('old', 'milk'), unmerge('older')]);
    await expectTruth(engine, renamed(sales(70), { old: 'milk' }));
    await engine.close();
  }));

test('what would be no merge is refused with the reason, and the same one is a duplicate', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(20));
    const say = async (event: Event) => {
      const [{ status, reason, field } = { status: '' }] = await engine.writes.ingest([event]);
      return [status, reason, field].filter((word) => word !== undefined).join(' ');
    };
    expect(await say(merge('milk', 'milk'))).toBe('rejected MERGE_CIRCLE into');
    expect(await say(merge('nothing', 'milk'))).toBe('rejected ITEM_UNKNOWN itemId');
    expect(await say(merge('milk', 'nothing'))).toBe('rejected ITEM_UNKNOWN into');
    expect(await say(unmerge('nothing'))).toBe('rejected ITEM_UNKNOWN itemId');
    expect(await say(unmerge('milk'))).toBe('rejected ITEM_NOT_MERGED itemId');
    expect(await say(merge('old', 'milk'))).toBe('created');
    expect(await say(merge('old', 'milk'))).toBe('duplicate');
    expect(await say(merge('old', 'tea'))).toBe('rejected ITEM_MERGED itemId');
    expect(await say(merge('milk', 'old'))).toBe('rejected MERGE_CIRCLE into');
    expect(await say(merge('older', 'old'))).toBe('created');
    expect(await say(merge('milk', 'older'))).toBe('rejected MERGE_CIRCLE into');
    expect(await say(unmerge('old'))).toBe('created');
    expect(await say(unmerge('old'))).toBe('duplicate');
    expect(engine.status().items).toBe(7);
    await engine.close();
  }));

test('the old number is never listed and is answered by the item that stays', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    const words = { name: '鲜牛奶 1L', category: ['乳品'], barcodes: ['690'] };
    await engine.writes.ingest([named('old', { ...words, name: '鲜牛奶 (旧)' }), named('milk')]);
    await engine.writes.ingest(sales(60));
    const taken = await engine.writes.ingest([named('milk', words)]);
    expect(taken).toMatchObject([{ reason: 'BARCODE_TAKEN' }]);
    await engine.writes.ingest([merge('old', 'milk'), named('milk', words)]);
    // From now on, though reasons may still tell of it until all is counted anew.
    expect(listed(engine)).not.toContain('old');
    expect(engine.catalogue.item('old')).toMatchObject({ itemId: 'milk', name: '鲜牛奶 1L' });
    expect([engine.catalogue.itemIdOf('690'), engine.catalogue.mergedInto('old')]).toEqual([
      'milk',
      'milk',
    ]);
    await verified(engine);
    expect(JSON.stringify(listsOf(engine)).includes('旧')).toBe(false);
    const asked = { scenario: 'bought-together', limit: 100 } as const;
    const [byOld, byNew] = ['old', 'milk'].map(
      (itemId) => engine.lists.recommend({ ...asked, itemId }).items,
    );
    expect(byOld).toEqual(byNew);
    const excluded = engine.lists.recommend({ scenario: 'popular', exclude: ['old'], limit: 100 });
    expect(excluded.items.map(({ itemId }) => itemId)).not.toContain('milk');
    const ticket = (...itemIds: string[]) => {
      const basket = itemIds.map((itemId) => ({ itemId }));
      return engine.lists.recommend({ scenario: 'basket-add-on', basket }).items;
    };
    expect(ticket('old', 'milk', 'tea')).toEqual(ticket('milk', 'tea'));
    await expectTruth(engine, [named('milk', words), ...renamed(sales(60), oldIsMilk)]);
    await engine.close();
  }));

test('roles, words and status are those of the item that stays', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest([named('old', { role: 'fee' }), ...sales(60)]);
    await engine.writes.ingest([merge('old', 'milk')]);
    await expectTruth(engine, renamed(sales(60), oldIsMilk));
    await engine.writes.ingest([named('old', { role: 'goods', name: '新' })]);
    await expectTruth(engine, renamed(sales(60), oldIsMilk));
    await engine.writes.ingest([named('milk', { role: 'bag' })]);
    await expectTruth(engine, [named('milk', { role: 'bag' }), ...renamed(sales(60), oldIsMilk)]);
    await engine.writes.ingest([unmerge('old')]);
    await expectTruth(engine, [
      named('old', { role: 'goods', name: '新' }),
      named('milk', { role: 'bag' }),
      ...sales(60),
    ]);
    await engine.close();
  }));

test('goods come back under either number, whatever they were bought under', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    const purchase = (purchaseId: string, ...lines: [string, number][]): Event => ({
      kind: 'purchase',
      purchase: purchaseSchema.parse({
        purchaseId,
        memberId: 'ann',
        occurredAt: new Date(now - 5 * day).toISOString(),
        lines: lines.map(([itemId, quantity]) => ({ itemId, quantity })),
      }),
    });
    await engine.writes.ingest([
      purchase('r1', ['old', 2], ['tea', 1]),
      purchase('r2', ['old', 1], ['milk', 1], ['tea', 1]),
      purchase('r3', ['old', 1], ['tea', 1]),
      merge('old', 'milk'),
    ]);
    const say = async (event: Event) => (await engine.writes.ingest([event]))[0]!.status;
    expect(await say(back('b1', 'r1', 'old', 1))).toBe('created');
    expect(await say(back('b2', 'r1', 'milk', 1))).toBe('created');
    expect(await say(back('b2', 'r1', 'milk', 1))).toBe('duplicate');
    expect(await say(back('b3', 'r1', 'milk', 1))).toBe('rejected');
    expect(await say(back('b4', 'r2', 'milk', 2))).toBe('created');
    expect(await say(back('b4', 'r2', 'milk', 2))).toBe('duplicate');
    const goodsBack = {
      returnId: 'b5',
      memberId: 'ann',
      occurredAt: new Date(now - day).toISOString(),
      lines: [{ itemId: 'milk', quantity: 1 }],
    };
    expect(await say({ kind: 'unreferencedReturn', unreferencedReturn: goodsBack })).toBe(
      'created',
    );
    await verified(engine);
    expect(engine.inspect.counters('milk')?.support).toBe(0n);
    await engine.writes.ingest([unmerge('old')]);
    expect(await say(back('b2', 'r1', 'milk', 1))).toBe('duplicate');
    await verified(engine);
    expect(engine.inspect.counters('old')?.support).toBe(0n);
    expect([...engine.records.receipts()].map(({ itemId }) => itemId)).toEqual(
      Array(3).fill('tea'),
    );
    await engine.close();
  }));

test('a crash while it is counted anew loses nothing, and a restart goes on', () =>
  withTemporaryFolder(async (folder) => {
    const [dataDir, crashed] = [join(folder, 'a'), join(folder, 'crashed')];
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(60));
    await engine.upkeep.checkpoint();
    await engine.writes.ingest([merge('old', 'milk')]);
    await engine.writes.ingest(sales(5, 60));
    cpSync(dataDir, crashed, { recursive: true, filter: (path) => !path.endsWith('.lock') });
    await engine.close();
    for (const folderOf of [crashed, dataDir]) {
      const again = await open(folderOf);
      await expectTruth(again, renamed(sales(65), oldIsMilk));
      await again.upkeep.checkpoint();
      await again.close();
      const silent: string[] = [];
      const last = await open(folderOf, { notify: (message) => silent.push(message) });
      await expectTruth(last, renamed(sales(65), oldIsMilk));
      expect(silent).toEqual([]);
      await last.close();
    }
  }));

test('an item that no receipt holds is merged without a recount', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const engine = await open(dataDir, { notify: (message) => messages.push(message) });
    await engine.writes.ingest([named('old'), named('milk')]);
    await engine.writes.ingest([merge('old', 'milk'), ...sales(40)]);
    await verified(engine);
    expect(messages.filter((message) => message.includes('merged'))).toEqual([]);
    await expectTruth(engine, [named('milk'), ...renamed(sales(40), oldIsMilk)]);
    await engine.close();
  }));

test('every node merges as one of them was told, and circles of two origins end alike', () =>
  withChain(async (chain) => {
    chain.nowMs = now;
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    const f = await chain.open('f', { isFollower: true });
    await a.writes.ingest(sales(40));
    await exchange(a, b, f);
    await a.writes.ingest([merge('old', 'milk')]);
    await b.writes.ingest([merge('milk', 'old')]);
    await b.writes.ingest(sales(10, 40));
    await exchange(a, b, f);
    for (const engine of [a, b, f]) await engine.upkeep.checkpoint();
    expectSame(a, b, f);
    for (const engine of [a, b, f]) expect(engine.catalogue.itemIdOf('old')).toBe('milk');
    // Of two words about one item the later one stands.
    chain.nowMs += 1;
    await a.writes.ingest([unmerge('milk')]);
    await exchange(a, b, f);
    chain.nowMs += 1;
    await b.writes.ingest([unmerge('old')]);
    await exchange(a, b, f);
    for (const engine of [a, b, f]) await engine.upkeep.checkpoint();
    expectSame(a, b, f);
    expect(await verified(f)).toBe((await truthOf(sales(50))).digest);
  }));

test('a backup brings merges back', () =>
  withTemporaryFolder(async (folder) => {
    const engine = await open(join(folder, 'a'));
    await engine.writes.ingest([...sales(30), merge('old', 'milk')]);
    const digest = await verified(engine);
    await engine.close();
    const other = await restoredFrom(folder, () => now, open);
    expect(other.catalogue.mergedInto('old')).toBe('milk');
    expect(await verified(other)).toBe(digest);
    await other.writes.ingest([unmerge('old')]);
    await expectTruth(other, sales(30));
    await other.close();
  }));
