// Overload: what is served, refused and how late, at 2, 5 and 10 times what can be served, open
// loop, beside the peak of the same run; and what receipts beyond capacity do to lists.
import { join } from 'node:path';
import { measureCallers } from './callers.ts';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { healthStream, lateReceipts, listStream, receiptStream } from './load/demand.ts';
import type { OpenAnswer, OpenJob, OpenStream, StreamAnswer } from './load/open-loop.ts';
import { askProcess, startProgram } from './load/process.ts';

const seconds = 3;
const warmUpSeconds = 1;
const factors = [2, 5, 10];
/** More than can be waiting, so that nothing but the server bounds what is asked. */
const connectionsMax = 1_000;
const peakConnections = 64;
const unloadedShare = 0.3;
const patienceMs = 1_000;
const goodputMin = 0.8;
const latencyMax = 3;
const healthMsMax = 100;

interface Seen {
  readonly goodput: number;
  readonly main: StreamAnswer;
  readonly health: StreamAnswer;
}

async function ask(url: string, stream: OpenStream): Promise<Seen> {
  const streams = [stream, healthStream];
  const job: OpenJob = {
    url,
    seconds,
    warmUpSeconds,
    streams,
    patienceMs,
    latencyFrom: 'sent',
  };
  const answer = await askProcess<OpenAnswer>('open-loop.js', job);
  const [main, health] = answer.streams as [StreamAnswer, StreamAnswer];
  if (main.failed + main.withoutRetryAfter + health.failed + health.shed.length > 0) {
    const { failed, withoutRetryAfter } = main;
    throw new Error(`${failed} failed, ${withoutRetryAfter} without retry-after, or health did`);
  }
  return { goodput: main.ok.length / seconds, main, health };
}

interface Kind {
  readonly name: string;
  readonly stream: (perSecond: OpenStream['perSecond'], connections: number) => OpenStream;
}

function kinds(): Kind[] {
  let seed = 100;
  const count = 150_000;
  const bodies = lateReceipts(count, seed);
  const receipts: Kind['stream'] = (perSecond, connections) => {
    seed += 1;
    const fresh = bodies.map((body) => body.replace('receipt-100-', `receipt-${seed}-`));
    return receiptStream(perSecond, fresh, connections);
  };
  return [
    { name: 'lists', stream: listStream },
    { name: 'receipts', stream: receipts },
  ];
}

async function measure(url: string, { name, stream }: Kind, record: RecordRow): Promise<string> {
  const { goodput: peak } = await ask(url, stream('closed loop', peakConnections));
  const unloaded = await ask(url, stream(Math.round(peak * unloadedShare), connectionsMax));
  const figuresText: string[] = [];
  for (const factor of factors) {
    const perSecond = Math.round(peak * factor);
    const { goodput, main, health } = await ask(url, stream(perSecond, connectionsMax));
    const title = `${name}, ${factor} × capacity`;
    record({
      name: `${title}: goodput`,
      unit: 'req/s',
      samples: [goodput],
      limit: { name: 'peak', samples: [peak] },
      bars: [{ of: 'ratio', atLeast: goodputMin }],
    });
    record({
      name: `${title}: accepted`,
      unit: 'ms',
      samples: [...main.ok],
      limit: { name: 'unloaded', samples: [...unloaded.main.ok] },
      compared: 'p99',
      bars: [{ of: 'ratio', atMost: latencyMax }],
    });
    record({ name: `${title}: refused`, unit: 'ms', samples: [...main.shed] });
    record({
      name: `${title}: health`,
      unit: 'ms',
      samples: [...health.ok],
      bars: [{ of: 'p99', atMost: healthMsMax }],
    });
    const sent = (main.ok.length + main.shed.length) / seconds;
    record({ name: `${title}: sent, of ${perSecond}/s asked`, unit: 'req/s', samples: [sent] });
    record({ name: `${title}: generator late by`, unit: 'ms', samples: [...main.late] });
    const share = (goodput / peak).toFixed(2);
    const { p99 } = figuresOf([...main.ok]);
    figuresText.push(`${factor}×: ${rounded(goodput)}/s (${share}) p99 ${rounded(p99)} ms`);
  }
  return `${name} peak ${rounded(peak)}/s ${figuresText.join('  ')}`;
}

/** Lists must not pay for receipts that come faster than they can be counted. */
async function measureApart(url: string, receipts: Kind, record: RecordRow): Promise<void> {
  const lists = listStream(1_000);
  const alone = await ask(url, lists);
  const flood: OpenJob = {
    url,
    seconds: seconds + warmUpSeconds,
    warmUpSeconds: 0,
    streams: [receipts.stream('closed loop', connectionsMax)],
  };
  // From a process of its own: what floods must not make the other late.
  const ending = new AbortController();
  const flooding = askProcess<OpenAnswer>('open-loop.js', flood, ending.signal);
  const { main } = await ask(url, lists);
  ending.abort();
  await flooding;
  record({
    name: '1,000 lists/s beside 1,000 connections of receipts',
    unit: 'ms',
    samples: [...main.ok],
    limit: { name: 'alone', samples: [...alone.main.ok] },
    compared: 'p99',
  });
}

export async function benchOverload(record: RecordRow): Promise<string> {
  const scratch = scratchFolder();
  try {
    const folder = join(scratch.path, 'data');
    await seededChain(folder);
    const figuresText: string[] = [];
    const program = await startProgram(folder);
    try {
      const [lists, receipts] = kinds() as [Kind, Kind];
      for (const kind of [lists, receipts])
        figuresText.push(await measure(program.url, kind, record));
      await measureApart(program.url, receipts, record);
    } finally {
      await program.stop();
    }
    // Last: its keys lock the folder.
    figuresText.push(await measureCallers(folder, record));
    return `overload ${figuresText.join('  ')}`;
  } finally {
    scratch.remove();
  }
}
