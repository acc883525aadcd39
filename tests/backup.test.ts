// Backup and restore: consistent while a server writes, refused when damaged, exact when replayed.
// TEST_RUNS sets how many random chains are replayed.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backUp, type Engine, type Event, openEngine, restore } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { stepsOf } from './support/oracle/chain-steps.ts';
import { type Chain, chains } from './support/oracle/commands.ts';
import { clockMs } from './support/oracle/pools.ts';
import { caini, startCaini } from './support/program.ts';
import { trials } from './support/trials.ts';

const runs = Math.ceil(Number(process.env['TEST_RUNS'] ?? 60) / 2);
const timeZone = 'Asia/Shanghai';
const settings = { timeZone, halfLifeDays: 60, popularityHalfLifeDays: 30 };
const dayMs = 86_400_000;
const clock = () => clockMs;

const open = (dataDir: string) => openEngine({ dataDir, clock, timeZone });

function receipt(at: number): Event {
  const items = new Set([`i${at % 17}`, `i${(at * 7) % 23}`, `i${(at * 11) % 31}`]);
  const occurredAt = new Date(clockMs - 90 * dayMs + at * 60_000).toISOString();
  const lines = [...items].map((itemId) => ({ itemId, quantity: 1 }));
  const buyer = at % 5 === 0 ? {} : { memberId: `m${at % 41}` };
  const purchase = { purchaseId: `p${at}`, ...buyer, channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase };
}

const receipts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => receipt(from + at));

/** The digest of a chain that holds these events and nothing else. */
function digestOf(events: readonly Event[]): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest(events);
    const digest = engine.inspect.digest();
    await engine.close();
    return digest;
  }, 'backup');
}

async function withEngine<Result>(
  dataDir: string,
  use: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const engine = await open(dataDir);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

test('backups taken while receipts pour in are each the chain of one moment', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    await withEngine(dataDir, async (engine) => {
      await engine.writes.ingest(receipts(0, 2_000));
      let sent = 2_000;
      let isWriting = true;
      const writer = (async () => {
        for (; isWriting; sent += 50) await engine.writes.ingest(receipts(sent, sent + 50));
      })();
      for (const name of ['b1', 'b2', 'b3']) {
        const { code, stdout, stderr } = await caini(
          ...['backup', join(folder, name), '--data-dir', dataDir, '--json'],
        );
        expect(stderr).toBe('');
        expect([code, JSON.parse(stdout).kind]).toEqual([0, 'caini backup']);
        // A compaction swaps the folder under the next backup.
        await engine.upkeep.compact();
      }
      isWriting = false;
      await writer;
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    });
    let former = 0;
    for (const name of ['b1', 'b2', 'b3']) {
      const restored = join(folder, `restored-${name}`);
      const openFolder = () => open(restored);
      const report = await restore({ backup: join(folder, name), dataDir: restored, openFolder });
      expect(report.sequence).toBeGreaterThan(former);
      expect(report.digest).toBe(await digestOf(receipts(0, report.sequence)));
      former = report.sequence;
    }
  }, 'backup');
});

test('a backup that is killed leaves nothing that looks like one, and harms nobody', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const target = join(folder, 'backup');
    await withEngine(dataDir, async (engine) => {
      for (let at = 0; at < 20_000; at += 500) await engine.writes.ingest(receipts(at, at + 500));
      for (const delayMs of [150, 250, 350]) {
        const { child, ended } = startCaini(['backup', target, '--data-dir', dataDir]);
        const killer = setTimeout(() => child.kill('SIGKILL'), delayMs);
        const { code } = await ended;
        clearTimeout(killer);
        // A machine fast enough to be through by then has made a whole one.
        expect(existsSync(target)).toBe(code === 0);
        rmSync(target, { recursive: true, force: true });
        await engine.writes.ingest(receipts(20_000, 20_100));
      }
      expect(await caini('backup', target, '--data-dir', dataDir)).toMatchObject({ code: 0 });
      expect(readdirSync(target).sort()).toEqual(['audit', 'data.mdb', 'erased', 'manifest.json']);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    });
  }, 'backup');
});

async function prepared(folder: string) {
  const dataDir = join(folder, 'data');
  const backup = join(folder, 'backup');
  await withEngine(dataDir, (engine) => engine.writes.ingest(receipts(0, 300)));
  const manifest = await backUp({ dataDir, folder: backup, clock, settings });
  const digest = await withEngine(dataDir, async (engine) => {
    await engine.writes.ingest(receipts(300, 400));
    return engine.inspect.digest();
  });
  return { dataDir, backup, manifest, digest };
}

test('a backup goes into a folder of its own, outside of the data folder', async () => {
  await withTemporaryFolder(async (folder) => {
    const { dataDir, backup } = await prepared(folder);
    const to = (target: string) => backUp({ dataDir, folder: target, clock, settings });
    await expect(to(backup)).rejects.toMatchObject({ reason: 'FOLDER_NOT_EMPTY' });
    await expect(to(join(dataDir, 'b'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(await to(empty)).toMatchObject({ sequence: 400 });
    const nowhere = backUp({ dataDir: empty, folder: join(folder, 'x'), clock, settings });
    await expect(nowhere).rejects.toMatchObject({ reason: 'NO_CHAIN' });
    expect(readdirSync(folder).sort()).toEqual(['backup', 'data', 'empty']);
  }, 'backup');
});

const damages: Readonly<Record<string, (backup: string) => void>> = {
  'one flipped bit': (backup) => {
    const path = join(backup, 'data.mdb');
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
  },
  'a truncated copy': (backup) => truncateSync(join(backup, 'data.mdb'), 8_192),
  'a copy that grew': (backup) => appendFileSync(join(backup, 'data.mdb'), 'x'),
  'no copy': (backup) => rmSync(join(backup, 'data.mdb')),
  'no manifest': (backup) => rmSync(join(backup, 'manifest.json')),
  'a manifest that is not one': (backup) => writeFileSync(join(backup, 'manifest.json'), '{}'),
};

test.each(Object.keys(damages))('a backup with %s is refused and the chain stays', async (name) => {
  await withTemporaryFolder(async (folder) => {
    const { dataDir, backup, digest } = await prepared(folder);
    damages[name]!(backup);
    const openFolder = () => open(dataDir);
    await expect(restore({ backup, dataDir, openFolder })).rejects.toThrow(/backup/);
    expect(await withEngine(dataDir, async (engine) => engine.inspect.digest())).toBe(digest);
  }, 'backup');
});

test('a folder in use, another chain and a failed proof leave everything as it was', async () => {
  await withTemporaryFolder(async (folder) => {
    const { dataDir, backup, digest } = await prepared(folder);
    const openFolder = () => open(dataDir);
    await withEngine(dataDir, async (engine) => {
      const inUse = restore({ backup, dataDir, openFolder });
      await expect(inUse).rejects.toMatchObject({ reason: 'FOLDER_IN_USE' });
      expect(engine.inspect.digest()).toBe(digest);
    });
    const broken = { backup, dataDir, openFolder: () => Promise.reject(new Error('no power')) };
    await expect(restore(broken)).rejects.toThrow('no power');
    const other = join(folder, 'other');
    const foreign = join(folder, 'foreign');
    await withEngine(other, (engine) => engine.members.erase('somebody'));
    await backUp({ dataDir: other, folder: foreign, clock, settings });
    const mixed = restore({ backup: foreign, dataDir, openFolder });
    await expect(mixed).rejects.toMatchObject({ reason: 'OTHER_CHAIN' });
    expect(await withEngine(dataDir, async (engine) => engine.inspect.digest())).toBe(digest);
    expect(readdirSync(dataDir).filter((name) => /replaced|restoring|new$/.test(name))).toEqual([]);
  }, 'backup');
});

test('a restore ends at a sequence or at a time, and later events go on from there', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const backup = join(folder, 'backup');
    let nowMs = clockMs;
    const openNow = () => openEngine({ dataDir, clock: () => nowMs, timeZone });
    const engine = await openNow();
    for (let at = 0; at < 100; at += 10) {
      await engine.writes.ingest(receipts(at, at + 10));
      nowMs += 60_000;
    }
    await engine.close();
    await backUp({ dataDir, folder: backup, clock, settings });
    const cuts = [
      [{ toSequence: 37 }, 37],
      [{ toTimeMs: clockMs + 3 * 60_000 + 1 }, 40],
      [{ toTimeMs: clockMs + 9 * 60_000, toSequence: 55 }, 55],
    ] as const;
    for (const [cut, sequence] of cuts) {
      const report = await restore({ backup, dataDir, openFolder: openNow, ...cut });
      expect(report).toMatchObject({ ok: true, sequence, events: sequence });
      expect(report.digest).toBe(await digestOf(receipts(0, sequence)));
    }
    const again = await openNow();
    const results = await again.writes.ingest(receipts(50, 100));
    expect(results.map(({ status }) => status).lastIndexOf('duplicate')).toBe(4);
    expect(again.inspect.digest()).toBe(await digestOf(receipts(0, 100)));
    await again.close();
    const past = { toSequence: 101 };
    for (const cut of [past, { toTimeMs: clockMs - 1 }]) {
      const refused = restore({ backup, dataDir, openFolder: openNow, ...cut });
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  }, 'backup');
});

test(`${runs} random chains replay to the same digests at the same sequences`, { timeout: 0 }, () =>
  fc.assert(
    fc.asyncProperty(chains(40), fc.nat(), (chain, cut) =>
      withTemporaryFolder((folder) => proveReplay(chain, { folder, cut }), 'backup'),
    ),
    trials(runs),
  ),
);

interface Replaying {
  readonly folder: string;
  readonly cut: number;
}

async function proveReplay(chain: Chain, { folder, cut }: Replaying): Promise<void> {
  const dataDir = join(folder, 'data');
  const { marks, digest } = await withEngine(dataDir, (engine) => live(engine, chain));
  const hasErases = chain.commands.some(({ kind }) => kind === 'erase');
  const backup = join(folder, 'backup');
  const { sequence } = await backUp({ dataDir, folder: backup, clock, settings });
  if (sequence === 0) return;
  const restoreTo = async (toSequence: number) => {
    const target = join(folder, `to-${toSequence}`);
    const report = await restore({
      backup,
      dataDir: target,
      openFolder: () => open(target),
      toSequence,
    });
    return withEngine(target, async (engine) => {
      // The same history must be refused and accepted from here on.
      const rows = JSON.stringify([...engine.records.receipts({ gross: true })]);
      const { landmarks } = markOf(engine);
      return { digest: report.digest, watermark: report.watermark, rows, landmarks };
    });
  };
  const rows = await withEngine(dataDir, async (engine) =>
    JSON.stringify([...engine.records.receipts({ gross: true })]),
  );
  const whole = { digest, watermark: String(sequence), rows };
  expect(await restoreTo(sequence)).toMatchObject(whole);
  const mark = marks[cut % Math.max(1, marks.length)];
  if (mark === undefined || mark.sequence === sequence) return;
  const restored = await restoreTo(mark.sequence);
  // A day that only an erased member bought on still holds up the landmarks of the live chain, and
  // no log tells of it.
  if (hasErases && restored.landmarks !== mark.landmarks) return;
  expect(restored).toMatchObject({ digest: mark.digest, landmarks: mark.landmarks });
}

interface Mark {
  readonly sequence: number;
  readonly digest: string;
  readonly landmarks: string;
}

/** Lives a chain; `marks` are the moments after its last erase, at the landmarks of its end. */
async function live(engine: Engine, chain: Chain) {
  let marks: Mark[] = [];
  for (const step of stepsOf(chain)) {
    if (step.kind === 'checkpoint') await engine.upkeep.checkpoint();
    if (step.kind === 'erase') {
      await engine.members.erase(step.memberId);
      marks = [];
    }
    if (step.kind !== 'ingest') continue;
    for (const event of step.events) {
      await engine.writes.ingest([event], { trustsDays: true });
      // Another role, or items that become one, are counted in the background; a checkpoint waits.
      if (!isCountedAtOnce(event)) await engine.upkeep.checkpoint();
      marks.push(markOf(engine));
    }
  }
  // A landmark that was crossed is recounted in the background; a checkpoint waits behind it.
  await engine.upkeep.checkpoint();
  const last = markOf(engine);
  const settled = marks.filter(
    ({ sequence, landmarks }) => sequence > 0 && landmarks === last.landmarks,
  );
  return { marks: settled, digest: last.digest };
}

function isCountedAtOnce({ kind }: Event): boolean {
  return kind !== 'item' && kind !== 'itemMerge' && kind !== 'itemUnmerge';
}

function markOf(engine: Engine): Mark {
  const { landmarkDay, popularityLandmarkDay, newestDay } = engine.inspect.totals();
  const sequence = Number(engine.status().watermark);
  const landmarks = `${landmarkDay} ${popularityLandmarkDay} ${newestDay ?? ''}`;
  return { sequence, digest: engine.inspect.digest(), landmarks };
}

test('the commands say what is wrong in one line, and restore what they backed up', async () => {
  await withTemporaryFolder(async (folder) => {
    const { dataDir, backup, manifest } = await prepared(folder);
    const copy = join(folder, 'copy');
    cpSync(backup, copy, { recursive: true });
    const done = await caini('restore', copy, '--data-dir', dataDir, '--json');
    expect([done.code, done.stderr]).toEqual([0, '']);
    const { sequence, sha256 } = manifest;
    expect(JSON.parse(done.stdout)).toMatchObject({ ok: true, sequence, manifest: { sha256 } });
    const wrong = await caini('restore', copy, '--data-dir', dataDir, '--to-time', 'yesterday');
    expect([wrong.code, wrong.stderr.split('\n').length]).toEqual([2, 2]);
    const verified = await caini('verify', '--data-dir', dataDir, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, events: 300, differences: [] });
    await withEngine(dataDir, async () => {
      const taken = await caini('erase', 'a/b', '--data-dir', dataDir);
      expect(taken.code).toBe(1);
      expect(taken.stderr).toMatch(/in use.*--url .*DELETE \/v1\/members\/a%2Fb\n$/);
    });
    const erased = await caini('erase', 'nobody', '--data-dir', dataDir, '--json');
    const removed = { receipts: 0, returns: 0, aliases: 0 };
    expect(JSON.parse(erased.stdout)).toMatchObject({ found: false, removed });
    const compacted = await caini('compact', '--data-dir', dataDir, '--json');
    expect(JSON.parse(compacted.stdout)).toHaveProperty('bytesAfter');
    expect(await caini('verify', '--data-dir', join(folder, 'absent'))).toMatchObject({ code: 1 });
  }, 'backup');
});
