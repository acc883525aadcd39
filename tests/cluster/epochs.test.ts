// Origins that were put back to what they had been: without a restore, with one, before and after
// they have written again. Nothing that a living node still holds is lost, and no place is given
// out twice.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Engine, installSnapshot, openSeedFolder } from '../../engine/index.ts';
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

const receiptsOf = (engine: Engine) =>
  [...new Set([...engine.records.receipts()].map(({ purchaseId }) => purchaseId))].sort();

/** What a node does when it learns that it holds what another has lost. */
async function sendBack(from: Engine, to: Engine): Promise<number> {
  let restored = 0;
  for (const place of to.replication.lostOf(from.replication.watermark)) {
    for (const entries of from.replication.entriesAfter(place, 2)) {
      restored += await to.replication.apply(entries, from.replication.newestDay);
    }
  }
  return restored;
}

/** Stops an origin, and starts an older copy of its folder in its place. */
async function putBack(chain: Chain, name: string, copy: string): Promise<Engine> {
  chain.nowMs += 60_000;
  return chain.open(copy, { origin: name });
}

function keep(chain: Chain, name: string, copy: string): void {
  cpSync(join(chain.folder, name), join(chain.folder, copy), { recursive: true });
}

/** A copy of one engine as the folder of another. */
async function seed(chain: Chain, from: Engine, name: string): Promise<void> {
  const dataDir = join(chain.folder, name);
  const snapshot = await from.replication.snapshot();
  cpSync(snapshot, openSeedFolder(dataDir), { recursive: true });
  rmSync(snapshot, { recursive: true });
  await installSnapshot(dataDir);
}

async function stateOf(chain: Chain) {
  const a = await chain.open('a');
  const f = await chain.open('f', { isFollower: true });
  for (const id of ['r-1', 'r-2']) await buys(a, id, start - day, 'ann');
  await a.upkeep.checkpoint();
  keep(chain, 'a', 'older');
  for (const id of ['r-3', 'r-4', 'r-5']) await buys(a, id, start - day, 'bob');
  await exchange(a, f);
  return { a, f };
}

test('an older copy of an origin that has written nothing gets back what others hold', () =>
  withChain(async (chain) => {
    const { f } = await stateOf(chain);
    const older = await putBack(chain, 'a', 'older');
    expect(receiptsOf(older)).toEqual(['r-1', 'r-2']);
    expect(() => older.replication.positionAfter(f.replication.watermark)).toThrow(
      /a\/\d+:5 is not in this log, which stands at 2/,
    );
    expect(await sendBack(f, older)).toBe(3);
    expectSame(older, f);
    await buys(older, 'r-6', start, 'ann');
    await exchange(older, f);
    expectSame(older, f);
    expect(receiptsOf(f)).toEqual(['r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6']);
  }));

test('one that has written gives out no place anew, and what it has lost comes back beside', () =>
  withChain(async (chain) => {
    const { f } = await stateOf(chain);
    const older = await putBack(chain, 'a', 'older');
    // As many as were lost, so that both stand at the same number; one of them is the same receipt.
    for (const id of ['r-3', 'n-4', 'n-5']) await buys(older, id, start - day, 'bob');
    await expect(give(older, f)).rejects.toMatchObject({ reason: 'DIVERGED' });
    const entries = older.replication.entriesFrom(1, 100);
    await expect(f.replication.apply(entries)).rejects.toMatchObject({ reason: 'EPOCH_CHANGED' });
    expect(receiptsOf(f)).toEqual(['r-1', 'r-2', 'r-3', 'r-4', 'r-5']);
    expect(await sendBack(f, older)).toBe(3);
    expect(await sendBack(f, older)).toBe(0);
    expect(receiptsOf(older)).toEqual(['n-4', 'n-5', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5']);
    expect(older.replication.receivedTwice).toBe(1);
    // The watermark of a receipt that was lost and has come back is held again.
    await older.lists.waitFor(f.replication.watermark);
    const fresh = await chain.open('fresh', { isFollower: true });
    await give(older, fresh);
    expectSame(older, fresh);
    expect(await fresh.upkeep.verify()).toMatchObject({ differences: [] });
  }));

test('a longer epoch of the older copy is reported too, from either side', () =>
  withChain(async (chain) => {
    const { a, f } = await stateOf(chain);
    const b = await chain.open('b');
    await exchange(a, b, f);
    await buys(b, 'b-1', start - day, 'ann');
    await exchange(a, b, f);
    const older = await putBack(chain, 'a', 'older');
    for (let index = 0; index < 9; index++) await buys(older, `n-${index}`, start, 'bob');
    for (const other of [b, f]) {
      await expect(give(older, other)).rejects.toMatchObject({ reason: 'DIVERGED' });
    }
    // What another origin goes on writing comes in all the same, once the lost has come back.
    expect(await sendBack(b, older)).toBe(4);
    expect(await sendBack(f, older)).toBe(0);
    await buys(b, 'b-2', start, 'ann');
    await give(b, older);
    expect(receiptsOf(older)).toEqual(expect.arrayContaining(['b-1', 'b-2', 'n-8', 'r-5']));
    // The way out for the other origin: a copy of the first, and from there on itself again.
    const written = receiptsOf(b);
    await chain.close(b);
    await seed(chain, older, 'b-anew');
    await chain.close(await chain.open('b-anew', { isFollower: true }));
    const again = await chain.open('b-anew', { origin: 'b' });
    await buys(again, 'b-3', start, 'bob');
    await exchange(again, older);
    expectSame(again, older);
    expect(receiptsOf(older)).toEqual(expect.arrayContaining([...written, 'b-3']));
    const all = older.replication.entriesFrom(1, 100).map(({ place, bytes }) => {
      return [`${place.origin}/${place.epoch}:${place.sequence}`, bytes.toString()];
    });
    expect(new Map(all as [string, string][]).size).toBe(all.length);
  }));

test('an erase that the older copy had forgotten comes back, also when its ledger was older', () =>
  withChain(async (chain) => {
    const { a, f } = await stateOf(chain);
    await a.members.erase('ann');
    await exchange(a, f);
    const older = await putBack(chain, 'a', 'older');
    expect(receiptsOf(older)).toEqual(['r-1', 'r-2']);
    await buys(older, 'n-1', start, 'ann');
    await sendBack(f, older);
    expect(receiptsOf(older)).toEqual(['r-3', 'r-4', 'r-5']);
    const [late] = await buys(older, 'n-2', start, 'ann');
    expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
  }));

test('what others had accepted comes back too, should they be gone for good', () =>
  withChain(async (chain) => {
    const { a, f } = await stateOf(chain);
    const c = await chain.open('c');
    await buys(c, 'c-1', start - day, 'ann');
    await buys(c, 'c-2', start - day, 'bob');
    await exchange(a, c);
    await exchange(a, f);
    await chain.close(c);
    const older = await putBack(chain, 'a', 'older');
    await buys(older, 'n-1', start - day, 'ann');
    expect(await sendBack(f, older)).toBe(5);
    expect(receiptsOf(older)).toEqual(['c-1', 'c-2', 'n-1', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5']);
    // Lost altogether: what had come back beside comes back again.
    const g = await chain.open('g', { isFollower: true });
    await give(older, g);
    const again = await putBack(chain, 'a', 'anew');
    await sendBack(g, again);
    expect(receiptsOf(again)).toEqual(receiptsOf(older));
  }));

test('a folder that was lost and made anew under the same name gets everything back', () =>
  withChain(async (chain) => {
    const { f } = await stateOf(chain);
    const anew = await putBack(chain, 'a', 'anew');
    expect(() => anew.replication.positionAfter(f.replication.watermark)).toThrow(/stands at 0/);
    await buys(anew, 'n-1', start, 'ann');
    expect(await sendBack(f, anew)).toBe(5);
    expect(receiptsOf(anew)).toEqual(['n-1', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5']);
  }));

test('an older copy whose clock is behind its lost epoch is refused and not merged', () =>
  withChain(async (chain) => {
    const { a, f } = await stateOf(chain);
    await chain.close(a);
    chain.nowMs += day;
    const again = await chain.open('a');
    await buys(again, 'r-6', start, 'ann');
    await give(again, f);
    // Not behind the copy's own log, but behind the epoch that it does not know of.
    chain.nowMs -= day / 2;
    const older = await putBack(chain, 'a', 'older');
    await buys(older, 'n-1', start - day, 'ann');
    const { watermark } = f.replication;
    const refusal = expect.objectContaining({ reason: 'CLOCK_BEHIND' });
    expect(() => older.replication.lostOf(watermark)).toThrow(refusal);
    expect(() => older.replication.positionAfter(watermark)).toThrow(/is not in this log/);
    expect(receiptsOf(f)).toHaveLength(6);
  }));

test('a start of an origin is an epoch of its own, and costs nothing before it writes', () =>
  withChain(async (chain) => {
    const { a, f } = await stateOf(chain);
    const before = a.status().watermark;
    await chain.close(a);
    const again = await chain.open('a');
    expect(again.status().watermark).toBe(before);
    await buys(again, 'r-6', start, 'ann');
    expect(again.status().watermark).not.toBe(before);
    await again.lists.waitFor(before);
    await exchange(again, f);
    expectSame(again, f);
  }));
