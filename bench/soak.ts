// Ten minutes of load: reads and receipts at fixed rates, and whether the server's memory grows.
// `npm run bench -- soak [seconds]`; not part of the suite, which is to take ten minutes in all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { lateReceipts, listStream, receiptStream } from './load/demand.ts';
import type { OpenAnswer, OpenJob } from './load/open-loop.ts';
import { askProcess, type Program, startProgram } from './load/process.ts';

const secondsDefault = 600;
const roundSeconds = 10;
const readsPerSecond = 1_000;
const receiptsPerSecond = 50;
/** Requests may add nothing; receipts add cells to the counts, which are taken off. */
const growthMax = 1.1;

/** Megabytes that the process holds, without what of the data file lies in the page cache. */
function privateMegabytes({ child }: Program): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

/** Of it, what the counts have in use. */
async function countedMegabytes({ url }: Program): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^caini_counts_bytes (\d+)$/m.exec(metrics)?.[1]) / 1_048_576;
}

export async function benchSoak(record: RecordRow): Promise<string> {
  const seconds = Number(process.argv[3] ?? secondsDefault);
  const scratch = scratchFolder();
  try {
    await seededChain(join(scratch.path, 'data'));
    const program = await startProgram(join(scratch.path, 'data'));
    const megabytes: number[] = [];
    const counted: number[] = [];
    const p99s: number[] = [];
    let answered = 0;
    try {
      const roundCount = Math.max(4, Math.ceil(seconds / roundSeconds));
      for (let round = 0; round < roundCount; round++) {
        const bodies = lateReceipts(receiptsPerSecond * roundSeconds, 1_000 + round);
        const streams = [listStream(readsPerSecond), receiptStream(receiptsPerSecond, bodies)];
        const job: OpenJob = { url: program.url, seconds: roundSeconds, warmUpSeconds: 0, streams };
        const { streams: answers } = await askProcess<OpenAnswer>('open-loop.js', job);
        for (const { name, failed, ok } of answers) {
          if (failed > 0) throw new Error(`${failed} ${name} failed`);
          answered += ok.length;
        }
        counted.push(await countedMegabytes(program));
        megabytes.push(privateMegabytes(program) - counted.at(-1)!);
        p99s.push(figuresOf([...answers[0]!.ok]).p99);
        const figuresText = [megabytes, counted].map((each) => rounded(each.at(-1)!));
        console.log(
          `${round + 1}/${roundCount}: ${figuresText[0]} MB beside ${figuresText[1]} MB of counts`,
        );
      }
    } finally {
      await program.stop();
    }
    // The first quarter is the warming up: code is compiled, and the collector finds its measure.
    const quarter = Math.ceil(megabytes.length / 4);
    record({
      name: 'memory without the counts, last quarter',
      unit: 'MB',
      samples: megabytes.slice(-quarter),
      limit: { name: 'of the second quarter', samples: megabytes.slice(quarter, 2 * quarter) },
      bars: [{ of: 'ratio', atMost: growthMax }],
    });
    record({ name: 'p99 of each ten seconds', unit: 'ms', samples: p99s });
    const [early, last] = [rounded(megabytes[quarter]!), rounded(megabytes.at(-1)!)];
    return `soak ${answered} answers  memory ${early} MB, at the end ${last} MB`;
  } finally {
    scratch.remove();
  }
}
