// Lists over HTTP beside a bare Hono server that returns the same bytes: closed loop by autocannon,
// open loop at fixed rates, in rounds that alternate.
import type { ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { openEngine, type RecommendReply, recommendRequestSchema } from '../engine/index.ts';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import type { BareJob } from './load/bare.ts';
import type { CannonAnswer, CannonJob } from './load/cannon.ts';
import { listPath, members } from './load/demand.ts';
import type { OpenAnswer, OpenJob } from './load/open-loop.ts';
import { askProcess, processorMs, startProgram, startServer } from './load/process.ts';

const listItems = 20;
const membersAsked = 500;
const rounds = 3;
const secondsPerRound = 2;
const connectionCounts = [1, 8, 64];
const fixedRates = [1_000, 4_000];
const secondsPerRate = 4;
const settlingMsMax = 60_000;
const ratioMin = 0.45;
const perSecondMin = 12_000;

interface Target {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
}

/** What the engine itself answers, so that what comes over the wire can be checked. */
async function expectedLists(folder: string): Promise<Map<string, RecommendReply>> {
  const engine = await openEngine({ dataDir: folder });
  await engine.upkeep.settle();
  const lists = new Map<string, RecommendReply>();
  for (const memberId of members(membersAsked)) {
    const request = recommendRequestSchema.parse({ memberId, limit: listItems });
    lists.set(memberId, engine.lists.recommend(request));
  }
  await engine.close();
  return lists;
}

/** What is the same each time: the id is new, and new items take turns in their places. */
function steadyPart({ recommendationId: _, ...list }: RecommendReply): object {
  const isTurn = ({ reasons }: RecommendReply['items'][number]) => reasons[0]?.type === 'new_item';
  return JSON.parse(
    JSON.stringify({ ...list, items: list.items.map((item) => (isTurn(item) ? 'new' : item)) }),
  );
}

/** The bytes that each member is answered, each compared with what the engine says. */
async function checkedBodies(url: string, lists: ReadonlyMap<string, RecommendReply>) {
  const bodies = new Map<string, string>();
  const endsAt = performance.now() + settlingMsMax;
  for (const [memberId, expected] of lists) {
    let body = await checkedBody(url, memberId, expected);
    // A server that has just begun finds what is alike when nothing is asked.
    while (body === undefined && performance.now() < endsAt) {
      await setTimeout(100);
      body = await checkedBody(url, memberId, expected);
    }
    if (body === undefined) {
      throw new Error(`${memberId} was answered another list than the engine makes`);
    }
    bodies.set(memberId, body);
  }
  return bodies;
}

/** What a member is answered; undefined when it is not what is expected. */
async function checkedBody(url: string, memberId: string, expected: RecommendReply) {
  const body = await (await fetch(url + listPath(memberId))).text();
  const list = JSON.parse(body) as RecommendReply;
  const isWhole = list.items.length === listItems && list.recommendationId.length === 36;
  return isWhole && isDeepStrictEqual(steadyPart(list), steadyPart(expected)) ? body : undefined;
}

type Asking = Pick<CannonJob, 'paths' | 'bodyBytes'>;

async function closedLoop(
  targets: readonly Target[],
  asking: Asking,
  connections: number,
  record: RecordRow,
): Promise<{ readonly perSecond: number; readonly ratio: number }> {
  const rates: number[][] = targets.map(() => []);
  const processor: number[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { url, child }] of targets.entries()) {
      const before = processorMs(child);
      const job: CannonJob = { url, connections, seconds: secondsPerRound, ...asking };
      const { answered, seconds } = await askProcess<CannonAnswer>('cannon.js', job);
      rates[index]!.push(answered / seconds);
      processor[index]!.push(((processorMs(child) - before) * 1_000) / answered);
    }
  }
  const [ours, bare] = rates as [number[], number[]];
  const isHighest = connections === connectionCounts.at(-1);
  record({
    name: `closed loop, ${connections} connections`,
    unit: 'req/s',
    samples: ours,
    limit: { name: 'bare Hono', samples: bare },
    bars: isHighest
      ? [
          { of: 'ratio', atLeast: ratioMin },
          { of: 'median', atLeast: perSecondMin },
        ]
      : [],
  });
  record({
    name: `processor of the server, ${connections} connections`,
    unit: 'µs/req',
    samples: processor[0]!,
    limit: { name: 'bare Hono', samples: processor[1]! },
  });
  const [mine, limit] = [figuresOf(ours).median, figuresOf(bare).median];
  return { perSecond: mine, ratio: mine / limit };
}

async function openLoop(
  targets: readonly Target[],
  asking: Asking,
  perSecond: number,
  record: RecordRow,
): Promise<void> {
  const latencies: number[][] = [];
  for (const { url, name } of targets) {
    const job: OpenJob = {
      url,
      seconds: secondsPerRate,
      streams: [{ name: 'lists', paths: asking.paths, perSecond, connectionsMax: 64 }],
    };
    const { streams } = await askProcess<OpenAnswer>('open-loop.js', job);
    const { ok, failed, unsent } = streams[0]!;
    if (failed > 0 || unsent > 0) throw new Error(`${name}: ${failed} failed, ${unsent} unsent`);
    latencies.push([...ok]);
  }
  record({
    name: `open loop, ${perSecond}/s`,
    unit: 'ms',
    samples: latencies[0]!,
    limit: { name: 'bare Hono', samples: latencies[1]! },
  });
}

export async function benchHttp(record: RecordRow): Promise<string> {
  const scratch = scratchFolder();
  const folder = `${scratch.path}/data`;
  try {
    await seededChain(folder);
    const lists = await expectedLists(folder);
    const program = await startProgram(folder);
    const bodies = await checkedBodies(program.url, lists).catch(async (error: unknown) => {
      await program.stop();
      throw error;
    });
    const bareJob: BareJob = { bodies };
    const bare = await startServer<string>('bare.js', bareJob);
    const targets: Target[] = [
      { name: 'caini', url: program.url, child: program.child },
      { name: 'bare', url: bare.answer, child: bare.child },
    ];
    const asking: Asking = {
      paths: [...bodies.keys()].map(listPath),
      bodyBytes: [...bodies.values()].map((body) => Buffer.byteLength(body)),
    };
    try {
      const figuresText: string[] = [];
      for (const connections of connectionCounts) {
        const { perSecond, ratio } = await closedLoop(targets, asking, connections, record);
        figuresText.push(
          `${connections}: ${rounded(perSecond)} req/s (${ratio.toFixed(2)} of bare)`,
        );
      }
      for (const rate of fixedRates) await openLoop(targets, asking, rate, record);
      return `http ${figuresText.join('  ')}`;
    } finally {
      await program.stop();
      await bare.stop();
    }
  } finally {
    scratch.remove();
  }
}
