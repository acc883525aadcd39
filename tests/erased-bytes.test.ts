// Erased means gone from the disk: in trees of many pages a deleted key may stay as a separator
// between others, so every file is searched, on a chain whose tables are three pages deep. Every id
// of an erased member holds the mark several times, so that a torn piece of it is found too.
// ERASED_BYTES_RECEIPTS makes the chain longer.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open as openEnvironment } from 'lmdb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, type Engine, type Event, openEngine, restore } from '../engine/index.ts';
import { findTexts } from './support/bytes.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';

const receipts = Number(process.env['ERASED_BYTES_RECEIPTS'] ?? 12_000);
const members = receipts / 4;
const erasedMembers = 100;
const mark = 'forget-me~';
const idBytes = 128;
const now = Date.UTC(2026, 5, 1);
const clock = () => now;
const settings = { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 };
const open = (dataDir: string) => openEngine({ dataDir, clock });

/** Every thirtieth or so, all over the order of keys. */
const isErased = (member: number) => member % Math.floor(members / erasedMembers) === 7;

/** As long as ids may be, so that few of them fill a page; in no order of time. */
function idOf(kind: string, number: number, member: number): string {
  const order = createHash('md5').update(`${kind}${number}`).digest('hex').slice(0, 12);
  const filling = isErased(member) ? mark : 'remember~';
  return `${kind}-${order}-`.padEnd(idBytes, filling);
}

const ofMember = (number: number) => number % members;
const memberOf = (number: number) => idOf('member', number, number);
const cardOf = (number: number) => idOf('card', number, number);
const receiptOf = (number: number) => idOf('receipt', number, ofMember(number));
const erasedOnes = Array.from({ length: members }, (_, at) => at).filter(isErased);

const timeOf = (number: number) => new Date(now - 9e9 + number * 1_000).toISOString();

function purchase(number: number): Event {
  const buyer = ofMember(number);
  // Every third receipt is under another id of the member, which is merged later.
  const memberId = number % 3 === 0 ? cardOf(buyer) : memberOf(buyer);
  const lines = [
    { itemId: `item-${number % 97}`, quantity: 2 },
    { itemId: `item-${100 + (number % 13)}`, quantity: 1 },
  ];
  const rest = { channel: 'pos', occurredAt: timeOf(number), lines } as const;
  return { kind: 'purchase', purchase: { purchaseId: receiptOf(number), memberId, ...rest } };
}

function returnOf(number: number): Event {
  const returnId = idOf('return', number, ofMember(number));
  const lines = [{ itemId: `item-${number % 97}`, quantity: 1 }];
  const rest = { channel: 'app', occurredAt: timeOf(number + 1), lines } as const;
  return { kind: 'return', return: { returnId, purchaseId: receiptOf(number), ...rest } };
}

const merge = (member: number): Event => ({
  kind: 'merge',
  merge: { memberId: memberOf(member), fromMemberId: cardOf(member) },
});

async function fill(engine: Engine): Promise<void> {
  const send = async (count: number, event: (number: number) => Event) => {
    for (let at = 0; at < count; at += 500) {
      const batch = Array.from({ length: Math.min(500, count - at) }, (_, more) =>
        event(at + more),
      );
      const results = await engine.writes.ingest(batch);
      expect(results.filter(({ status }) => status !== 'created')).toEqual([]);
    }
  };
  await send(receipts, purchase);
  await send(members, returnOf);
  await send(members, merge);
}

/** How many pages lie above each other in a table. */
async function depthsOf(chain: string): Promise<Record<string, number>> {
  const root = openEnvironment({ path: chain, readOnly: true, maxDbs: 32, noSubdir: false });
  const names = ['log', 'ids', 'histories', 'members', 'returns'];
  const depths = names.map((name) => {
    const { treeDepth } = root.openDB({ name, keyEncoding: 'binary' }).getStats() as {
      treeDepth: number;
    };
    return [name, treeDepth];
  });
  await root.close();
  return Object.fromEntries(depths);
}

/** As earlier versions copied a chain: pages as they are, less the free ones. */
async function copyPages(chain: string, to: string): Promise<void> {
  mkdirSync(to);
  const root = openEnvironment({ path: chain, readOnly: true, maxDbs: 32, noSubdir: false });
  await root.backup(to, true);
  await root.close();
}

/** A backup whose data file is another, with a manifest that fits. */
function swapData(backup: string, data: string): void {
  const bytes = readFileSync(data);
  writeFileSync(join(backup, 'data.mdb'), bytes);
  const path = join(backup, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(path, JSON.stringify({ ...manifest, bytes: bytes.length, sha256 }));
}

let folder: TemporaryFolder;
/** A chain of which the members are erased, and not compacted since. */
let dataDir: string;
let digest: string;
const inFolder = (name: string) => join(folder.path, name);
const marksIn = (name: string) => findTexts(inFolder(name), [mark]);

beforeAll(async () => {
  folder = await makeTemporaryFolder('erased-bytes');
  dataDir = inFolder('data');
  const engine = await open(dataDir);
  await fill(engine);
  await engine.upkeep.checkpoint();
  for (const member of erasedOnes) {
    const { found, removed } = await engine.members.erase(
      member % 2 ? cardOf(member) : memberOf(member),
    );
    expect(found).toBe(true);
    expect(removed).toMatchObject({ receipts: receipts / members, returns: 1, aliases: 1 });
  }
  digest = engine.inspect.digest();
  await engine.close();
}, 300_000);

afterAll(() => folder.remove());

test('the chain has 100 erased members, tables three pages deep, and bytes left', async () => {
  expect(erasedOnes.length).toBeGreaterThanOrEqual(erasedMembers);
  for (const [name, depth] of Object.entries(await depthsOf(join(dataDir, 'chain')))) {
    expect(depth, name).toBeGreaterThanOrEqual(3);
  }
  expect(marksIn('data')).not.toEqual([]);
});

test('a copy of pages keeps ids of the erased: this test would notice', async () => {
  await copyPages(join(dataDir, 'chain'), inFolder('pages'));
  const kept = readFileSync(join(inFolder('pages'), 'data.mdb')).toString('latin1');
  const ids = new Set(kept.match(/(?:member|card|receipt|return)-[0-9a-f]{12}-forget-me~/g));
  console.log(`a copy of pages keeps ${ids.size} ids of erased members`);
  expect(ids.size).toBeGreaterThan(0);
});

test('a backup and a snapshot hold nothing of them, though the chain still does', async () => {
  await backUp({ dataDir, folder: inFolder('backup'), clock, settings });
  expect(marksIn('backup')).toEqual([]);
  const engine = await open(dataDir);
  const snapshot = await engine.replication.snapshot();
  expect(statSync(join(snapshot, 'data.mdb')).size).toBeGreaterThan(1_000_000);
  expect(findTexts(snapshot, [mark])).toEqual([]);
  rmSync(snapshot, { recursive: true });
  await engine.close();
  expect(marksIn('data')).not.toEqual([]);
});

test('neither a restored backup nor one of an earlier version brings a byte back', async () => {
  for (const name of ['restored', 'restored-pages']) {
    if (name === 'restored-pages')
      swapData(inFolder('backup'), join(inFolder('pages'), 'data.mdb'));
    const restored = inFolder(name);
    const openFolder = () => open(restored);
    const report = await restore({ backup: inFolder('backup'), dataDir: restored, openFolder });
    expect(report).toMatchObject({ ok: true, digest });
    expect(marksIn(name)).toEqual([]);
  }
});

test('after a compaction no file of the data folder holds anything of them', async () => {
  const engine = await open(dataDir);
  try {
    await engine.upkeep.compact();
    expect(marksIn('data')).toEqual([]);
    // What is written from then on takes pages from the new file, and memory of this process.
    await engine.writes.ingest(
      Array.from({ length: 500 }, (_, at) => purchase(receipts + at * 3 + 1)).filter(isKept),
    );
    await engine.upkeep.checkpoint();
    expect(marksIn('data')).toEqual([]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  } finally {
    await engine.close();
  }
  expect(marksIn('data')).toEqual([]);
  for (const [name, depth] of Object.entries(await depthsOf(join(dataDir, 'chain')))) {
    expect(depth, name).toBeGreaterThanOrEqual(3);
  }
});

function isKept(event: Event): boolean {
  return event.kind === 'purchase' && !event.purchase.purchaseId.includes(mark);
}
