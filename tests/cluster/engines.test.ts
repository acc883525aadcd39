// Engines that give each other entries by hand: expiry, sharing of items, merges after erases, and
// what is refused.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Engine, recommendRequestSchema } from '../../engine/index.ts';
import {
  buys,
  type Chain,
  day,
  exchange,
  expectSame,
  give,
  start,
  withChain,
} from '../support/engines.ts';

const price = (engine: Engine, priceFen: number) =>
  engine.writes.ingest([{ kind: 'item', item: { itemId: 'milk', priceFen, status: 'active' } }]);

test('what an origin lets expire expires everywhere, also what comes late from elsewhere', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'a', retentionDays: 30 });
    const b = await chain.open('b', { origin: 'b' });
    const f = await chain.open('f', { isFollower: true });
    for (let index = 0; index < 40; index++) {
      await buys(
        a,
        `a-${index}`,
        start - index * day,
        index % 3 === 0 ? undefined : `m${index % 5}`,
      );
    }
    await buys(b, 'b-old', start - 20 * day, 'm1');
    await exchange(a, f);
    expectSame(a, f);
    chain.nowMs += 15 * day;
    expect(await a.writes.expire()).toBeGreaterThan(10);
    await exchange(a, f);
    expectSame(a, f);
    // b has not heard of it, and its own receipt is older than what a still keeps.
    await buys(b, 'b-older', start - 25 * day, 'm2');
    await exchange(a, b, f);
    expectSame(a, b, f);
    for (const engine of [a, b, f])
      expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
    expect([...a.records.receipts()].some(({ purchaseId }) => purchaseId.startsWith('b-'))).toBe(
      false,
    );
  }));

test('an origin refuses what another has let expire, as soon as it has heard of it', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'a', retentionDays: 30 });
    const b = await chain.open('b', { origin: 'b', retentionDays: 60 });
    await buys(a, 'r', start - 20 * day, 'ann');
    chain.nowMs += 15 * day;
    expect(await a.writes.expire()).toBe(1);
    await exchange(a, b);
    const [late] = await buys(b, 'late', start - 20 * day, 'bob');
    expect(late).toMatchObject({ status: 'rejected', reason: 'OUTSIDE_RETENTION' });
    expect(late!.message).toBe(
      'occurredAt 2026-05-12T00:00:00+00:00 is before 2026-05-17T00:00:00+00:00, ' +
        'and what is older has expired at another origin of the chain',
    );
    await exchange(a, b);
    expectSame(a, b);
  }));

test('of two prices the later stands, and a later clock is no trump', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    await price(a, 100);
    chain.nowMs += 1;
    await price(b, 200);
    await exchange(a, b);
    expect([a, b].map((engine) => engine.catalogue.item('milk')?.priceFen)).toEqual([200, 200]);
    // The clock steps back by minutes: whoever has seen 200 writes after it all the same.
    chain.nowMs -= 240_000;
    await price(a, 300);
    await exchange(a, b);
    expect([a, b].map((engine) => engine.catalogue.item('milk')?.priceFen)).toEqual([300, 300]);
    // At the same millisecond the origin whose name comes last.
    chain.nowMs += 7_200_000;
    await price(b, 400);
    await price(a, 500);
    await exchange(a, b);
    expect([a, b].map((engine) => engine.catalogue.item('milk')?.priceFen)).toEqual([400, 400]);
  }));

test('a receipt accepted twice counts once, by the copy of the first origin', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    const alone = await chain.open('alone', {});
    await buys(b, 'r', start - day, 'bob');
    // From here on b keeps what bob had, in case that it has to go back to this checkpoint.
    await b.upkeep.checkpoint();
    await buys(a, 'r', start - 2 * day, 'ann');
    await buys(alone, 'r', start - 2 * day, 'ann');
    await exchange(a, b);
    expectSame(a, b);
    expect(a.inspect.digest()).toBe(alone.inspect.digest());
    expect([a, b].map((engine) => engine.replication.receivedTwice)).toEqual([1, 1]);
    const asked = { scenario: 'buy-again', memberId: 'bob' };
    for (const engine of [a, b]) {
      const reply = engine.lists.recommend(recommendRequestSchema.parse(asked));
      expect(reply.relaxations).toContain('member_unknown');
    }
    // Without ann there is only bob's.
    await a.members.erase('ann');
    await exchange(a, b);
    expectSame(a, b);
    expect([...b.records.receipts()].map(({ memberId }) => memberId)).toEqual(['bob', 'bob']);
  }));

test('a merge that comes after the erase of one of the two takes the other along', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    const f = await chain.open('f', { isFollower: true });
    await buys(a, 'a-1', start - day, 'ann');
    await buys(b, 'b-1', start - day, 'card');
    await a.members.erase('ann');
    await b.writes.ingest([{ kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'card' } }]);
    await exchange(a, b);
    await give(b, f);
    expectSame(a, b, f);
    expect([...a.records.receipts(), ...b.records.receipts(), ...f.records.receipts()]).toEqual([]);
    const [late] = await buys(b, 'b-2', start - day, 'card');
    expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
  }));

test('an erase takes along whom only another node knew to be the same person', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    const f = await chain.open('f', { isFollower: true });
    await buys(a, 'a-1', start - day, 'card');
    await buys(b, 'b-1', start - day, 'ann');
    await b.writes.ingest([{ kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'card' } }]);
    await a.members.erase('ann');
    // The merge leaves the log of b with ann, before a has heard of it.
    await give(a, b);
    await exchange(a, b);
    await give(b, f);
    expectSame(a, b, f);
    expect([...a.records.receipts(), ...b.records.receipts(), ...f.records.receipts()]).toEqual([]);
  }));

/** b alone knows that tag and card are one, erases ann, and then hears that card was ann's too. */
async function tiedAtOneNodeOnly(chain: Chain) {
  const a = await chain.open('a');
  const b = await chain.open('b');
  await buys(a, 'a-1', start - day, 'tag');
  await a.writes.ingest([{ kind: 'merge', merge: { memberId: 'card', fromMemberId: 'ann' } }]);
  await b.writes.ingest([{ kind: 'merge', merge: { memberId: 'card', fromMemberId: 'tag' } }]);
  await b.members.erase('ann');
  return { a, b };
}

test('such an erase names everybody whom the node that makes it knew to be one of them', () =>
  withChain(async (chain) => {
    const { a, b } = await tiedAtOneNodeOnly(chain);
    await exchange(a, b);
    expectSame(a, b);
    expect([...a.records.receipts(), ...b.records.receipts()]).toEqual([]);
    const [late] = await buys(a, 'a-2', start - day, 'tag');
    expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
  }));

test('such an erase is told on, whenever the node that makes it dies', () =>
  withChain(async (chain) => {
    const { a, b } = await tiedAtOneNodeOnly(chain);
    const before = b.replication.watermark;
    const taking = give(a, b);
    while (b.replication.watermark === before) await setImmediate();
    cpSync(join(chain.folder, 'b'), join(chain.folder, 'left'), { recursive: true });
    await taking;
    await chain.close(b);
    const left = await chain.open('left', { origin: 'b' });
    await exchange(a, left);
    expectSame(a, left);
    expect([...a.records.receipts(), ...left.records.receipts()]).toEqual([]);
  }));

test('goods without a receipt, brought back at two origins at once, count once after it', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    const f = await chain.open('f', { isFollower: true });
    const bringBack = (engine: Engine) =>
      engine.writes.ingest([
        {
          kind: 'unreferencedReturn',
          unreferencedReturn: {
            returnId: 'goods',
            memberId: 'ann',
            occurredAt: new Date(start).toISOString(),
            lines: [{ itemId: 'milk', quantity: 2 }],
          },
        },
      ]);
    await buys(a, 'both-know', start - 3 * day, 'ann');
    await exchange(a, b);
    await buys(a, 'a-1', start - 2 * day, 'ann');
    await buys(b, 'b-1', start - day, 'ann');
    // a takes it off a-1 and both-know, b off b-1 and both-know.
    await bringBack(a);
    await bringBack(b);
    await give(b, f);
    await exchange(a, b);
    await give(b, f);
    expectSame(a, b, f);
    for (const engine of [a, b, f]) {
      const left = [...engine.records.receipts()].filter(({ itemId }) => itemId === 'milk');
      expect(left.map(({ purchaseId }) => purchaseId)).toEqual(['b-1']);
      expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
      await expect(bringBack(engine === f ? b : engine)).resolves.toMatchObject([
        { status: 'duplicate' },
      ]);
    }
  }));

test('of a receipt with two days the copy that has not expired counts, in any order', () =>
  withChain(async (chain) => {
    const retentionDays = 30;
    const a = await chain.open('a');
    const b = await chain.open('b');
    const c = await chain.open('c', { origin: 'c', retentionDays });
    await buys(a, 'r', start - 20 * day, 'ann');
    await buys(b, 'r', start - day, 'bob');
    await buys(a, 'q', start - day, 'ann');
    await buys(b, 'q', start - 20 * day, 'bob');
    await buys(c, 'old', start - 20 * day, 'zoe');
    const late = await chain.open('late', { isFollower: true });
    const early = await chain.open('early', { isFollower: true });
    for (const engine of [a, b, c]) await give(engine, early);
    chain.nowMs += 15 * day;
    expect(await c.writes.expire()).toBe(1);
    for (const engine of [c, b, a]) await give(engine, late);
    await exchange(a, b, c);
    for (const engine of [a, b, c]) await give(engine, early);
    expectSame(a, b, c, early, late);
    for (const engine of [a, b, c, early, late]) {
      const rows = [...engine.records.receipts()].map((row) => `${row.purchaseId} ${row.memberId}`);
      expect([...new Set(rows)].sort()).toEqual(['q ann', 'r bob']);
    }
    await a.members.erase('ann');
    await exchange(a, b, c);
    for (const engine of [early, late]) await give(a, engine);
    expectSame(a, b, c, early, late);
    expect([...late.records.receipts()].map(({ purchaseId }) => purchaseId)).toEqual(['r', 'r']);
  }));

test('what only an erased member bought is shown nowhere, on no node', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const b = await chain.open('b');
    const sells = (engine: Engine, memberId: string, itemId: string, storeId: string) => {
      const purchaseId = `${memberId}-${itemId}`;
      const occurredAt = new Date(start - day).toISOString();
      const lines = [{ itemId, quantity: 1 }];
      const purchase = {
        purchaseId,
        memberId,
        storeId,
        channel: 'pos' as const,
        occurredAt,
        lines,
      };
      return engine.writes.ingest([{ kind: 'purchase', purchase }]);
    };
    await sells(a, 'ann', 'cream against warts', 'S1');
    await sells(a, 'bob', 'milk', 'S2');
    await price(a, 100);
    await a.members.erase('ann');
    await exchange(a, b);
    expectSame(a, b);
    // b took a stub in the place of the receipt; a has seen what it said.
    for (const engine of [a, b]) {
      expect([...engine.catalogue.items()].map(({ itemId }) => itemId)).toEqual(['milk']);
      expect([...engine.catalogue.stores()].map(({ storeId }) => storeId)).toEqual(['S2']);
      expect(engine.catalogue.item('cream against warts')).toBeUndefined();
      expect(engine.catalogue.store('S1')).toBeUndefined();
      const asked = { scenario: 'similar', itemId: 'cream against warts', storeId: 'S1' };
      const reply = engine.lists.recommend(recommendRequestSchema.parse(asked));
      expect(reply.items.map(({ itemId }) => itemId)).toEqual(['milk']);
      expect(reply.relaxations).toEqual(['store_unknown', 'item_unknown', 'filled_from_chain']);
    }
    // Somebody else buys it: it is there again.
    await sells(b, 'bob', 'cream against warts', 'S1');
    await exchange(a, b);
    for (const engine of [a, b]) expect(engine.catalogue.item('cream against warts')).toBeDefined();
  }));

test('stores of a city give the same scores whichever node met which of them first', () =>
  withChain(async (chain) => {
    const stores = ['S1', 'S2', 'S3', 'S4', 'S5'];
    const a = await chain.open('a');
    const b = await chain.open('b');
    const opens = (storeId: string) => ({
      kind: 'store' as const,
      store: { storeId, city: '上海', timeZone: 'Asia/Shanghai' },
    });
    await a.writes.ingest(stores.map(opens));
    await b.writes.ingest(stores.toReversed().map(opens));
    for (let index = 0; index < 60; index++) {
      const occurredAt = new Date(start - index * 1.7 * day).toISOString();
      const lines = [{ itemId: `item-${index % 7}`, quantity: 1 }];
      const storeId = stores[index % 4]!;
      const purchase = { purchaseId: `r-${index}`, channel: 'pos' as const, occurredAt, storeId };
      await (index % 2 === 0 ? a : b).writes.ingest([
        { kind: 'purchase', purchase: { ...purchase, lines } },
      ]);
    }
    await exchange(a, b);
    expectSame(a, b);
    // S5 has sold nothing yet.
    const question = recommendRequestSchema.parse({ scenario: 'guess-you-like', storeId: 'S5' });
    const [one, other] = [a, b].map((engine) => engine.lists.recommend(question).items);
    expect(one!.map(({ reasons }) => reasons[0]?.type)).toEqual(Array(7).fill('popular_in_city'));
    expect(other).toEqual(one);
  }));

test('a gap is refused and nothing of it is taken; what is known is passed over', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const f = await chain.open('f', { isFollower: true });
    for (let index = 0; index < 6; index++) await buys(a, `r-${index}`, start - index * day, 'ann');
    const entries = a.replication.entriesFrom(1, 100);
    await expect(f.replication.apply(entries.slice(1))).rejects.toMatchObject({ reason: 'GAP' });
    await expect(f.replication.apply([entries[0]!, entries[2]!])).rejects.toMatchObject({
      reason: 'GAP',
    });
    expect(f.status().events).toBe(0);
    expect(await f.replication.apply(entries)).toBe(6);
    expect(await f.replication.apply(entries)).toBe(0);
    expectSame(a, f);
    await expect(f.writes.ingest([])).resolves.toEqual([]);
    await expect(buys(f, 'own', start, 'ann')).rejects.toMatchObject({ reason: 'FOLLOWER' });
    expectSame(a, f);
  }));

test('entries of an epoch that does not go on from what is here are refused', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const f = await chain.open('f', { isFollower: true });
    await buys(a, 'r-1', start, 'ann');
    await buys(a, 'r-2', start, 'ann');
    await exchange(a, f);
    const [first] = a.replication.entriesFrom(1, 1);
    const [epoch, sequence] = [first!.place.epoch + 1, 2];
    const forked = { ...first!, place: { ...first!.place, epoch, sequence } };
    await expect(f.replication.apply([forked])).rejects.toMatchObject({ reason: 'EPOCH_CHANGED' });
    const follows = { ...first!, place: { ...first!.place, epoch, sequence: 3 } };
    expect(await f.replication.apply([follows])).toBe(1);
  }));

test('the cells add up to the running digest, in parts and together, in both kernels', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'a', kernelBuild: 'debug' });
    for (let index = 0; index < 30; index++) {
      await buys(
        a,
        `r-${index}`,
        start - index * day,
        index % 4 === 0 ? undefined : `m${index % 3}`,
      );
    }
    await a.members.erase('m1');
    const f = await chain.open('f', { isFollower: true });
    await exchange(a, f);
    for (const engine of [a, f]) expect(await engine.replication.addsUp()).toBe(true);
    const parts = Array.from({ length: 7 }, (_, part) => a.replication.digestOfPart(part, 7));
    expect(parts).toEqual(
      Array.from({ length: 7 }, (_, part) => f.replication.digestOfPart(part, 7)),
    );
    const sum = parts.reduce((total, part) => total + BigInt(`0x${part}`), 0n);
    expect(sum & 0xffff_ffff_ffff_ffffn).toBe(BigInt(`0x${a.replication.digestOfPart(0, 1)}`));
  }));

test('an origin keeps its name', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    await buys(a, 'r-1', start, 'ann');
    // The folder is in use by its engine: its copy is what is opened.
    await a.upkeep.checkpoint();
    cpSync(join(chain.folder, 'a'), join(chain.folder, 'copy'), { recursive: true });
    const other = chain.open('copy', { origin: 'b' });
    await expect(other).rejects.toMatchObject({ reason: 'OTHER_ORIGIN' });
  }));
