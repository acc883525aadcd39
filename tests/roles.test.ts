// What is sold and is no goods: kept on receipts, counted for nothing and never listed; and a role
// that changes is as if it had always been so.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Engine,
  type EngineError,
  type EngineOptions,
  type Event,
  type Item,
  itemSchema,
  openEngine,
  purchaseSchema,
  rolePatternsSchema,
  scenarios,
} from '../engine/index.ts';
import { exchange, expectSame, restoredFrom, withChain } from './support/engines.ts';
import { withTemporaryFolder } from './support/folders.ts';

const day = 86_400_000;
const first = Date.parse('2026-06-01T02:00:00Z');
const now = first + 60 * day;
const goods = ['milk', 'bread', 'eggs', 'tea', 'rice', 'salt'];

/** Every second receipt has a bag, every third is anonymous; some hold the bag alone. */
function sales(count: number, from = 0): Event[] {
  return Array.from({ length: count }, (_, index): Event => {
    const at = from + index;
    const sold = [goods[at % 6]!, goods[(at * 5 + 1) % 6]!].filter(() => at % 11 !== 10);
    const lines = [...new Set([...sold, ...(at % 2 === 0 || at % 11 === 10 ? ['bag'] : [])])];
    const purchase = purchaseSchema.parse({
      purchaseId: `p${at}`,
      storeId: `S${at % 2}`,
      ...(at % 3 === 2 ? {} : { memberId: `m${at % 7}` }),
      occurredAt: new Date(first + (at % 50) * day + at * 60_000).toISOString(),
      lines: lines.map((itemId) => ({ itemId, quantity: 1 })),
    });
    return { kind: 'purchase', purchase };
  });
}

const as = (role: Item['role'], itemId = 'bag'): Event => ({
  kind: 'item',
  item: itemSchema.parse({ itemId, role }),
});

const open = (dataDir: string, options: Partial<EngineOptions> = {}) =>
  openEngine({ dataDir, clock: () => now, ...options });

/** All is counted, compared with a recount, and then named by its digest. */
async function verified(engine: Engine): Promise<string> {
  const { differences, digest } = await engine.upkeep.verify();
  expect(differences).toEqual([]);
  return digest;
}

/** Of a chain that was given these events in this order, and nothing else. */
function digestOf(events: readonly Event[]): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    for (const event of events) await engine.writes.ingest([event]);
    const digest = await verified(engine);
    await engine.close();
    return digest;
  });
}

/** Every item of every list that somebody may ask for. */
function listed(engine: Engine): Set<string> {
  const lists = scenarios.flatMap((scenario) =>
    ['m0', 'm1', 'm6', ...(scenario === 'buy-again' ? [] : [undefined])].map((memberId) =>
      engine.lists.recommend({
        scenario,
        memberId,
        storeId: 'S0',
        ...(scenario === 'similar' || scenario === 'bought-together' ? { itemId: 'milk' } : {}),
        basket: [],
        exclude: [],
        limit: 100,
      }),
    ),
  );
  return new Set(lists.flatMap(({ items }) => items.map(({ itemId }) => itemId)));
}

test('a bag is on its receipts, and is in no list and no count', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest([as('bag'), ...sales(80)]);
    expect(listed(engine)).toEqual(new Set(goods));
    expect(engine.inspect.counters('bag')?.support).toBe(0n);
    expect(engine.inspect.row('same', 'bag')).toEqual([]);
    expect(engine.inspect.row('next', 'milk').map(({ itemId }) => itemId)).not.toContain('bag');
    const kept = [...engine.records.receipts()].filter(({ itemId }) => itemId === 'bag');
    expect(kept).toHaveLength(
      sales(80).filter((each) => JSON.stringify(each).includes('bag')).length,
    );
    await engine.close();
  }));

test('with a bag on receipts, goods are counted as they are without it', async () => {
  const without = sales(80).flatMap((event): Event[] => {
    if (event.kind !== 'purchase') return [];
    const lines = event.purchase.lines.filter(({ itemId }) => itemId !== 'bag');
    return lines.length === 0 ? [] : [{ ...event, purchase: { ...event.purchase, lines } }];
  });
  expect(await digestOf([as('bag'), ...sales(80)])).toBe(await digestOf(without));
});

test('whoever is told only afterwards what an item is counts as who always knew', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const engine = await open(dataDir, { notify: (message) => messages.push(message) });
    await engine.writes.ingest(sales(60));
    expect(listed(engine)).toContain('bag');
    await engine.writes.ingest([as('bag')]);
    // From now on, though it is still being counted anew.
    expect(listed(engine)).not.toContain('bag');
    await engine.writes.ingest(sales(20, 60));
    await engine.members.erase('m3');
    const isOfM3 = (event: Event) => event.kind === 'purchase' && event.purchase.memberId === 'm3';
    const left = sales(80).filter((event) => !isOfM3(event));
    expect(await verified(engine)).toBe(await digestOf([as('bag'), ...left]));
    expect(messages.filter((message) => message.includes('other roles'))).toHaveLength(1);
    // And back again: what was kept of the bag is there.
    await engine.writes.ingest([as('goods')]);
    expect(await verified(engine)).toBe(await digestOf(left));
    expect(listed(engine)).toContain('bag');
    await engine.close();
  }));

test('an item that nothing is counted of yet changes its role without a recount', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const engine = await open(dataDir, { notify: (message) => messages.push(message) });
    await engine.writes.ingest([as('goods', 'box'), ...sales(20)]);
    await engine.writes.ingest([as('bag', 'box')]);
    await engine.writes.ingest([as('fee', 'unheard of')]);
    await verified(engine);
    expect(messages).toEqual([]);
    await engine.close();
  }));

test('roles that change again and again, and for many items at once, end as the last ones', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(60));
    for (const [at, role] of (['bag', 'goods', 'fee', 'goods', 'deposit'] as const).entries()) {
      await engine.writes.ingest([as(role), as(at % 2 === 0 ? 'sample' : 'goods', 'salt')]);
      await engine.writes.ingest(sales(3, 60 + at * 3));
    }
    const lastRoles = [as('deposit'), as('sample', 'salt')];
    expect(await verified(engine)).toBe(await digestOf([...lastRoles, ...sales(75)]));
    await engine.close();
  }));

test('a crash while it is counted anew loses nothing: the next start goes on with it', () =>
  withTemporaryFolder(async (folder) => {
    const [dataDir, crashed] = [join(folder, 'a'), join(folder, 'crashed')];
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(60));
    await engine.upkeep.checkpoint();
    await engine.writes.ingest([as('bag')]);
    await engine.writes.ingest(sales(5, 60));
    // The disk as it is now; the checkpoint on it was counted with the bag.
    cpSync(dataDir, crashed, { recursive: true, filter: (path) => !path.endsWith('.lock') });
    await engine.close();
    const expected = await digestOf([as('bag'), ...sales(65)]);
    for (const folderOf of [crashed, dataDir]) {
      const messages: string[] = [];
      const again = await open(folderOf, { notify: (message) => messages.push(message) });
      expect(listed(again)).not.toContain('bag');
      await again.writes.ingest([]);
      expect(await verified(again)).toBe(expected);
      await again.upkeep.checkpoint();
      await again.close();
      // Once more, now from counts by the new role.
      const silent: string[] = [];
      const last = await open(folderOf, { notify: (message) => silent.push(message) });
      expect(await verified(last)).toBe(expected);
      expect(silent).toEqual([]);
      await last.close();
    }
  }));

test('an audit that runs while a role changes finds nothing wrong', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(sales(80));
    const audit = engine.upkeep.verify();
    await engine.writes.ingest([as('bag')]);
    await engine.writes.ingest(sales(10, 80));
    expect((await audit).differences).toEqual([]);
    expect(await verified(engine)).toBe(await digestOf([as('bag'), ...sales(90)]));
    await engine.close();
  }));

test('where memory holds one set of counts only, they are made anew in its place', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir, { availableMemory: () => 1 });
    // Lists and writers wait, as for a landmark: who is refused meanwhile tries again.
    const send = async (events: readonly Event[]): Promise<void> => {
      for (;;) {
        try {
          await engine.writes.ingest(events);
          return;
        } catch (error) {
          if ((error as EngineError).reason !== 'NOT_READY') throw error;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    await send(sales(60));
    await send([as('bag')]);
    await engine.upkeep.checkpoint();
    await send(sales(5, 60));
    expect(await verified(engine)).toBe(await digestOf([as('bag'), ...sales(65)]));
    await engine.close();
  }));

test('every node counts by the role that one of them was told', () =>
  withChain(async (chain) => {
    chain.nowMs = now;
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    const f = await chain.open('f', { isFollower: true });
    await a.writes.ingest(sales(40));
    await exchange(a, b, f);
    await b.writes.ingest([as('bag')]);
    // What cannot be compared yet is not: who is asked says no digest.
    expect(b.replication.digest()).toBe('');
    await exchange(a, b, f);
    for (const engine of [a, b, f]) await engine.upkeep.checkpoint();
    expectSame(a, b, f);
    for (const engine of [a, b, f]) {
      expect(listed(engine)).not.toContain('bag');
      const { watermark } = engine.replication;
      expect(engine.replication.digestAt(watermark)).toBe(engine.replication.digest());
    }
    expect(await verified(f)).toBe(await digestOf([as('bag'), ...sales(40)]));
  }));

test('a name or a price of 0 says what an item is, unless somebody does', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    const put = async (item: object) => {
      const event = { kind: 'item', item: itemSchema.parse({ itemId: 'bag', ...item }) } as const;
      const [result] = await engine.writes.ingest([event]);
      const { role, roleGuessed = false } = engine.catalogue.item('bag')!;
      return [result!.status, role, roleGuessed];
    };
    await engine.writes.ingest(sales(40));
    expect(await put({ name: '购物袋(大)' })).toEqual(['created', 'bag', true]);
    expect(await put({ name: '购物袋(大)' })).toEqual(['duplicate', 'bag', true]);
    expect(listed(engine)).not.toContain('bag');
    expect(await verified(engine)).toBe(await digestOf([as('bag'), ...sales(40)]));
    expect(await put({ name: '购物袋(大)', role: 'goods' })).toEqual(['created', 'goods', false]);
    expect(await verified(engine)).toBe(await digestOf(sales(40)));
    expect(listed(engine)).toContain('bag');
    expect(await put({ name: 'milk', role: 'fee' })).toEqual(['created', 'fee', false]);
    expect(await put({ name: 'milk', priceFen: 0 })).toEqual(['created', 'sample', true]);
    // As it was read, with a price now.
    const { ...read } = engine.catalogue.item('bag')!;
    expect(await put({ ...read, priceFen: 500 })).toEqual(['created', undefined, false]);
    expect(await verified(engine)).toBe(await digestOf(sales(40)));
    await engine.close();
  }));

test('other nodes take over what a name said where it came in, whatever names they know', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const none = rolePatternsSchema.parse({ roles: {} });
    const f = await chain.open('f', { isFollower: true, itemRoles: none });
    const item = itemSchema.parse({ itemId: 'bag', name: '购物袋' });
    await a.writes.ingest([{ kind: 'item', item }]);
    await exchange(a, f);
    expect(f.catalogue.item('bag')).toEqual(a.catalogue.item('bag'));
    expect(f.catalogue.item('bag')).toMatchObject({ role: 'bag', roleGuessed: true });
  }));

test('a backup brings the role back', () =>
  withTemporaryFolder(async (folder) => {
    const engine = await open(join(folder, 'a'));
    await engine.writes.ingest([...sales(30), as('bag')]);
    const digest = await verified(engine);
    await engine.close();
    const other = await restoredFrom(folder, () => now, open);
    expect(other.catalogue.item('bag')?.role).toBe('bag');
    expect(await verified(other)).toBe(digest);
    await other.close();
  }));

test('while a chain is filled, roles wait, and all is counted anew once', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const notify = (message: string) => messages.push(message);
    const engine = await open(dataDir, { notify, isWriteOnly: true });
    engine.writes.expectDay(Math.floor(now / day));
    for (const [at, role] of (['bag', 'fee', 'deposit'] as const).entries()) {
      await engine.writes.ingest(sales(20, at * 20));
      await engine.writes.ingest([as(role)]);
    }
    expect(messages).toEqual([]);
    engine.writes.expectDay(0);
    await engine.writes.ingest([as('sample', 'salt')]);
    await engine.upkeep.checkpoint();
    expect(messages.filter((message) => message.includes('recounting'))).toHaveLength(1);
    const lastRoles = [as('deposit'), as('sample', 'salt')];
    expect(await verified(engine)).toBe(await digestOf([...lastRoles, ...sales(60)]));
    await engine.close();
  }));
