// What has no feature yet has its place in the format. Each such value is the same wherever the
// chain goes, and an erase of its member takes it away everywhere.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTexts } from '../tests/support/bytes.ts';
import { exchange } from '../tests/support/engines.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../tests/support/folders.ts';
import type { Item } from './catalogue/shapes.ts';
import type { Engine } from './engine.ts';
import { behaviourEntries } from './events/behaviour.ts';
import { consentEntries } from './events/consent.ts';
import { forgetId } from './events/ids.ts';
import { decodeEntry, type Event, type LogEntry, openLog, scanEntries } from './events/index.ts';
import type { LoggedPurchase } from './events/logged-purchase.ts';
import { purchaseEntries } from './events/purchase.ts';
import { encode } from './events/record.ts';
import { idsOfPrefixes } from './events/subjects.ts';
import { startsOf } from './history/chunk.ts';
import { decodeEntry as decodeReceipt, type HistoryEntry } from './history/entry.ts';
import { readEntries } from './history/histories.ts';
import { findMember, type MemberRecord, type Purpose } from './history/members.ts';
import { backUp } from './jobs/backup.ts';
import { restore } from './jobs/restore.ts';
import { openEngine } from './open.ts';
import { installSnapshot, openSeedFolder } from './replication/seed.ts';
import { Store } from './store/store.ts';

const now = Date.parse('2026-06-01T04:00:00Z');
const clock = () => now;
const settings = { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 };
const occurredAt = '2026-05-30T09:10:00+08:00';
const occurredAtMs = Date.parse(occurredAt);
/** An origin of a version whose doors take more than those of today. */
const later = { origin: 'later', epoch: 1_700_000_000 };

let temporary: TemporaryFolder;
const folderOf = (name: string) => join(temporary.path, name);

/** A chain as it lies on the disk. */
interface Kept {
  readonly log: readonly LogEntry[];
  readonly behaviour: readonly LogEntry[];
  readonly items: readonly Item[];
  /** Receipts that count. */
  historyOf(memberId: string): readonly HistoryEntry[];
  recordOf(memberId: string): MemberRecord | undefined;
}

async function readChain(name: string): Promise<Kept> {
  const store = await Store.open(join(folderOf(name), 'chain'), { readOnly: true });
  try {
    const { items, histories, behaviour, members } = store.tables;
    const receiptsOf = (id: string) => {
      const bytes = readEntries(histories, id)!;
      const all = [...startsOf(bytes)].map((at) => decodeReceipt(bytes, at));
      return all.filter(({ removedAt }) => removedAt === 0);
    };
    const receipts = new Map([...idsOfPrefixes(histories)].map((id) => [id, receiptsOf(id)]));
    const ids = members.keys(Buffer.alloc(1), 1_000).map(String);
    const records = new Map(ids.map((id) => [id, findMember(store, id).record]));
    return {
      log: [...scanEntries(openLog(store))].map(({ entry }) => entry),
      behaviour: [...behaviour.rows()].map(({ value }) => decodeEntry(value, 0)),
      items: [...items.rows()].map(({ value }) => JSON.parse(value.toString()).value),
      historyOf: (memberId) => receipts.get(memberId) ?? [],
      recordOf: (memberId) => records.get(memberId),
    };
  } finally {
    await store.close();
  }
}

function loggedPurchase({ log }: Kept, purchaseId: string): LoggedPurchase {
  const found = log.flatMap((entry) => (entry.kind === 'purchase' ? [entry.value] : []));
  return found.find((purchase) => purchase.purchaseId === purchaseId)!;
}

function linesOf(kept: Kept, name: string) {
  return kept.historyOf(member(name)).flatMap(({ lines }) => lines);
}

/** All ids of a member who is called this begin with their name and `~`. */
const member = (name: string) => `${name}~member`;
const receipt = (name: string) => `${name}~receipt`;

type Purchase = Extract<Event, { kind: 'purchase' }>['purchase'];

const buys = (name: string, more: Partial<Purchase> & Pick<Purchase, 'lines'>): Event => ({
  kind: 'purchase',
  purchase: {
    ...{ purchaseId: receipt(name), memberId: member(name), channel: 'mini_program', occurredAt },
    ...more,
  },
});
const looked = {
  ...{ eventId: 'looker~event', memberId: 'looker~member', sessionId: 'looker~session' },
  ...{ action: 'favorite' as const, itemId: 'milk', channel: 'app' as const },
};
/** Of nobody, in a session that nobody remembers. */
const lookedLongAgo = (eventId: string): Event => ({
  kind: 'behaviour',
  behaviour: { eventId, action: 'view', itemId: 'milk', channel: 'app', occurredAt },
});
const answers = (name: string, purpose: Purpose, given: boolean): Buffer =>
  encode(consentEntries, now, {
    ...{ memberId: member(name), purpose, given, occurredAtMs, offsetMinutes: 480 },
  });

const untoldOfReceipt = {
  ...{ storeId: undefined, terminalId: undefined, cashierId: undefined, paidFen: undefined },
};
const untoldOfLine = { unitPriceFen: undefined, discountFen: undefined, totalFen: undefined };

interface Feature {
  readonly name: string;
  /** Whose it is; undefined for what names no member. */
  readonly of?: string;
  readonly sent?: readonly Event[];
  /** Entries that no door of today writes. */
  readonly later?: readonly Buffer[];
  readonly read: (kept: Kept) => unknown;
  readonly is: unknown;
}

const features: readonly Feature[] = [
  {
    name: 'quantities in thousandths',
    of: 'weigher',
    sent: [
      buys('weigher', { lines: [{ itemId: 'milk', quantity: 0.255 }] }),
      {
        kind: 'return',
        return: {
          ...{ returnId: 'weigher~return', purchaseId: receipt('weigher') },
          ...{ channel: 'pos', occurredAt, lines: [{ itemId: 'milk', quantity: 0.1 }] },
        },
      },
    ],
    read: (kept) => [
      loggedPurchase(kept, receipt('weigher')).lines[0]?.thousandths,
      ...linesOf(kept, 'weigher').map((line) => [line.thousandths, line.returnedThousandths]),
    ],
    is: [255, [255, 100]],
  },
  {
    name: 'price, discount and total of a line, and whether it is a gift',
    of: 'saver',
    sent: [
      buys('saver', {
        lines: [
          { itemId: 'tea', quantity: 2, unitPriceFen: 1_990, discountFen: 380, isGift: true },
          { itemId: 'milk', quantity: 1, lineTotalFen: 5_000_000_000 },
        ],
      }),
    ],
    read: (kept) => ({
      logged: loggedPurchase(kept, receipt('saver')).lines.map((line) => [
        ...[line.unitPriceFen, line.discountFen, line.totalFen, line.isGift],
      ]),
      history: linesOf(kept, 'saver').map((line) => [
        ...[kept.items[line.itemNumber]?.itemId, line.totalFen, line.discountFen, line.isGift],
      ]),
    }),
    is: {
      logged: [
        [1_990, 380, undefined, true],
        [undefined, undefined, 5_000_000_000, false],
      ],
      history: [
        ['tea', 3_600, 380, true],
        ['milk', 5_000_000_000, undefined, false],
      ],
    },
  },
  {
    name: 'what was paid for a receipt, with which coupons, at which till',
    of: 'payer',
    sent: [
      buys('payer', {
        ...{ paidFen: 9_999_999_999, cashierId: 'payer~cashier', terminalId: 'payer~terminal' },
        couponIds: ['payer~coupon-1', 'payer~coupon-2'],
        lines: [{ itemId: 'milk', quantity: 1 }],
      }),
    ],
    read(kept) {
      const logged = loggedPurchase(kept, receipt('payer'));
      const { paidFen, couponIds, cashierId, terminalId, channel } = logged;
      const [entry] = kept.historyOf(member('payer'));
      const history = [entry?.paidFen, entry?.channel, entry?.offsetMinutes];
      return { paidFen, couponIds, cashierId, terminalId, channel, history };
    },
    is: {
      ...{ paidFen: 9_999_999_999, cashierId: 'payer~cashier', terminalId: 'payer~terminal' },
      ...{ couponIds: ['payer~coupon-1', 'payer~coupon-2'], channel: 'mini_program' },
      history: [9_999_999_999, 'mini_program', 480],
    },
  },
  {
    name: 'what a till said whose clock was ahead',
    of: 'early',
    later: [
      encode(purchaseEntries, now, {
        ...{ purchaseId: receipt('early'), memberId: member('early'), channel: 'pos' },
        ...{ occurredAtMs, offsetMinutes: 480, statedAtMs: occurredAtMs + 7_200_000 },
        ...{ ...untoldOfReceipt, couponIds: [], timeUnknown: undefined },
        lines: [{ itemId: 'milk', thousandths: 1_000, isGift: false, ...untoldOfLine }],
      }),
    ],
    read: (kept) => [
      loggedPurchase(kept, receipt('early')).statedAtMs,
      ...kept.historyOf(member('early')).map((entry) => [entry.occurredAtMs, entry.clockSkewed]),
    ],
    is: [occurredAtMs + 7_200_000, [occurredAtMs, true]],
  },
  {
    name: 'the role of an item',
    sent: [{ kind: 'item', item: { itemId: 'carrier', role: 'bag', status: 'active' } }],
    read: ({ items }) => items.find(({ itemId }) => itemId === 'carrier')?.role,
    is: 'bag',
  },
  {
    name: 'answers to each question on consent',
    of: 'private',
    later: [
      answers('private', 'personalization', false),
      answers('private', 'marketing', true),
      answers('private', 'thirdParty', false),
    ],
    read: (kept) => kept.recordOf(member('private'))?.consents,
    is: {
      personalization: { atMs: occurredAtMs, given: false },
      marketing: { atMs: occurredAtMs, given: true },
      thirdParty: { atMs: occurredAtMs, given: false },
    },
  },
  {
    name: 'behaviour, in a stream of its own',
    of: 'looker',
    sent: [{ kind: 'behaviour', behaviour: { ...looked, occurredAt } }],
    read: ({ log, behaviour }) => [
      behaviour.map((entry) => entry.kind === 'behaviour' && entry.value),
      log.filter(({ kind }) => kind === 'behaviour').length,
    ],
    is: [[{ ...looked, occurredAtMs, offsetMinutes: 480 }], 1],
  },
  {
    name: 'behaviour that has left its stream: its places are given to nobody',
    read: ({ log }) => log.slice(0, 2).map(({ kind }) => kind),
    is: ['stub', 'stub'],
  },
];

const followers = ['read by a follower', 'taken as a snapshot', 'told'];

function open(name: string): Promise<Engine> {
  const role = followers.includes(name) ? { isFollower: true } : { origin: 'shop' };
  return openEngine({ dataDir: folderOf(name), clock, steadyClock: clock, ...role });
}

async function using(name: string, use: (engine: Engine) => Promise<unknown>): Promise<void> {
  const engine = await open(name);
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

/** A chain that has each of them, and whose first behaviour is so old that it has left. */
async function makeChain(): Promise<void> {
  const old = ['old-1', 'old-2'];
  await using('shop', async (engine) => {
    const sent = [...old.map(lookedLongAgo), ...features.flatMap((feature) => feature.sent ?? [])];
    const results = await engine.writes.ingest(sent);
    expect(results.map(({ status }) => status)).toEqual(sent.map(() => 'created'));
    const entries = features.flatMap((feature) => feature.later ?? []);
    await engine.replication.apply(
      entries.map((bytes, at) => ({ place: { ...later, sequence: at + 1 }, bytes })),
    );
  });
  const store = await Store.open(join(folderOf('shop'), 'chain'));
  await store.transaction(() => {
    for (const [at, eventId] of old.entries()) {
      const key = Buffer.alloc(8);
      key.writeBigUInt64BE(BigInt(at + 1));
      store.tables.behaviour.remove(key);
      forgetId(store, behaviourEntries.code, eventId);
    }
    store.writeMeta('behaviourLeft', old.length);
  });
  await store.close();
}

function copyTo(name: string): void {
  cpSync(folderOf('shop'), folderOf(name), { recursive: true });
}

async function restoreTo(name: string, toSequence?: number): Promise<void> {
  const dataDir = folderOf(name);
  const openFolder = () => open(name);
  const cut = toSequence === undefined ? {} : { toSequence };
  const report = await restore({ backup: folderOf('backup'), dataDir, openFolder, ...cut });
  expect(report).toMatchObject({ ok: true });
}

/** Another node has its ledger key from the chain. */
function keyTo(name: string): void {
  mkdirSync(join(folderOf(name), 'erased'), { recursive: true });
  const key = join('erased', 'key');
  cpSync(join(folderOf('shop'), key), join(folderOf(name), key));
}

/** Each makes a folder of its own name. */
const ways: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  async 'opened again'(name) {
    copyTo(name);
    await using(name, (engine) => engine.upkeep.checkpoint());
  },
  async compacted(name) {
    copyTo(name);
    await using(name, (engine) => engine.upkeep.compact());
  },
  restored: (name) => restoreTo(name),
  async replayed(name) {
    const { log } = await readChain('shop');
    await restoreTo(name, log.length);
  },
  async 'read by a follower'(name) {
    keyTo(name);
    await using('shop', (shop) => using(name, (follower) => exchange(shop, follower)));
  },
  async 'taken as a snapshot'(name) {
    await using('shop', async (shop) => {
      const snapshot = await shop.replication.snapshot();
      cpSync(snapshot, openSeedFolder(folderOf(name)), { recursive: true });
      rmSync(snapshot, { recursive: true });
    });
    await installSnapshot(folderOf(name));
    await using(name, (follower) => follower.upkeep.checkpoint());
  },
};

beforeAll(async () => {
  temporary = await makeTemporaryFolder('survival');
  await makeChain();
  await backUp({ dataDir: folderOf('shop'), folder: folderOf('backup'), clock, settings });
  for (const [name, make] of Object.entries(ways)) await make(name);
}, 120_000);

afterAll(() => temporary.remove());

describe.each(['shop', ...Object.keys(ways)])('a chain that was %s holds', (name) => {
  let kept: Kept;
  beforeAll(async () => {
    kept = await readChain(name);
  });

  test.each(features)('$name', ({ read, is }) => {
    expect(read(kept)).toEqual(is);
  });
});

describe('an erase takes everywhere', () => {
  const owners = features.flatMap(({ name, of }) => (of === undefined ? [] : [{ name, of }]));
  const places = ['forgetful', 'told', 'put back'];

  async function eraseAll(origin: Engine, follower: Engine): Promise<void> {
    await exchange(origin, follower);
    for (const { of } of owners) {
      expect(await origin.members.erase(member(of))).toMatchObject({ found: true });
    }
    await exchange(origin, follower);
    expect(follower.inspect.digest()).toBe(origin.inspect.digest());
    for (const engine of [origin, follower]) await engine.upkeep.compact();
  }

  beforeAll(async () => {
    for (const { of } of owners) expect(findTexts(folderOf('shop'), [`${of}~`])).not.toEqual([]);
    copyTo('forgetful');
    keyTo('told');
    await using('forgetful', (origin) => using('told', (follower) => eraseAll(origin, follower)));
    // From a backup of before; who was erased is known to the folder.
    cpSync(folderOf('forgetful'), folderOf('put back'), { recursive: true });
    await restoreTo('put back');
  }, 60_000);

  test.each(owners)('$name', ({ of }) => {
    for (const place of places) expect(findTexts(folderOf(place), [`${of}~`]), place).toEqual([]);
  });

  test('and nothing of what is nobody’s', async () => {
    for (const place of places) {
      const kept = await readChain(place);
      for (const { name, of, read, is } of features) {
        if (of === undefined) expect(read(kept), `${place}: ${name}`).toEqual(is);
      }
    }
  });
});
