// Kill storm: a process that writes with sixteen tills is killed again and again, and nothing
// promised is ever lost. STORM_KILLS sets how many times, STORM_SEED repeats the draws of a run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeDiskFolder, withDiskFolder } from '../support/folders.ts';
import { type Chance, chanceOf, seedOfRun } from './chance.ts';
import { compileWorker, Worker } from './child.ts';

const kills = Number(process.env['STORM_KILLS'] ?? 60);
/** A chain grows with every round; a fresh one keeps each start quick. */
const killsOfAChain = 30;
const tills = 16;
const readyMsMax = 5_000;
const silenceMsMax = 20_000;

interface Tally {
  kills: number;
  early: number;
  readyMs: number;
  events: number;
  rebuilt: number;
}

interface Round {
  readonly script: string;
  readonly folder: string;
  readonly round: number;
  readonly seed: number;
  /** Neither killed nor written to: the last look at a chain. */
  readonly isLast: boolean;
}

async function recordLook(worker: Worker, round: Round, tally: Tally): Promise<void> {
  const report = await worker.hear(silenceMsMax);
  if (typeof report === 'string' || report.state !== 'looked') {
    throw new Error(`round ${round.round}: ${typeof report === 'string' ? report : report.state}`);
  }
  expect(report.problems, `round ${round.round}, ${round.folder}`).toEqual([]);
  tally.readyMs = Math.max(tally.readyMs, report.readyMs);
  tally.events = Math.max(tally.events, report.events);
  if (report.notices.some((notice) => notice.startsWith('counting everything'))) tally.rebuilt += 1;
}

/** One process from its start to its violent end. */
async function runRound(round: Round, chance: Chance, tally: Tally): Promise<void> {
  const worker = new Worker({ script: round.script });
  try {
    const isThorough = round.isLast || round.round % 10 === 9;
    const task = { folder: round.folder, round: round.round, seed: round.seed, tills, isThorough };
    const kind = round.isLast ? 'look' : 'live';
    worker.give({ ...task, kind, operationsMax: Number.MAX_SAFE_INTEGER });
    const opening = await worker.hear(silenceMsMax);
    expect(opening, `round ${round.round}`).toEqual({ state: 'opening' });
    // Some die while they still open, recover or look: a crash in the recovery of a crash.
    const isEarly = !round.isLast && round.round > 0 && chance.happens(0.15);
    if (!isEarly) await recordLook(worker, round, tally);
    if (round.isLast) return;
    await setTimeout(isEarly ? chance.integer(150) : 10 + chance.integer(200));
    await endRound(worker, round, tally);
    if (isEarly) tally.early += 1;
  } finally {
    await worker.kill();
  }
}

/**
 * Whatever the process still said before it was killed is checked too; ending by itself is a
 * failure.
 */
async function endRound(worker: Worker, round: Round, tally: Tally): Promise<void> {
  const diedByItself = !worker.isAlive;
  await worker.kill();
  tally.kills += 1;
  let report = await worker.hear(0);
  for (; typeof report !== 'string'; report = await worker.hear(0)) {
    expect(report.state, `round ${round.round}`).toBe('looked');
    if (report.state === 'looked') expect(report.problems, `round ${round.round}`).toEqual([]);
  }
  expect(diedByItself, `round ${round.round} ended by itself: ${report}`).toBe(false);
}

test(`${kills} kills at random moments lose nothing and leave nothing by half`, {
  timeout: 60_000 + kills * 3_000,
}, async () => {
  const seed = seedOfRun();
  console.log(`kill storm: STORM_SEED=${seed} STORM_KILLS=${kills}`);
  const chance = chanceOf(seed);
  const home = await makeDiskFolder('kill-storm');
  const script = compileWorker(join(home.path, 'code'));
  const tally: Tally = { kills: 0, early: 0, readyMs: 0, events: 0, rebuilt: 0 };
  for (let chain = 0; tally.kills < kills; chain++) {
    const folder = join(home.path, `chain-${chain}`);
    mkdirSync(folder);
    const rounds = Math.min(killsOfAChain, kills - tally.kills);
    for (let round = 0; round <= rounds; round++) {
      const roundSeed = chance.integer(2 ** 31);
      await runRound(
        { script, folder, round, seed: roundSeed, isLast: round === rounds },
        chance,
        tally,
      );
    }
  }
  console.log(`kill storm: ${JSON.stringify(tally)}`);
  expect(tally.kills).toBe(kills);
  expect(tally.events).toBeGreaterThan(1_000);
  expect(tally.readyMs).toBeLessThan(readyMsMax);
  // Kept when a check failed, to be looked into.
  await home.remove();
});

test('a look at a folder finds what was promised and is not there', async () => {
  await withDiskFolder(async (home) => {
    const script = compileWorker(join(home, 'code'));
    const folder = join(home, 'chain');
    mkdirSync(folder);
    const purchase = { purchaseId: 'promised', occurredAt: '2026-05-01T00:00:00Z', channel: 'pos' };
    const lines = [{ itemId: 'milk', quantity: 1 }];
    const operation = { kind: 'purchase', purchase: { ...purchase, lines, memberId: 'ann' } };
    const output = [
      { sent: 'a', operation },
      { answered: 'a', answer: { status: 'created', watermark: '1' } },
      { sent: 'b', operation: { kind: 'erase', memberId: 'bob' } },
      { answered: 'b', answer: { status: 'created', watermark: '2' } },
    ];
    writeFileSync(
      join(folder, 'journal'),
      output.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    const worker = new Worker({ script });
    try {
      const task = { folder, round: 0, seed: 1, tills, operationsMax: 0, isThorough: true };
      worker.give({ ...task, kind: 'look' });
      expect(await worker.hear(silenceMsMax)).toEqual({ state: 'opening' });
      expect(await worker.hear(silenceMsMax)).toMatchObject({
        problems: [
          'erased member bob is accepted again',
          'promised was created at 1: lost',
          'a stands at 1, past 0',
          'b stands at 2, past 0',
          'a (purchase): created 1, not duplicate 1',
        ],
      });
    } finally {
      await worker.kill();
    }
  }, 'kill-storm');
});
