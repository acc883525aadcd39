// Chains of several origins that are put back to a moment: by the position and the clock of the
// node whose backup it was. What came after it in its own epoch is given up for good.
import { expect, test } from 'vitest';
import type { Engine } from '../../engine/index.ts';
import {
  buys,
  type Chain,
  day,
  exchange,
  expectSame,
  putBackTo,
  start,
  withChain,
} from '../support/engines.ts';

const receiptsOf = (engine: Engine) =>
  [...new Set([...engine.records.receipts()].map(({ purchaseId }) => purchaseId))].sort();

const namesMilk = (engine: Engine, priceFen: number) =>
  engine.writes.ingest([{ kind: 'item', item: { itemId: 'milk', priceFen, status: 'active' } }]);

/** Two origins whose clocks are an hour apart, and what stood at a after each of its receipts. */
async function stateOf(chain: Chain) {
  const a = await chain.open('a');
  const b = await chain.open('b', { origin: 'b', clock: () => chain.nowMs + 3_600_000 });
  const moments: { nowMs: number; head: number; digest: string; watermark: string }[] = [];
  for (let index = 0; index < 6; index++) {
    await buys(b, `b-${index}`, start - index * day, `m${index % 3}`);
    await exchange(a, b);
    await buys(a, `a-${index}`, start - index * day, `m${index % 2}`);
    // Both took it: the copy of a counts.
    await buys(b, `both-${index}`, start, 'm0');
    await buys(a, `both-${index}`, start, 'm1');
    const { events: head, watermark } = a.status();
    moments.push({ nowMs: chain.nowMs, head, digest: a.inspect.digest(), watermark });
    chain.nowMs += 60_000;
  }
  await exchange(a, b);
  return { a, b, moments };
}

test('a log of several origins goes back to a position or a time of its own node', () =>
  withChain(async (chain) => {
    const { moments } = await stateOf(chain);
    for (const { nowMs, head, digest, watermark } of moments.slice(1, 5)) {
      for (const cut of [{ toSequence: head }, { toTimeMs: nowMs }]) {
        const into = await putBackTo(chain, 'a', cut);
        const back = await chain.open(into, { origin: 'a' });
        // Up to a time, what had come from others before the next of its own is there too.
        const isTime = 'toTimeMs' in cut;
        const [own] = watermark.split(',');
        expect(back.status().watermark).toMatch(isTime ? `${own},` : watermark);
        if (!isTime) expect(back.inspect.digest()).toBe(digest);
        expect(await back.upkeep.verify()).toMatchObject({ differences: [] });
        await chain.close(back);
      }
    }
  }));

test('what came after the moment does not come back from who holds it', () =>
  withChain(async (chain) => {
    const { a, b, moments } = await stateOf(chain);
    const f = await chain.open('f', { isFollower: true });
    await exchange(a, f);
    const into = await putBackTo(chain, 'a', { toSequence: moments[2]!.head });
    const back = await chain.open(into, { origin: 'a' });
    for (const other of [b, f]) {
      const lost = back.replication.lostOf(other.replication.watermark);
      expect(lost.map(({ origin }) => origin)).not.toContain('a');
    }
    // Of b it reads on, and passes over what b has of it.
    const give = () => {
      const position = b.replication.positionAfter(back.replication.watermark);
      return back.replication.apply(b.replication.entriesFrom(position, 1_000));
    };
    await give();
    await buys(back, 'new', start, 'm1');
    await give();
    const mine = receiptsOf(back).filter((id) => id.startsWith('a-'));
    expect(mine).toEqual(['a-0', 'a-1', 'a-2']);
    expect(receiptsOf(back)).toEqual(expect.arrayContaining(['b-5', 'both-5', 'new']));
    const fresh = await chain.open('fresh', { isFollower: true });
    await exchange(back, fresh);
    expectSame(back, fresh);
    // Also after the next start.
    await chain.close(back);
    const again = await chain.open(into, { origin: 'a' });
    expect(again.replication.lostOf(f.replication.watermark)).toEqual([]);
    expect(await again.replication.apply(f.replication.entriesFrom(1, 1_000))).toBe(0);
    expectSame(again, fresh);
  }));

test('an origin that has replaced what a later clock dated takes receipts after a restart', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const isBehind = { origin: 'b', clock: () => chain.nowMs - 3_600_000 };
    const b = await chain.open('b', isBehind);
    await buys(b, 'b-1', start - day);
    await namesMilk(a, 100);
    await exchange(a, b);
    await namesMilk(b, 200);
    await chain.close(b);
    chain.nowMs += 1_000;
    const again = await chain.open('b', isBehind);
    expect(await buys(again, 'b-2', start - day)).toMatchObject([{ status: 'created' }]);
  }));
