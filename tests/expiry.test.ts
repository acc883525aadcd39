// Retention walks the log with a cursor: in slices between which the event loop turns, and never
// twice over what a day's window has seen.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Engine, type Event, limits, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const dayMs = 86_400_000;
const start = Date.UTC(2026, 4, 1, 12);
const retentionDays = 30;

interface Bought {
  readonly memberId?: string;
  readonly atMs?: number;
  readonly items?: readonly string[];
}

function purchase(purchaseId: string, { memberId, atMs = start, items }: Bought = {}): Event {
  const lines = (items ?? ['milk', 'bread']).map((itemId) => ({ itemId, quantity: 2 }));
  const buyer = memberId === undefined ? {} : { memberId };
  const occurredAt = new Date(atMs).toISOString();
  return {
    kind: 'purchase',
    purchase: { purchaseId, ...buyer, channel: 'pos', occurredAt, lines },
  };
}

function returnOf(returnId: string, purchaseId: string): Event {
  const lines = [{ itemId: 'milk', quantity: 1 }];
  const occurredAt = new Date(start).toISOString();
  const value = { returnId, purchaseId, channel: 'app' as const, occurredAt, lines };
  return { kind: 'return', return: value };
}

/** The event loop, counted. */
async function whileTurning<Result>(work: (turns: () => number) => Promise<Result>) {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    return await work(() => turns);
  } finally {
    isOver = true;
  }
}

interface Walked {
  readonly expired: number;
  /** How many entries each slice has passed. */
  readonly slices: readonly number[];
  /** Where the walk began. */
  readonly from: number;
}

/** Lets expire, and proves that the event loop turns between any two slices. */
async function expire(engine: Engine): Promise<Walked> {
  const steps: { readonly done: number; readonly turn: number }[] = [];
  const expired = await whileTurning((turns) =>
    engine.writes.expire({ progress: (done) => steps.push({ done, turn: turns() }) }),
  );
  const moved = steps.filter(({ done }, at) => done !== steps[at - 1]?.done);
  expect(new Set(moved.map(({ turn }) => turn)).size, 'turns').toBe(moved.length);
  const slices = moved.map(({ done }, at) => done - (moved[at - 1]?.done ?? 0));
  return { expired, slices, from: (moved[0]?.done ?? 0) - (slices[0] ?? 0) };
}

async function fill(engine: Engine, events: readonly Event[]): Promise<void> {
  for (let at = 0; at < events.length; at += 500) {
    await engine.writes.ingest(events.slice(at, at + 500));
  }
}

const open = (dataDir: string, clock: () => number, days: number | undefined = retentionDays) =>
  openEngine({ dataDir, clock, steadyClock: clock, retentionDays: days });

/** The digest of a chain that has these receipts and never had others. */
function digestOf(events: readonly Event[]): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir, () => start, undefined);
    await fill(engine, events);
    const digest = engine.inspect.digest();
    await engine.close();
    return digest;
  }, 'expiry');
}

/** Receipts of members and of nobody, one in ten older than the rest. */
const mixed = Array.from({ length: 3_000 }, (_, at) => {
  const isOld = at % 10 === 3;
  const buyer = at % 4 === 0 ? {} : { memberId: `m${at % 70}` };
  const atMs = start - (isOld ? 20 : 5) * dayMs + at;
  return { isOld, event: purchase(`p${at}`, { ...buyer, atMs, items: [`i${at % 30}`, 'milk'] }) };
});
const young = mixed.filter(({ isOld }) => !isOld).map(({ event }) => event);

test('a walk passes the log in bounded slices and takes out what is old', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let now = start;
    const engine = await open(dataDir, () => now);
    await fill(
      engine,
      mixed.map(({ event }) => event),
    );
    now += 12 * dayMs;
    const { expired, slices, from } = await expire(engine);
    expect([expired, from]).toEqual([mixed.length - young.length, 0]);
    expect(Math.max(...slices)).toBeLessThanOrEqual(limits.walkRowsMax);
    expect(slices.length).toBeGreaterThanOrEqual(mixed.length / limits.walkRowsMax);
    expect(engine.inspect.digest()).toBe(await digestOf(young));
    expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
    await engine.close();
  }, 'expiry');
});

test('long receipts make short slices', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir, () => start);
    const items = Array.from({ length: 1_500 }, (_, at) => `an-item-with-a-longer-name-${at}`);
    const long = Array.from({ length: 60 }, (_, at) => purchase(`long-${at}`, { items }));
    await fill(engine, long);
    // Some 60 KB each: no slice may read more than its bytes and the one row that crosses them.
    const rows = Math.ceil(limits.walkBytesMax / 45_000) + 1;
    expect(Math.max(...(await expire(engine)).slices)).toBeLessThanOrEqual(rows);
    await engine.close();
  }, 'expiry');
});

test('on the same day only what was accepted since is looked at, after a restart too', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let now = start;
    let engine = await open(dataDir, () => now);
    await fill(
      engine,
      mixed.map(({ event }) => event),
    );
    const first = await expire(engine);
    expect([first.expired, first.slices.length > 5]).toEqual([0, true]);
    now += 3_600_000;
    expect((await expire(engine)).slices).toEqual([]);
    await engine.close();
    engine = await open(dataDir, () => now);
    expect((await expire(engine)).slices).toEqual([]);
    const { events: head } = engine.status();
    await fill(
      engine,
      Array.from({ length: 20 }, (_, at) => purchase(`later-${at}`)),
    );
    expect(await expire(engine)).toEqual({ expired: 0, slices: [head + 20], from: 0 });
    expect((await expire(engine)).slices).toEqual([]);
    // Another day's window is another walk.
    now += 12 * dayMs;
    expect((await expire(engine)).expired).toBe(mixed.length - young.length);
    await engine.close();
  }, 'expiry');
});

test('a shorter window is walked anew, a longer one is not', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const days = async (retention: number) => {
      const engine = await open(dataDir, () => start, retention);
      const walked = await expire(engine);
      await engine.close();
      return walked;
    };
    const engine = await open(dataDir, () => start);
    await fill(
      engine,
      mixed.map(({ event }) => event),
    );
    await engine.close();
    expect((await days(30)).expired).toBe(0);
    expect((await days(40)).slices).toEqual([]);
    expect((await days(10)).expired).toBe(mixed.length - young.length);
    expect((await days(30)).expired).toBe(0);
  }, 'expiry');
});

test('a thousand old receipts of a member go in slices, as if never seen', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let now = start;
    const engine = await open(dataDir, () => now);
    const old = Array.from({ length: 1_000 }, (_, at) =>
      purchase(`old-${at}`, { memberId: 'faithful', atMs: start - 20 * dayMs + at }),
    );
    const kept = [purchase('new', { memberId: 'faithful' }), purchase('other', { memberId: 'x' })];
    await fill(engine, [...old, ...kept, returnOf('r1', 'old-7'), returnOf('r2', 'new')]);
    now += 12 * dayMs;
    const { events } = engine.status();
    expect((await expire(engine)).expired).toBe(old.length);
    // Every slice says in the log that it was.
    const slices = engine.status().events - events;
    expect(slices).toBeGreaterThanOrEqual(old.length / limits.expireSliceMax);
    expect(engine.inspect.digest()).toBe(await digestOf([...kept, returnOf('r2', 'new')]));
    expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
    await engine.close();
  }, 'expiry');
});

test('receipts of a member who is merged while the walk goes on expire too', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let now = start;
    const engine = await open(dataDir, () => now);
    const atMs = start - 20 * dayMs;
    const old = Array.from({ length: 700 }, (_, at) =>
      purchase(`old-${at}`, { memberId: `card-${at}`, atMs: atMs + at }),
    );
    await fill(engine, [...old, purchase('new', { memberId: 'card-3' })]);
    now += 12 * dayMs;
    const expiring = engine.writes.expire();
    for (let at = 699; at > 0; at--) {
      await engine.writes.ingest([
        { kind: 'merge', merge: { memberId: 'person', fromMemberId: `card-${at}` } },
      ]);
    }
    expect(await expiring).toBe(old.length);
    expect([...engine.records.receipts()].map(({ purchaseId }) => purchaseId)).toEqual([
      'new',
      'new',
    ]);
    expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
    await engine.close();
  }, 'expiry');
});

test('a crash after an expiry counts what is left, also of what was returned', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    let now = start;
    const engine = await open(dataDir, () => now);
    const old = { memberId: 'm', atMs: start - 20 * dayMs };
    await fill(engine, [
      purchase('old', old),
      purchase('older', old),
      purchase('new', { memberId: 'm' }),
    ]);
    await engine.upkeep.checkpoint();
    await engine.writes.ingest([returnOf('r1', 'old'), returnOf('r2', 'old')]);
    now += 12 * dayMs;
    expect(await engine.writes.expire()).toBe(2);
    const { digest } = await engine.upkeep.verify();
    cpSync(dataDir, join(folder, 'copy'), { recursive: true });
    await engine.close();
    const again = await open(join(folder, 'copy'), () => now);
    expect(await again.upkeep.verify()).toMatchObject({ differences: [], digest });
    await again.close();
  }, 'expiry');
});

test('at the start members are erased again in slices, and it says how far it is', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const members = 4 * limits.walkRowsMax;
    let engine = await open(dataDir, () => start);
    await fill(
      engine,
      Array.from({ length: members }, (_, at) => purchase(`p${at}`, { memberId: `m${at}` })),
    );
    await engine.close();
    cpSync(dataDir, join(folder, 'older'), { recursive: true });
    engine = await open(dataDir, () => start);
    for (const member of ['m7', 'm700', `m${members - 1}`, 'nobody'])
      await engine.members.erase(member);
    await engine.close();
    // An older chain under the ledger of today.
    const notes: string[] = [];
    cpSync(join(dataDir, 'erased'), join(folder, 'older/erased'), { recursive: true });
    const options = { dataDir: join(folder, 'older'), openAtOnce: true };
    const again = await openEngine({ ...options, notify: (note) => notes.push(note) });
    const seen: number[] = [];
    while (!again.status().ready) {
      const done = /erasing again whom the ledger names (\d+)\//.exec(
        again.status().waitingFor ?? '',
      )?.[1];
      if (done !== undefined && Number(done) !== seen.at(-1)) seen.push(Number(done));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const slices = seen.map((done, at) => done - (seen[at - 1] ?? 0));
    expect(slices.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...slices)).toBeLessThanOrEqual(limits.walkRowsMax);
    expect(notes).toContain('erased 3 members again: so says the ledger');
    expect(again.status().members).toBe(members - 3);
    const [late] = await again.writes.ingest([purchase('late', { memberId: 'nobody' })]);
    expect(late).toMatchObject({ reason: 'MEMBER_ERASED' });
    expect(await again.upkeep.verify()).toMatchObject({ differences: [] });
    await again.close();
  }, 'expiry');
});
