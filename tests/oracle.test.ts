// The first of the four proofs: after any sequence of events the engine equals a naive recount of
// the accepted ones, in every cell and in all seven lists, and still does after a restart.
// TEST_RUNS sets how many chains are tried.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Engine, type Event, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { batchesOf, type Chain, chains, clockMs } from './support/oracle/commands.ts';
import { countDifferences, listDifferences } from './support/oracle/compare.ts';
import { digestOf } from './support/oracle/digest.ts';
import { createOracle, type Oracle } from './support/oracle/oracle.ts';
import { questions } from './support/oracle/questions.ts';

const runs = Number(process.env['TEST_RUNS'] ?? 200);
const commandsMax = 50;
const timeZone = 'Asia/Shanghai';
const now = () => clockMs;

test(`${runs} random chains are counted and listed as by the oracle`, { timeout: 0 }, () =>
  // On failure fast-check prints the seed, the path and the smallest failing chain.
  fc.assert(
    fc.asyncProperty(chains(commandsMax), (chain) =>
      withTemporaryFolder((dataDir) => proveChain(chain, dataDir), 'oracle'),
    ),
    { numRuns: runs },
  ),
);

async function proveChain(chain: Chain, dataDir: string): Promise<void> {
  const oracle = createOracle({ now, timeZone });
  const engine = await openEngine({ dataDir, clock: now, timeZone });
  try {
    for (const [at, batch] of batchesOf(chain).entries()) await feed(batch, at, { engine, oracle });
    expect(differencesOf(engine, oracle)).toEqual([]);
  } finally {
    await engine.close();
  }
  const reopened = await openEngine({ dataDir, clock: now, timeZone });
  try {
    expect(reopened.inspect.digest()).toBe(digestOf(oracle.state().counts));
  } finally {
    await reopened.close();
  }
}

interface Pair {
  readonly engine: Engine;
  readonly oracle: Oracle;
}

async function feed(batch: readonly Event[], at: number, { engine, oracle }: Pair): Promise<void> {
  // Every other batch comes as single events within one turn: they share a transaction all the
  // same.
  const results =
    at % 2 === 0
      ? await engine.ingest(batch)
      : (await Promise.all(batch.map((event) => engine.ingest([event])))).flat();
  const expected = batch.map((event) => oracle.accept(event));
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

function differencesOf(engine: Engine, oracle: Oracle): string[] {
  const state = oracle.state();
  const counted = countDifferences(engine.inspect, state);
  // Lists over wrong counts would only repeat the news.
  if (counted.length > 0) return counted;
  return questions().flatMap((request) =>
    listDifferences(engine.recommend(request), state, request),
  );
}
