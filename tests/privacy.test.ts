// Forgetting: nothing of an erased member is counted, accepted or left on the disk, and what is
// counted of the others is what would be counted had they been alone. TEST_RUNS sets how many
// random chains are tried.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backUp, type Engine, type Event, openEngine, restore } from '../engine/index.ts';
import { findTexts } from './support/bytes.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { eventsOf, itemsMerged, sendAll, unionOf, without } from './support/history.ts';
import { stepsOf } from './support/oracle/chain-steps.ts';
import { type Chain, chains } from './support/oracle/commands.ts';
import { clockMs, memberIds } from './support/oracle/pools.ts';
import { trials } from './support/trials.ts';

const runs = Number(process.env['TEST_RUNS'] ?? 60);
const timeZone = 'Asia/Shanghai';
const clock = () => clockMs;
const dayMs = 86_400_000;

const open = (dataDir: string) => openEngine({ dataDir, clock, timeZone });

function timeAt(day: number, minute = 600): string {
  return new Date(clockMs - 100 * dayMs + day * dayMs + minute * 60_000).toISOString();
}

interface Bought {
  readonly purchaseId: string;
  readonly memberId?: string;
  readonly day: number;
  readonly items: readonly string[];
  readonly quantity?: number;
}

function purchase({ purchaseId, memberId, day, items, quantity = 2 }: Bought): Event {
  const lines = items.map((itemId) => ({ itemId, quantity }));
  const buyer = memberId === undefined ? {} : { memberId };
  const occurredAt = timeAt(day);
  return {
    kind: 'purchase',
    purchase: { purchaseId, ...buyer, channel: 'pos', occurredAt, lines },
  };
}

function returnOf(returnId: string, purchaseId: string, itemId: string, day = 50): Event {
  const lines = [{ itemId, quantity: 1 }];
  const channel = 'app' as const;
  return {
    kind: 'return',
    return: { returnId, purchaseId, channel, occurredAt: timeAt(day), lines },
  };
}

function bringBack(returnId: string, memberId: string, itemId: string): Event {
  const lines = [{ itemId, quantity: 1 }];
  return {
    kind: 'unreferencedReturn',
    unreferencedReturn: { returnId, memberId, occurredAt: timeAt(60), lines },
  };
}

const merge = (memberId: string, fromMemberId: string): Event => ({
  kind: 'merge',
  merge: { memberId, fromMemberId },
});

const consent = (memberId: string, personalization: boolean, day: number): Event => ({
  kind: 'consent',
  consent: { memberId, personalization, occurredAt: timeAt(day) },
});

async function digestAfter(events: readonly Event[], batch = events.length || 1): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    try {
      for (let at = 0; at < events.length; at += batch) {
        await engine.writes.ingest(events.slice(at, at + batch));
      }
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
      return engine.inspect.digest();
    } finally {
      await engine.close();
    }
  }, 'privacy');
}

/** Long ids that cannot stand in a file by chance. */
const names = {
  member: 'member-of-unmistakable-name-0001',
  alias: 'merged-card-of-unmistakable-name-0002',
  receipts: Array.from({ length: 12 }, (_, at) => `receipt-of-unmistakable-name-${at}-end`),
  returns: ['return-of-unmistakable-name-0003', 'early-return-of-unmistakable-name-0004'],
  broughtBack: 'goods-brought-back-of-unmistakable-name-0005',
};
const secrets = [names.member, names.alias, ...names.receipts, ...names.returns, names.broughtBack];

/** Two ids of one person with everything that can happen to them, among others. */
function crowd(): Event[] {
  const { member, alias, receipts, returns, broughtBack } = names;
  const events: Event[] = [];
  for (let day = 0; day < 40; day += 1) {
    const items = [`item-${day % 7}`, `item-${(day * 3) % 11}`, 'milk'];
    events.push(purchase({ purchaseId: `other-${day}`, memberId: `m${day % 5}`, day, items }));
    events.push(purchase({ purchaseId: `ticket-${day}`, day, items: ['milk', `item-${day % 4}`] }));
  }
  events.push(returnOf(returns[1]!, receipts[1]!, 'only-theirs'));
  for (const [at, purchaseId] of receipts.entries()) {
    const items = ['milk', `item-${at}`, 'only-theirs'];
    events.push(purchase({ purchaseId, memberId: at % 2 ? member : alias, day: at * 3, items }));
  }
  events.push(returnOf(returns[0]!, receipts[4]!, 'milk'), consent(alias, true, 20));
  events.push(merge(member, alias), bringBack(broughtBack, alias, 'milk'));
  events.push(consent(member, false, 30), consent(member, true, 31));
  return events;
}

test('after erase and compact no file holds the member, their receipts or returns', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const events = crowd();
    let engine = await open(dataDir);
    // Half of it checkpointed: the erase leaves a residue, which must not name anybody either.
    await engine.writes.ingest(events.slice(0, 90));
    await engine.upkeep.checkpoint();
    await engine.writes.ingest(events.slice(90));
    expect(findTexts(dataDir, secrets).length).toBeGreaterThan(10);
    const receipt = await engine.members.erase(names.alias);
    expect(receipt).toMatchObject({ found: true, removed: { receipts: 12, aliases: 1 } });
    expect(findTexts(join(dataDir, 'erased'), secrets)).toEqual([]);
    await engine.upkeep.compact();
    const without = events.filter(
      (event) => !eventsOf(unionOf(names.member, events), events).has(event),
    );
    expect(receipt.digestAfter).toBe(await digestAfter(without));
    expect(findTexts(dataDir, secrets)).toEqual([]);
    await engine.close();
    expect(findTexts(dataDir, secrets)).toEqual([]);
    engine = await open(dataDir);
    expect(engine.inspect.digest()).toBe(receipt.digestAfter);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true, digest: receipt.digestAfter });
    await engine.close();
    expect(findTexts(dataDir, secrets)).toEqual([]);
  }, 'privacy');
});

test('a late receipt of an erased member leaves nothing, nor does its early return', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const [late, early] = ['late-receipt-of-unmistakable-name', 'early-return-to-a-late-receipt'];
    const engine = await open(dataDir);
    try {
      await engine.writes.ingest([...crowd(), returnOf(early, late, 'milk')]);
      await engine.members.erase(names.member);
      const { member: memberId } = names;
      const refused = purchase({ purchaseId: late, memberId, day: 3, items: ['milk'] });
      expect(await engine.writes.ingest([refused])).toMatchObject([{ reason: 'MEMBER_ERASED' }]);
      await engine.upkeep.compact();
    } finally {
      await engine.close();
    }
    expect(findTexts(dataDir, [late, early, names.member])).toEqual([]);
  }, 'privacy');
});

test('a return that waited too long for its purchase is forgotten with it', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const [late, early] = ['receipt-after-forty-days-0001', 'return-that-waited-forty-days-0002'];
    let nowMs = clockMs;
    const engine = await openEngine({ dataDir, clock: () => nowMs, timeZone });
    try {
      await engine.writes.ingest([...crowd(), returnOf(early, late, 'milk')]);
      nowMs += 40 * dayMs;
      const { member: memberId } = names;
      await engine.writes.ingest([
        purchase({ purchaseId: late, memberId, day: 3, items: ['milk'] }),
      ]);
      await engine.members.erase(names.member);
      await engine.upkeep.compact();
    } finally {
      await engine.close();
    }
    expect(findTexts(dataDir, [late, early])).toEqual([]);
  }, 'privacy');
});

test('whatever comes late for an erased member is refused and counted', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let engine = await open(dataDir);
    await engine.writes.ingest(crowd());
    await engine.members.erase(names.member);
    const digest = engine.inspect.digest();
    const { member, alias, receipts } = names;
    const late = [
      purchase({ purchaseId: 'late-1', memberId: member, day: 70, items: ['milk'] }),
      purchase({ purchaseId: 'late-2', memberId: alias, day: 71, items: ['milk'] }),
      purchase({ purchaseId: receipts[0]!, day: 0, items: ['milk'] }),
      returnOf('late-3', receipts[4]!, 'milk'),
      bringBack('late-4', alias, 'milk'),
      consent(member, true, 80),
      merge('m1', alias),
      merge(member, 'm2'),
    ];
    const refused = () => engine.status().refusedOfErased;
    for (const result of await engine.writes.ingest(late)) {
      expect(result).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
    }
    expect(refused()).toBe(late.length);
    await engine.close();
    engine = await open(dataDir);
    for (const event of late) await engine.writes.ingest([event]);
    expect(refused()).toBe(late.length);
    expect(engine.inspect.digest()).toBe(digest);
    await engine.close();
  }, 'privacy');
});

let compared = 0;

test(`${runs} random chains forget a member as if they had never been`, {
  timeout: 0,
}, async () => {
  await fc.assert(
    fc.asyncProperty(chains(50), fc.constantFrom(...memberIds), fc.nat(), (chain, memberId, at) =>
      withTemporaryFolder((dataDir) => proveForgotten(chain, { memberId, at, dataDir }), 'privacy'),
    ),
    trials(runs),
  );
  expect(compared, 'chains at comparable landmarks').toBeGreaterThan(runs / 2);
});

interface Forgetting {
  readonly memberId: string;
  /** Where among the events the checkpoint falls. */
  readonly at: number;
  readonly dataDir: string;
}

async function proveForgotten(chain: Chain, { memberId, at, dataDir }: Forgetting): Promise<void> {
  const steps = stepsOf(chain).flatMap((step) => (step.kind === 'ingest' ? step.events : []));
  // Items that only this member ever bought, before, among and after the rest.
  const own = [1, 2, 3].map((number) => own3(number, memberId));
  const events = [own[0]!, ...steps, own[1]!, own[2]!];
  const engine = await open(dataDir);
  try {
    const half = at % events.length;
    const first = await sendAll(engine, events.slice(0, half));
    await engine.upkeep.checkpoint();
    const accepted = [...first, ...(await sendAll(engine, events.slice(half)))].map(
      ({ event }) => event,
    );
    // A landmark that was just crossed is recounted in the background: the receipt tells the digest
    // of the counts that serve at its moment, and a checkpoint waits behind the recount.
    await engine.upkeep.checkpoint();
    const { digestAfter: digest = '' } = await engine.members.erase(memberId);
    const gone = eventsOf(unionOf(memberId, accepted), accepted);
    const left = without(gone, accepted);
    await proveSame(engine, { digest, left, dataDir });
  } finally {
    await engine.close();
  }
}

function own3(number: number, memberId: string): Event {
  const items = ['milk', `only-${number}`, `only-${number % 2}`];
  return purchase({ purchaseId: `own-${number}`, memberId, day: number * 2 - 660, items });
}

async function proveSame(
  engine: Engine,
  { digest, left, dataDir }: { digest: string; left: readonly Event[]; dataDir: string },
): Promise<void> {
  const alone = await open(join(dataDir, 'alone'));
  try {
    await alone.writes.ingest(itemsMerged(left));
    await alone.writes.ingest(left, { trustsDays: true });
    // A landmark once crossed stays, also when the receipts that crossed it are gone; another
    // landmark weighs the same receipts otherwise.
    await alone.upkeep.checkpoint();
    await engine.upkeep.checkpoint();
    const mine = engine.inspect.totals();
    const theirs = alone.inspect.totals();
    const isComparable =
      mine.landmarkDay === theirs.landmarkDay &&
      mine.popularityLandmarkDay === theirs.popularityLandmarkDay;
    if (!isComparable) return;
    compared += 1;
    expect(engine.inspect.digest()).toBe(alone.inspect.digest());
    expect(digest).toBe(alone.inspect.digest());
  } finally {
    await alone.close();
  }
}

test('an older backup does not bring an erased member back', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const events = crowd();
    let engine = await open(dataDir);
    // The merge comes after the backup, so that the backup knows two members.
    const mergeAt = events.findIndex(({ kind }) => kind === 'merge');
    await engine.writes.ingest(events.slice(0, mergeAt));
    await engine.close();
    const settings = { timeZone, halfLifeDays: 60, popularityHalfLifeDays: 30 };
    const backup = join(folder, 'backup');
    await backUp({ dataDir, folder: backup, clock, settings });
    engine = await open(dataDir);
    await engine.writes.ingest(events.slice(mergeAt));
    const { digestAfter: digest } = await engine.members.erase(names.member);
    await engine.close();
    for (const toSequence of [undefined, 91]) {
      const openFolder = () => open(dataDir);
      const report = await restore({ backup, dataDir, openFolder, toSequence });
      if (toSequence === undefined) expect(report.digest).toBe(digest);
      expect(findTexts(dataDir, secrets)).toEqual([]);
    }
    engine = await open(dataDir);
    const { member, alias, receipts } = names;
    for (const memberId of [member, alias]) {
      const late = purchase({ purchaseId: receipts[0]!, memberId, day: 0, items: ['milk'] });
      expect(await engine.writes.ingest([late])).toMatchObject([{ reason: 'MEMBER_ERASED' }]);
    }
    await engine.close();
    // The disk is lost as a whole: the backup brings its own ledger along.
    rmSync(dataDir, { recursive: true });
    await restore({ backup, dataDir, openFolder: () => open(dataDir) });
  }, 'privacy');
});

test('consent withdrawn takes a history out, and given again puts it back', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const events = crowd();
    const engine = await open(dataDir);
    await engine.writes.ingest(events);
    const counted = engine.inspect.digest();
    const gone = eventsOf(unionOf(names.member, events), events);
    const without = await digestAfter(events.filter((event) => !gone.has(event)));
    await engine.writes.ingest([consent(names.alias, false, 90)]);
    expect(engine.inspect.digest()).toBe(without);
    const receipts = [...engine.records.receipts()].filter(
      ({ memberId }) => memberId === names.alias,
    );
    expect(receipts.length).toBeGreaterThan(0);
    // An answer that was given before the last one changes nothing, whenever it comes.
    await engine.writes.ingest([consent(names.member, true, 85)]);
    expect(engine.inspect.digest()).toBe(without);
    await engine.writes.ingest([consent(names.member, true, 91)]);
    expect(engine.inspect.digest()).toBe(counted);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.close();
  }, 'privacy');
});

test('two members merged count as one who made all their purchases', async () => {
  const of = (first: string, second: string) =>
    Array.from({ length: 12 }, (_, at) => {
      const items = [`item-${at % 5}`, `item-${(at * 2) % 7}`, 'milk'];
      const memberId = at % 3 === 1 ? second : first;
      return purchase({ purchaseId: `p${at}`, memberId, day: at, items });
    });
  const together = await digestAfter(of('ann', 'ann'));
  const apart = of('ann', 'card');
  expect(await digestAfter([...apart, merge('ann', 'card')])).toBe(together);
  expect(await digestAfter([merge('card', 'ann'), ...apart])).toBe(together);
  expect(
    await digestAfter([...apart.slice(0, 5), merge('ann', 'card'), ...apart.slice(5)], 1),
  ).toBe(together);
});

const story: Event[] = [
  ...Array.from({ length: 18 }, (_, at) => {
    const buyer = at % 6 === 5 ? {} : { memberId: ['ann', 'bob', 'card', 'old-card'][at % 4]! };
    const items = [`item-${at % 5}`, `item-${(at * 2) % 7}`, 'milk'].filter(isFirst);
    return purchase({ purchaseId: `p${at}`, ...buyer, day: (at * 7) % 20, items, quantity: 3 });
  }),
  ...[0, 0, 1, 5, 9, 11].map((of, at) => returnOf(`r${at}`, `p${of}`, 'milk')),
  returnOf('r-whole', 'p2', 'milk'),
  merge('ann', 'card'),
  merge('card', 'old-card'),
  consent('ann', false, 30),
  consent('old-card', true, 31),
  consent('bob', true, 32),
  consent('bob', false, 32),
];

function isFirst(item: string, at: number, items: readonly string[]): boolean {
  return items.indexOf(item) === at;
}

test(`${runs} orders and repetitions of the same events end in one digest`, {
  timeout: 0,
}, async () => {
  const expected = await digestAfter(story);
  const order = fc.shuffledSubarray([...story, ...story], { minLength: story.length * 2 });
  await fc.assert(
    fc.asyncProperty(order, fc.integer({ min: 1, max: 9 }), async (events, batch) => {
      expect(await digestAfter(events, batch)).toBe(expected);
    }),
    trials(runs),
  );
});
