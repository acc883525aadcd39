// What work that was killed leaves: a chain that opens, and no copy of another that an erase would
// not reach. Commands are killed before their changes of files and names in turn: before some of
// them, or with LEFTOVERS_ALL before each.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, type Event, openEngine } from '../engine/index.ts';
import { findTexts } from './support/bytes.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { type Ended, startCaini } from './support/program.ts';

const now = Date.UTC(2026, 5, 1);
const clock = () => now;
const settings = { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 };
const open = (dataDir: string, notify = (_message: string) => {}) =>
  openEngine({ dataDir, clock, notify });

/** In the chain, and not in the backup. */
const secret = { member: 'member-of-unmistakable-name', receipt: 'receipt-of-unmistakable-name' };
const secrets = Object.values(secret);

function purchase(purchaseId: string, memberId: string): Event {
  const lines = [{ itemId: 'milk', quantity: 1 }];
  const occurredAt = new Date(now - 86_400_000).toISOString();
  return {
    kind: 'purchase',
    purchase: { purchaseId, memberId, channel: 'pos', occurredAt, lines },
  };
}

const others = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => purchase(`p${from + at}`, `m${(from + at) % 17}`));

let folder: TemporaryFolder;
let original: string;
let backup: string;

beforeAll(async () => {
  folder = await makeTemporaryFolder('leftovers');
  original = join(folder.path, 'original');
  backup = join(folder.path, 'backup');
  const engine = await open(original);
  await engine.writes.ingest(others(0, 100));
  await engine.upkeep.checkpoint();
  await backUp({ dataDir: original, folder: backup, clock, settings });
  await engine.writes.ingest([purchase(secret.receipt, secret.member), ...others(100, 120)]);
  await engine.close();
});

afterAll(() => folder.remove());

function copyOfOriginal(name: string): string {
  const dataDir = join(folder.path, name);
  cpSync(original, dataDir, { recursive: true });
  return dataDir;
}

/** Starts the chain, erases the member and compacts: what an operator would do. */
async function proveErasable(dataDir: string): Promise<{ events: number; notes: string[] }> {
  const notes: string[] = [];
  const engine = await open(dataDir, (note) => notes.push(note));
  try {
    const { events } = engine.status();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.members.erase(secret.member);
    await engine.upkeep.compact();
    expect(findTexts(dataDir, secrets)).toEqual([]);
    return { events, notes };
  } finally {
    await engine.close();
  }
}

const hook = pathToFileURL(join(import.meta.dirname, 'support/kill-at.mjs')).href;

function killed(command: readonly string[], at: number): Promise<Ended> {
  const environment = { NODE_OPTIONS: `--import=${hook}`, KILL_COMMAND: command[0]! };
  return startCaini(command, { ...environment, KILL_AT: String(at) }).ended;
}

interface Killed {
  readonly command: (dataDir: string) => readonly string[];
  /** How many events there may be afterwards. */
  readonly events: readonly number[];
  readonly changesMin: number;
  /** Before every how manieth change it is killed. */
  readonly step: number;
}

const commands: Readonly<Record<string, Killed>> = {
  restore: {
    command: (dataDir) => ['restore', backup, '--data-dir', dataDir],
    events: [121, 100],
    changesMin: 30,
    step: 2,
  },
  compact: {
    command: (dataDir) => ['compact', '--data-dir', dataDir],
    events: [121],
    changesMin: 10,
    step: 2,
  },
  'a restore of some': {
    command: (dataDir) => ['restore', backup, '--data-dir', dataDir, '--to-sequence', '50'],
    events: [121, 50],
    changesMin: 30,
    step: 4,
  },
};

test.each(Object.keys(commands))(
  '%s may be killed at any change: the chain opens, and an erase leaves nothing',
  { timeout: 300_000 },
  async (name) => {
    const { command, events, changesMin, step } = commands[name]!;
    const left = new Set<string>();
    let last = 0;
    for (let at = 1; ; at += process.env['LEFTOVERS_ALL'] ? 1 : step) {
      const dataDir = copyOfOriginal('killed');
      const { code, stderr } = await killed(command(dataDir), at);
      for (const found of readdirSync(dataDir)) left.add(found);
      const after = await proveErasable(dataDir);
      expect(events, `killed before change ${at}: ${stderr}`).toContain(after.events);
      // A trail says what was begun: it stays, as it is after any kill.
      const always = ['chain.ballast', 'audit'];
      const kept = readdirSync(dataDir).filter((found) => !always.includes(found));
      expect(kept.sort(), `killed before change ${at}`).toEqual(['chain', 'erased']);
      rmSync(dataDir, { recursive: true });
      if (code !== null) {
        expect([code, stderr]).toEqual([0, '']);
        break;
      }
      last = at;
    }
    console.log(`${name}: killed until change ${last}, met ${[...left].sort().join(', ')}`);
    expect(last).toBeGreaterThanOrEqual(changesMin);
  },
);

/** States that a killed process leaves, by hand: the folder below its name is a whole chain. */
const workingCopies = [
  'chain.new',
  'chain.old',
  'chain.replaced',
  'chain.restoring',
  'chain.seeding',
  'snapshot-1767225600000-1',
  'backup.unfinished',
  'erased.new',
];

test('a start removes every working copy, and says so', async () => {
  const dataDir = copyOfOriginal('swept');
  for (const name of workingCopies) {
    cpSync(join(original, 'chain'), join(dataDir, name), { recursive: true });
  }
  writeFileSync(join(dataDir, 'export.csv.unfinished'), secrets.join());
  writeFileSync(join(dataDir, 'chain/counts.checkpoint.new'), secrets.join());
  // Of an import that was killed, and of one that still reads its standard input.
  const dead = spawnSync('true').pid;
  for (const name of ['spill/rows', `stdin-${dead}`, `stdin-${process.pid}`]) {
    mkdirSync(join(dataDir, 'imports', name), { recursive: true });
  }
  writeFileSync(join(dataDir, 'imports/spill/rows/0'), secrets.join());
  writeFileSync(join(dataDir, `imports/stdin-${dead}/stdin`), secrets.join());
  writeFileSync(join(dataDir, 'mine.txt'), 'of somebody else');
  const { notes, events } = await proveErasable(dataDir);
  expect(events).toBe(121);
  const reported = notes.find((note) => note.startsWith('removed what work that was cut short'))!;
  for (const name of workingCopies) expect(reported).toContain(name);
  const kept = readdirSync(dataDir).filter((name) => name !== 'chain.ballast');
  expect(kept.sort()).toEqual(['chain', 'erased', 'imports', 'mine.txt']);
  expect(readdirSync(join(dataDir, 'imports'))).toEqual([`stdin-${process.pid}`]);
});

test('a compaction removes what came since the start', async () => {
  const dataDir = copyOfOriginal('swept-later');
  const engine = await open(dataDir);
  cpSync(join(original, 'chain'), join(dataDir, 'chain.replaced'), { recursive: true });
  await engine.members.erase(secret.member);
  await engine.upkeep.compact();
  expect(findTexts(dataDir, secrets)).toEqual([]);
  await engine.close();
});

test.each(['chain.new', 'chain.replaced', 'chain.old'])(
  'where there is no chain, a whole %s becomes it',
  async (name) => {
    const dataDir = copyOfOriginal(`back-${name}`);
    renameSync(join(dataDir, 'chain'), join(dataDir, name));
    // Of several the one that the work had got furthest with; an empty folder is none.
    mkdirSync(join(dataDir, 'chain.new'), { recursive: true });
    const { events, notes } = await proveErasable(dataDir);
    expect(events).toBe(121);
    expect(notes[0]).toBe(`took ${name} for the chain: work was cut short`);
    expect(existsSync(join(dataDir, name))).toBe(false);
  },
);

test('beside a damaged chain nothing is removed', async () => {
  const dataDir = copyOfOriginal('damaged');
  cpSync(join(original, 'chain'), join(dataDir, 'chain.replaced'), { recursive: true });
  const path = join(dataDir, 'chain/data.mdb');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, 8_192, 16_384));
  await expect(open(dataDir)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  const again = startCaini(['restore', backup, '--data-dir', dataDir]);
  expect(await again.ended).toMatchObject({ code: 1, stderr: /chain.replaced holds what/ });
  rmSync(join(dataDir, 'chain'), { recursive: true });
  expect((await proveErasable(dataDir)).events).toBe(121);
});
