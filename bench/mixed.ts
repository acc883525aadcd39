// Reads while receipts come in: 2,000 lists a second with 500 receipts a second, beside the same
// lists alone, in rounds that alternate on one server.
import { join } from 'node:path';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { lateReceipts, listStream, receiptStream } from './load/demand.ts';
import type { OpenAnswer, OpenJob, StreamAnswer } from './load/open-loop.ts';
import { askProcess, startProgram } from './load/process.ts';

const readsPerSecond = 2_000;
const receiptsPerSecond = 500;
const rounds = 5;
const seconds = 3;
const warmUpSeconds = 1;
const ratioMax = 1.5;

async function round(url: string, streams: OpenJob['streams']): Promise<readonly StreamAnswer[]> {
  const job: OpenJob = { url, seconds, warmUpSeconds, streams };
  const answer = await askProcess<OpenAnswer>('open-loop.js', job);
  for (const { name, failed, unsent, shed } of answer.streams) {
    if (failed + unsent + shed.length === 0) continue;
    throw new Error(`${name}: ${failed} failed, ${unsent} unsent, ${shed.length} refused`);
  }
  return answer.streams;
}

export async function benchMixed(record: RecordRow): Promise<string> {
  const scratch = scratchFolder();
  try {
    await seededChain(join(scratch.path, 'data'));
    const program = await startProgram(join(scratch.path, 'data'));
    const lists = listStream(readsPerSecond);
    const [alone, mixed, writes]: [number[], number[], number[]] = [[], [], []];
    // The p99 of each round: of all rounds together, the noise of one would be the p99.
    const p99s: { alone: number[]; mixed: number[] } = { alone: [], mixed: [] };
    try {
      for (let index = 0; index < rounds; index++) {
        const [reads] = await round(program.url, [lists]);
        const count = receiptsPerSecond * (seconds + warmUpSeconds);
        const receipts = receiptStream(receiptsPerSecond, lateReceipts(count, 60 + index));
        const [readsToo, written] = await round(program.url, [lists, receipts]);
        alone.push(...reads!.ok);
        mixed.push(...readsToo!.ok);
        writes.push(...written!.ok);
        p99s.alone.push(figuresOf([...reads!.ok]).p99);
        p99s.mixed.push(figuresOf([...readsToo!.ok]).p99);
      }
    } finally {
      await program.stop();
    }
    const name = `${readsPerSecond} reads/s`;
    const limitName = 'reads alone';
    const limit = { name: limitName, samples: alone };
    record({ name, unit: 'ms', samples: mixed, limit, compared: 'p99' });
    record({
      name: `p99 of each round, ${name}`,
      unit: 'ms',
      samples: p99s.mixed,
      limit: { name: limitName, samples: p99s.alone },
      bars: [{ of: 'ratio', atMost: ratioMax }],
    });
    record({ name: `${receiptsPerSecond} receipts/s beside them`, unit: 'ms', samples: writes });
    const [with_, without] = [figuresOf(p99s.mixed).median, figuresOf(p99s.alone).median];
    const ratio = (with_ / without).toFixed(2);
    return `mixed reads p99 ${rounded(with_)} ms  alone ${rounded(without)} ms  ratio ${ratio}`;
  } finally {
    scratch.remove();
  }
}
