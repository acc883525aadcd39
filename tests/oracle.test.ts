// The first of the four proofs: after any sequence of events the engine equals a naive recount of
// the accepted ones, in every cell and in all seven lists, and still does after a restart.
// TEST_RUNS sets how many chains are tried: 1,500 in CI, 200 at the desk.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Engine, type Event, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { stepsOf } from './support/oracle/chain-steps.ts';
import { type Chain, chains } from './support/oracle/commands.ts';
import { countDifferences, listDifferences } from './support/oracle/compare.ts';
import { createOracle, type Oracle } from './support/oracle/oracle.ts';
import { clockMs } from './support/oracle/pools.ts';
import { questions } from './support/oracle/questions.ts';
import { trials } from './support/trials.ts';

const runs = Number(process.env['TEST_RUNS'] ?? (process.env['CI'] ? 1_500 : 200));
const commandsMax = 50;
/** Some 120 ms a chain, and as much again; shrinking a failure must end as well. */
const timeLimitMs = 60_000 + runs * 1_000;
/** One mistake makes many answers wrong; the first few tell it. */
const differencesShown = 12;
const timeZone = 'Asia/Shanghai';
const now = () => clockMs;

test(`${runs} random chains are counted and listed as by the oracle`, { timeout: 0 }, () =>
  // On failure fast-check prints the seed, the path and the smallest failing chain.
  fc.assert(
    fc.asyncProperty(chains(commandsMax), (chain) =>
      withTemporaryFolder((dataDir) => proveChain(chain, dataDir), 'oracle'),
    ),
    trials(runs, timeLimitMs),
  ),
);

async function proveChain(chain: Chain, dataDir: string): Promise<void> {
  const oracle = createOracle({ now, timeZone });
  const open = () => openEngine({ dataDir, clock: now, timeZone });
  let engine = await open();
  const reopen = async () => {
    await engine.close();
    engine = await open();
  };
  try {
    for (const [at, step] of stepsOf(chain).entries()) {
      if (step.kind === 'ingest') await feed(step.events, at, { engine, oracle });
      if (step.kind === 'checkpoint') await engine.upkeep.checkpoint();
      if (step.kind === 'reopen') await reopen();
      if (step.kind !== 'erase') continue;
      await engine.members.erase(step.memberId);
      oracle.erase(step.memberId);
    }
    await settled(engine, oracle);
    expect(differencesOf(engine, oracle)).toEqual([]);
    await reopen();
    await settled(engine, oracle);
    expect(differencesOf(engine, oracle)).toEqual([]);
  } finally {
    await engine.close();
  }
}

interface Pair {
  readonly engine: Engine;
  readonly oracle: Oracle;
}

/** Days of random chains are in no order that a clock could bear out. */
const trustsDays = true;

async function feed(events: readonly Event[], at: number, { engine, oracle }: Pair): Promise<void> {
  // Every other step sends single events within one turn: they share a transaction all the same.
  const results =
    at % 2 === 0
      ? await engine.writes.ingest(events, { trustsDays })
      : (
          await Promise.all(events.map((event) => engine.writes.ingest([event], { trustsDays })))
        ).flat();
  const expected = events.map((event) => oracle.accept(event));
  expect(results.map(answerOf)).toEqual(expected.map(answerOf));
}

function answerOf(answer: {
  readonly status: string;
  readonly parked?: boolean;
  readonly unmatchedQuantity?: number;
}): string {
  const { status, parked, unmatchedQuantity } = answer;
  return [status, parked ? 'parked' : '', unmatchedQuantity ?? 0].join(' ');
}

/** A crossed landmark and another role are recounted in the background; a checkpoint waits. */
async function settled(engine: Engine, oracle: Oracle): Promise<void> {
  const isMisread = engine.replication.digest() === '';
  if (isMisread || !isAtLandmark(engine, oracle)) await engine.upkeep.checkpoint();
}

function isAtLandmark(engine: Engine, oracle: Oracle): boolean {
  const { landmarkDay, popularityLandmarkDay } = engine.inspect.totals();
  const { decay, popularityDecay } = oracle.state();
  return landmarkDay === decay.landmarkDay && popularityLandmarkDay === popularityDecay.landmarkDay;
}

function differencesOf(engine: Engine, oracle: Oracle): string[] {
  const state = oracle.state();
  const counted = countDifferences(engine.inspect, state);
  // Lists over wrong counts would only repeat the news.
  if (counted.length > 0) return counted.slice(0, differencesShown);
  const listed = questions().flatMap((request) =>
    listDifferences(engine.lists.recommend(request), state, request),
  );
  return listed.slice(0, differencesShown);
}
