// Upgrades that are killed, as kill -9 does: before changes of files and names in turn, and at
// moments that chance picks, once or several times in a row. Each is run again until it is through,
// and nothing may be lost. UPGRADE_KILLS says how many; ten without it.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom, openEngine } from '../../engine/index.ts';
import { makeDiskFolder, type TemporaryFolder } from '../support/folders.ts';
import { factsOf, makeFormatOne } from '../support/format-1.ts';
import { caini, startCaini } from '../support/program.ts';

const kills = Number(process.env['UPGRADE_KILLS'] ?? 10);
const seed = Number(process.env['UPGRADE_SEED'] ?? Date.now() % 1_000_000);
const timeout = 300_000 + kills * 60_000;

const facts = factsOf('named');
const clock = () => Date.parse('2027-02-01T04:00:00Z');
const hook = pathToFileURL(join(import.meta.dirname, '../support/kill-at.mjs')).href;

let folder: TemporaryFolder;
let original: string;
let originalSum: string;
/** What was met in folders after a kill. */
const met = new Set<string>();

beforeAll(async () => {
  folder = await makeDiskFolder('upgrade-storm');
  original = join(folder.path, 'original');
  makeFormatOne(original, 'named');
  originalSum = sumOf(original, 'chain');
});

afterAll(() => folder.remove());

function sumOf(dataDir: string, chain: string): string {
  const bytes = readFileSync(join(dataDir, chain, 'data.mdb'));
  return createHash('sha256').update(bytes).digest('hex');
}

function freshFolder(): string {
  const dataDir = join(folder.path, 'killed');
  rmSync(dataDir, { recursive: true, force: true });
  cpSync(original, dataDir, { recursive: true });
  return dataDir;
}

/** The old chain lies somewhere, to the last byte; what opens in its place is the whole new one. */
async function proveNothingLost(dataDir: string, where: string): Promise<void> {
  const names = readdirSync(dataDir);
  for (const name of names) met.add(name);
  const olds = ['chain', 'chain.format1'].filter((name) => existsSync(join(dataDir, name)));
  const kept = olds.filter((name) => sumOf(dataDir, name) === originalSum);
  expect(kept, `${where}: ${names}`).toHaveLength(1);
  // A start of a copy, so that the next upgrade finds what the kill has left.
  const copy = join(folder.path, 'copy');
  cpSync(dataDir, copy, { recursive: true });
  try {
    const engine = await openEngine({ dataDir: copy, clock });
    expect(engine.status().watermark, where).toBe(facts.watermark);
    await engine.close();
  } catch (error) {
    expect(error, where).toMatchObject({ reason: 'FORMAT_VERSION' });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function proveUpgraded(dataDir: string, where: string): Promise<void> {
  const ended = await caini('upgrade', '--data-dir', dataDir);
  expect(ended, where).toMatchObject({ code: 0, stderr: '' });
  const names = readdirSync(dataDir).filter((name) => name !== 'chain.ballast');
  const engine = await openEngine({ dataDir, clock });
  try {
    const audit = await engine.upkeep.verify();
    expect(audit, where).toMatchObject({ ok: true, digest: facts.digestOfFormat1 });
    expect(engine.status(), where).toMatchObject({
      ...{ watermark: facts.watermark, events: facts.events },
      ...{ items: facts.items, stores: facts.stores },
    });
  } finally {
    await engine.close();
  }
  const after = readdirSync(dataDir).filter((name) => name !== 'chain.ballast');
  expect(after.toSorted(), `${where}, after ${names}`).toEqual([
    ...['chain', 'chain.format1', 'erased'],
  ]);
  expect(sumOf(dataDir, 'chain.format1'), where).toBe(originalSum);
}

/** Runs it until it kills itself before its n-th change; false: it came to its end. */
async function killBefore(dataDir: string, change: number): Promise<boolean> {
  const environment = { NODE_OPTIONS: `--import=${hook}`, KILL_COMMAND: 'upgrade' };
  const command = ['upgrade', '--data-dir', dataDir];
  const { ended } = startCaini(command, { ...environment, KILL_AT: String(change) });
  return (await ended).code === null;
}

/** A run may make a change or two fewer than the one that was counted. */
async function killBeforeOrEarlier(wanted: number): Promise<{ dataDir: string; change: number }> {
  for (let change = wanted; change > wanted - 3; change--) {
    const dataDir = freshFolder();
    if (await killBefore(dataDir, change)) return { dataDir, change };
  }
  throw new Error(`was not killed before change ${wanted}, nor two before it`);
}

async function killAfter(dataDir: string, milliseconds: number): Promise<boolean> {
  const { child, ended } = startCaini(['upgrade', '--data-dir', dataDir]);
  await Promise.race([setTimeout(milliseconds), ended]);
  child.kill('SIGKILL');
  return (await ended).code === null;
}

async function countChanges(): Promise<number> {
  let changes = 64;
  while (await killBefore(freshFolder(), changes)) changes *= 2;
  let through = changes;
  for (let killed = 0; through - killed > 1; ) {
    const middle = Math.floor((killed + through) / 2);
    if (await killBefore(freshFolder(), middle)) killed = middle;
    else through = middle;
  }
  return through - 1;
}

test('an upgrade that is killed before a change of files can be run again', {
  timeout,
}, async () => {
  const changes = await countChanges();
  expect(changes).toBeGreaterThan(10);
  const count = Math.min(changes, Math.ceil(kills / 2));
  for (let point = 0; point < count; point++) {
    // Evenly, and the last changes among them: those are the swap.
    const wanted = changes - Math.floor((point * changes) / count);
    const { dataDir, change } = await killBeforeOrEarlier(wanted);
    const where = `killed before change ${change} of ${changes}`;
    await proveNothingLost(dataDir, where);
    await proveUpgraded(dataDir, where);
  }
  console.log(`upgrade: killed at ${count} of ${changes} changes, met ${[...met].sort()}`);
});

test('an upgrade that is killed at any moment can be run again', { timeout }, async () => {
  const random = createRandom(seed);
  const startedAt = performance.now();
  await caini('upgrade', '--data-dir', freshFolder());
  const wholeMs = performance.now() - startedAt;
  const count = Math.floor(kills / 2);
  let through = 0;
  for (let done = 0; done < count; ) {
    const dataDir = freshFolder();
    // In a row: what the first has left, the second finds.
    const row = Math.min(count - done, 1 + random.integer(3));
    for (let at = 0; at < row; at++) {
      const milliseconds = Math.floor(random.integer(1_000) * (wholeMs / 1_000));
      const where = `seed ${seed}, kill ${done}: after ${milliseconds} of ${wholeMs} ms`;
      if (!(await killAfter(dataDir, milliseconds))) through += 1;
      await proveNothingLost(dataDir, where);
      done += 1;
    }
    await proveUpgraded(dataDir, `seed ${seed}, kill ${done}`);
  }
  console.log(
    `upgrade: ${count - through} of ${count} killed, seed ${seed}, met ${[...met].sort()}`,
  );
});
