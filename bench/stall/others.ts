// What others wait for their lists while something is done to a card of 20,000 receipts, beside
// what they wait just before, when nothing is.
import { Agent, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { type RecordRow, ratioOf, rounded } from '../figures.ts';
import { startProgram } from '../load/process.ts';
import { actionsOn } from './actions.ts';
import { createCaller } from './caller.ts';
import type { StallSize } from './chain.ts';

const perSecond = 250;
const alongMs = 4_000;
const socketsMax = 16;
/** Their p99 may become so many times as long. */
const ratioMax = 2;

interface Asked {
  readonly dueMs: number;
  readonly waitedMs: number;
}

/** Asks for a list at fixed moments, whether answers come or not: latency counts from when due. */
function startReading(url: string, { members }: StallSize): { stop(): Promise<readonly Asked[]> } {
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax });
  const asked: Promise<Asked>[] = [];
  const beganMs = performance.now();
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const due = ((performance.now() - beganMs) / 1_000) * perSecond;
      while (asked.length < due) {
        const dueMs = beganMs + (asked.length / perSecond) * 1_000;
        const path = `/v1/members/member-${(asked.length * 7_919) % members}/recommendations`;
        asked.push(ask(`${url}${path}?limit=20`, agent, dueMs));
      }
      await setTimeout(1);
    }
    const all = await Promise.all(asked);
    agent.destroy();
    return all;
  })();
  return {
    stop() {
      isOver = true;
      return asking;
    },
  };
}

function ask(url: string, agent: Agent, dueMs: number): Promise<Asked> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const end = () => resolve({ dueMs, waitedMs: performance.now() - dueMs });
      if (response.statusCode === 200) response.resume().once('end', end);
      else reject(new Error(`GET ${url}: ${response.statusCode}`));
    }).once('error', reject);
  });
}

/** What was waited for while `work` ran. */
async function waitedDuring(
  url: string,
  size: StallSize,
  work: () => Promise<unknown>,
): Promise<number[]> {
  const reading = startReading(url, size);
  // Connections are opened first.
  await setTimeout(200);
  const beganMs = performance.now();
  await work();
  const endedMs = performance.now();
  const isDuring = ({ dueMs }: Asked) => dueMs >= beganMs && dueMs <= endedMs;
  return (await reading.stop()).filter(isDuring).map(({ waitedMs }) => waitedMs);
}

/** On a chain that it changes. */
export async function measureOthers(
  folder: string,
  size: StallSize,
  record: RecordRow,
): Promise<string> {
  const program = await startProgram(folder);
  const caller = createCaller(program);
  const rest = () => waitedDuring(program.url, size, () => setTimeout(alongMs));
  const words: string[] = [];
  try {
    // What runs after a start, and what has never run before, is no part of it.
    await rest();
    for (const { name, rounds, run } of actionsOn(size)) {
      if (!name.includes('card of') || name.startsWith('lists')) continue;
      const alone = await rest();
      const samples = await waitedDuring(program.url, size, async () => {
        const endMs = performance.now() + alongMs;
        let round = 0;
        do await run(caller, round++);
        while (round !== rounds && performance.now() < endMs);
      });
      const limit = { name: 'before it', samples: alone };
      const row = { name: `others' lists: ${name}`, unit: 'ms', samples, limit } as const;
      record({ ...row, compared: 'p99', bars: [{ of: 'ratio', atMost: ratioMax }] });
      words.push(`${name} ${rounded(ratioOf({ ...row, compared: 'p99' })!)}`);
    }
  } finally {
    caller.close();
    await program.stop();
  }
  return `others' p99 beside what it was before: ${words.join(', ')}`;
}
