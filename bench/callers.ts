// Lists of who may ask, beside a flood of who may not: of unknown keys, and of a key that asks more
// often than it may.
import { spawnSync } from 'node:child_process';
import type { RecordRow } from './figures.ts';
import { figuresOf, rounded } from './figures.ts';
import { listStream } from './load/demand.ts';
import type { OpenAnswer, OpenJob, OpenStream, StreamAnswer } from './load/open-loop.ts';
import { askProcess, programWords, startProgram } from './load/process.ts';

const seconds = 3;
const warmUpSeconds = 1;
const listsPerSecond = 500;
const refusedPerSecond = 1_000;
/** What a flood of refused requests may make of the last percentile. */
const ratioMax = 1.5;

/** Over a folder that holds a chain; makes keys there, which lock it. */
export async function measureCallers(dataDir: string, record: RecordRow): Promise<string> {
  const honest = makeKey(dataDir, '--name', 'honest', '--scopes', 'read');
  const limited = makeKey(dataDir, '--name', 'limited', '--scopes', 'read', '--rate', '1');
  const program = await startProgram(dataDir);
  try {
    const lists = { ...listStream(listsPerSecond), key: honest };
    const flood = (key: string): OpenStream => ({ ...listStream(refusedPerSecond), key });
    const floods = {
      'unknown keys': flood(`${honest.slice(0, -4)}AAAA`),
      'a key beyond its rate': flood(limited),
    };
    const words: string[] = [];
    // Code that has hardly run is slow, and would make the flood look harmless.
    await ask(program.url, lists);
    for (const [name, stream] of Object.entries(floods)) {
      const alone = await ask(program.url, lists);
      const beside = await besideFlood(program.url, lists, stream);
      record({
        name: `${listsPerSecond} lists/s beside ${refusedPerSecond}/s of ${name}`,
        unit: 'ms',
        samples: [...beside.ok],
        limit: { name: 'alone', samples: [...alone.ok] },
        compared: 'p99',
        bars: [{ of: 'ratio', atMost: ratioMax }],
      });
      const [was, is] = [alone, beside].map(({ ok }) => rounded(figuresOf([...ok]).p99));
      words.push(`beside ${name}: p99 ${was} -> ${is} ms`);
    }
    return words.join('  ');
  } finally {
    await program.stop();
  }
}

/** As its holder would get it: the text alone is on stdout. */
function makeKey(dataDir: string, ...options: string[]): string {
  const words = [...programWords, 'keys', 'create', '--data-dir', dataDir, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`no key was made: ${stderr}`);
  return stdout.trim();
}

async function ask(url: string, lists: OpenStream): Promise<StreamAnswer> {
  const job: OpenJob = { url, seconds, warmUpSeconds, streams: [lists] };
  const { streams } = await askProcess<OpenAnswer>('open-loop.js', job);
  const [answer] = streams as [StreamAnswer];
  if (answer.failed > 0 || answer.ok.length === 0) {
    throw new Error(`${answer.failed} of ${answer.ok.length} lists failed`);
  }
  return answer;
}

/** From a process of its own: what floods must not make the other late. */
async function besideFlood(url: string, lists: OpenStream, flood: OpenStream) {
  const job: OpenJob = { url, seconds: seconds + 2 * warmUpSeconds, streams: [flood] };
  const flooding = askProcess<OpenAnswer>('open-loop.js', job);
  const answer = await ask(url, lists);
  const [refused] = (await flooding).streams as [StreamAnswer];
  if (refused.failed < refusedPerSecond) {
    throw new Error(`only ${refused.failed} requests of the flood were refused`);
  }
  return answer;
}
