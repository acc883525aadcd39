// `caini upgrade`: a chain of data format 1 comes over whole, and its folder is refused until then.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, type Event, openEngine, restore, upgrade } from '../engine/index.ts';
import { findTexts } from './support/bytes.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { type FormatOneName, factsOf, formatOneNames, makeFormatOne } from './support/format-1.ts';
import { caini } from './support/program.ts';

/** Some days after the last event of the fixtures. */
const clock = () => Date.parse('2027-02-01T04:00:00Z');

let folder: TemporaryFolder;
/** Upgraded once for all tests that only read it. */
const upgraded = new Map<FormatOneName, string>();

beforeAll(async () => {
  folder = await makeTemporaryFolder('upgrade');
  for (const name of formatOneNames) {
    const dataDir = join(folder.path, `upgraded-${name}`);
    makeFormatOne(dataDir, name);
    await upgradeFolder(dataDir);
    upgraded.set(name, dataDir);
  }
});

afterAll(() => folder.remove());

function open(dataDir: string, notify: (note: string) => void = () => {}): Promise<Engine> {
  return openEngine({ dataDir, clock, notify });
}

function upgradeFolder(dataDir: string) {
  return upgrade({ dataDir, openFolder: () => open(dataDir) });
}

/** A folder of its own that was upgraded, for a test that writes. */
function copyOf(name: FormatOneName, as: string): string {
  const dataDir = join(folder.path, as);
  cpSync(upgraded.get(name)!, dataDir, { recursive: true });
  return dataDir;
}

async function using<Result>(dataDir: string, use: (engine: Engine) => Promise<Result> | Result) {
  const engine = await open(dataDir);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

test.each(formatOneNames)(
  '%s counts to the last bit what the version before counted',
  async (name) => {
    const facts = factsOf(name);
    await using(upgraded.get(name)!, async (engine) => {
      const { events, members, items, stores, watermark } = engine.status();
      expect({ events, members, items, stores, watermark }).toEqual({
        ...{ events: facts.events, members: facts.members, items: facts.items },
        ...{ stores: facts.stores, watermark: facts.watermark },
      });
      expect(await engine.upkeep.verify()).toMatchObject({
        ok: true,
        digest: facts.digestOfFormat1,
      });
      expect([...engine.records.receipts({ gross: true })]).toHaveLength(facts.rows);
      expect(engine.records.bookmark('import:fixture')).toBe('{"finished":true}');
    });
  },
);

test.each(formatOneNames)('%s: who was erased stays erased', async (name) => {
  const [memberId] = factsOf(name).erased;
  await using(copyOf(name, `erased-${name}`), async (engine) => {
    const [answer] = await engine.writes.ingest([purchase('new-1', memberId!)]);
    expect(answer).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
  });
});

function purchase(purchaseId: string, memberId: string): Event {
  const lines = [{ itemId: 'milk', quantity: 1 }];
  const occurredAt = '2026-11-30T10:00:00+08:00';
  return {
    kind: 'purchase',
    purchase: { purchaseId, memberId, channel: 'pos', occurredAt, lines },
  };
}

/** Goods that came back without a receipt, and under which watermark; and that of the last one. */
const sentBefore = {
  alone: {
    ...{ memberId: 'M02232', itemId: 'watermelon', at: '2026-11-30T03:00:02.000Z' },
    ...{ loose: '3531', plain: '3545' },
  },
  named: {
    ...{ memberId: 'M02880', itemId: 'ice-tub', at: '2026-11-30T03:00:02.000Z' },
    ...{ loose: 'shop/1796011200:946', plain: 'shop/1796011200:960' },
  },
  several: {
    ...{ memberId: 'eve', itemId: 'milk', at: '2026-09-01T05:00:00.000Z' },
    ...{ loose: 'zoo/1788235200:13', plain: 'zoo/1788235200:22' },
  },
} as const;

const plain: Event = {
  kind: 'purchase',
  purchase: {
    ...{ purchaseId: 'plain-1', memberId: 'someone', channel: 'other' },
    occurredAt: '2026-11-30T03:01:00.000Z',
    lines: [
      { itemId: 'never listed', quantity: 12 },
      { itemId: 'flour-bread', quantity: 1, unitPriceFen: 0 },
    ],
  },
};

function looseReturn(name: FormatOneName, occurredAt: string): Event {
  const { memberId, itemId } = sentBefore[name];
  const lines = [{ itemId, quantity: 1 }];
  const goods = { returnId: 'loose-1', memberId, occurredAt, lines };
  return { kind: 'unreferencedReturn', unreferencedReturn: goods };
}

test.each(formatOneNames)('%s: what is sent again is known, and counts once', async (name) => {
  await using(copyOf(name, `sent-${name}`), async (engine) => {
    const { events } = engine.status();
    const before = sentBefore[name];
    const [bought, back, other] = await engine.writes.ingest([
      plain,
      looseReturn(name, before.at),
      looseReturn(name, '2026-11-30T03:00:09.000Z'),
    ]);
    expect(bought).toMatchObject({ status: 'duplicate', watermark: before.plain });
    expect(back).toMatchObject({ status: 'duplicate', watermark: before.loose });
    expect(other).toMatchObject({ status: 'conflict', reason: 'CONTENT_DIFFERS' });
    expect(engine.status().events).toBe(events);
  });
});

test('an origin that had others beside it goes on with them where it stood', async () => {
  const dataDir = copyOf('several', 'goes-on');
  const engine = await openEngine({ dataDir, clock, origin: 'zoo' });
  const [answer] = await engine.writes.ingest([purchase('new-2', 'ann-card')]);
  expect(answer).toMatchObject({ status: 'created' });
  expect(answer?.watermark).toMatch(/^zoo\/\d+:23$/);
  expect(engine.replication.watermark).toContain('bay/1788235200:14');
  expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  await engine.close();
});

test('the old chain is kept as it was, and a second upgrade changes nothing', async () => {
  const dataDir = copyOf('named', 'kept');
  const kept = join(dataDir, 'chain.format1', 'data.mdb');
  const original = join(folder.path, 'original');
  makeFormatOne(original, 'named');
  expect(sumOf(kept)).toBe(sumOf(join(original, 'chain/data.mdb')));
  const before = sumOf(join(dataDir, 'chain/data.mdb'));
  expect(await upgradeFolder(dataDir)).toBeUndefined();
  expect(sumOf(join(dataDir, 'chain/data.mdb'))).toBe(before);
  await using(dataDir, () => {});
  expect(existsSync(kept), 'after a start').toBe(true);
});

test('an erase and its compaction leave nothing of the member beside the chain', async () => {
  const dataDir = copyOf('alone', 'forgotten');
  const memberId = factsOf('alone').withdrawn[0]!;
  expect(findTexts(dataDir, [memberId]).length).toBeGreaterThan(1);
  const notes: string[] = [];
  const engine = await open(dataDir, (note) => notes.push(note));
  await engine.members.erase(memberId);
  await engine.upkeep.compact();
  await engine.close();
  expect(notes.filter((note) => note.includes('chain.format1'))).toHaveLength(1);
  expect(findTexts(dataDir, [memberId])).toEqual([]);
  expect(readdirSync(dataDir)).not.toContain('chain.format1');
});

const commands: readonly (readonly string[])[] = [
  ['serve', '--http-port', '0', '--grpc-port', 'none'],
  ['verify'],
  ['compact'],
  ['expire'],
  ['erase', 'M1'],
  ['clock', '--confirm'],
  ['export'],
  ['backup', 'BACKUP'],
  ['import', 'FILE'],
];

test.each(commands)('caini %s refuses a folder of format 1 in one line', async (...command) => {
  const dataDir = join(folder.path, `refused-${command[0]}`);
  makeFormatOne(dataDir, 'named');
  const before = sumOf(join(dataDir, 'chain/data.mdb'));
  writeFileSync(join(folder.path, 'rows.csv'), 'purchaseId\n');
  const places: Readonly<Record<string, string>> = {
    BACKUP: join(folder.path, 'no-backup'),
    FILE: join(folder.path, 'rows.csv'),
  };
  const words = command.map((word) => places[word] ?? word);
  const { code, stdout, stderr } = await caini(...words, '--data-dir', dataDir);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    `caini: ${dataDir}/chain has data format 1; this version reads format 2: ` +
      `caini upgrade --data-dir ${dataDir}\n`,
  );
  expect(sumOf(join(dataDir, 'chain/data.mdb')), 'unchanged').toBe(before);
});

test('caini upgrade tells what it compared, and where the old chain is', async () => {
  const dataDir = join(folder.path, 'told');
  makeFormatOne(dataDir, 'named');
  const reported = await caini('upgrade', '--data-dir', dataDir);
  expect(reported).toMatchObject({ code: 0, stderr: '' });
  const { events, digestOfFormat1 } = factsOf('named');
  expect(reported.stdout).toContain(`the same as before: ${events} events`);
  expect(reported.stdout).toContain(`digest ${digestOfFormat1}`);
  expect(reported.stdout).toContain(`kept in ${dataDir}/chain.format1`);
  const again = await caini('upgrade', '--data-dir', dataDir);
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toContain('has the data format of this version already');
  const nowhere = await caini('upgrade', '--data-dir', join(folder.path, 'nowhere'));
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain('holds no chain');
  expect(existsSync(join(folder.path, 'nowhere'))).toBe(false);
});

test('two chains of format 1 in one folder are for a person to judge', async () => {
  const dataDir = join(folder.path, 'two');
  makeFormatOne(dataDir, 'named');
  cpSync(join(dataDir, 'chain'), join(dataDir, 'chain.format1'), { recursive: true });
  await expect(upgradeFolder(dataDir)).rejects.toMatchObject({ reason: 'TWO_CHAINS' });
  expect(readdirSync(dataDir).toSorted()).toEqual(['chain', 'chain.format1', 'erased']);
});

test('a folder that is in use, or damaged, is left as it is', async () => {
  const used = copyOf('named', 'used');
  await using(used, async () => {
    await expect(upgradeFolder(used)).rejects.toMatchObject({ reason: 'FOLDER_IN_USE' });
  });
  const damaged = join(folder.path, 'damaged');
  makeFormatOne(damaged, 'named');
  const path = join(damaged, 'chain/data.mdb');
  const bytes = readFileSync(path);
  bytes.fill(0x55, 20 * 4_096, 21 * 4_096);
  writeFileSync(path, bytes);
  await expect(upgradeFolder(damaged)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(readdirSync(damaged).toSorted()).toEqual(['chain', 'erased']);
});

test('when the key of the erased is gone, nothing is upgraded under another', async () => {
  const dataDir = join(folder.path, 'keyless');
  makeFormatOne(dataDir, 'named');
  for (const name of ['key', 'ledger']) rmSync(join(dataDir, 'erased', name));
  await expect(upgradeFolder(dataDir)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  expect(existsSync(join(dataDir, 'chain.format1'))).toBe(false);
});

test('when the new chain does not open, the old one is put back', async () => {
  const dataDir = join(folder.path, 'back');
  makeFormatOne(dataDir, 'named');
  const before = sumOf(join(dataDir, 'chain/data.mdb'));
  const openFolder = () => Promise.reject(new Error('no memory'));
  await expect(upgrade({ dataDir, openFolder })).rejects.toThrow('no memory');
  expect(sumOf(join(dataDir, 'chain/data.mdb'))).toBe(before);
  expect(readdirSync(dataDir).toSorted()).toEqual(['chain', 'erased']);
});

test('an upgrade that is given up leaves the folder as it was', async () => {
  const dataDir = join(folder.path, 'given-up');
  makeFormatOne(dataDir, 'named');
  const stop = new AbortController();
  const progress = (step: string) => step === 'comparing' && stop.abort();
  const upgrading = upgrade({
    ...{ dataDir, progress, signal: stop.signal },
    openFolder: () => open(dataDir),
  });
  await expect(upgrading).rejects.toThrow();
  expect(readdirSync(dataDir).toSorted()).toEqual(['chain', 'erased']);
});

function backupOf(name: FormatOneName, as: string): string {
  const [original, backup] = [join(folder.path, `${as}-original`), join(folder.path, as)];
  makeFormatOne(original, name);
  mkdirSync(backup);
  cpSync(join(original, 'chain/data.mdb'), join(backup, 'data.mdb'));
  cpSync(join(original, 'erased'), join(backup, 'erased'), { recursive: true });
  const bytes = readFileSync(join(backup, 'data.mdb'));
  const manifest = {
    ...{ kind: 'caini backup', formatVersion: 1, sequence: factsOf(name).events },
    ...{ takenAt: '2026-11-30T12:00:00+08:00', bytes: bytes.length },
    sha256: createHash('sha256').update(bytes).digest('hex'),
    settings: { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 },
  };
  writeFileSync(join(backup, 'manifest.json'), JSON.stringify(manifest));
  return backup;
}

test.each(formatOneNames)('a backup of format 1 of %s is restored whole', async (name) => {
  const backup = backupOf(name, `backup-${name}`);
  const dataDir = join(folder.path, `restored-${name}`);
  const report = await restore({ backup, dataDir, openFolder: () => open(dataDir) });
  const { events, digestOfFormat1, watermark } = factsOf(name);
  expect(report).toMatchObject({ ok: true, events, digest: digestOfFormat1, watermark });
  expect(readdirSync(backup).toSorted()).toEqual(['data.mdb', 'erased', 'manifest.json']);
});

test('a backup of format 1 is restored up to a moment', async () => {
  const backup = backupOf('alone', 'backup-cut');
  const dataDir = join(folder.path, 'restored-cut');
  const report = await restore({
    ...{ backup, dataDir, toSequence: 1_000 },
    openFolder: () => open(dataDir),
  });
  expect(report).toMatchObject({ ok: true, events: 1_000, watermark: '1000' });
});
