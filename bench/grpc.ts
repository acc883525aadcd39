// Lists by single gRPC calls under h2load, beside a bare grpc-js server that gives the same bytes
// back, in rounds that alternate.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { RecommendForBasketRequest } from '#proto/caini/v1/checkout.js';
import {
  Daypart,
  RecommendForMemberRequest,
  RecommendResponse,
  Scenario,
} from '#proto/caini/v1/recommendation.js';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import type { BareGrpcJob } from './load/bare-grpc.ts';
import { processorMs, startProgram, startServer } from './load/process.ts';
import { defaultWorkload, itemIdAt } from './workload.ts';

const rounds = 5;
const calls = 20_000;
const connections = 4;
const streamsPerConnection = 20;
const ratioMin = 0.5;

interface Question {
  readonly name: string;
  readonly path: string;
  readonly request: Buffer;
  readonly items: number;
}

function questions(): Question[] {
  const ids = [3, 8].map((rank) => ({ itemId: itemIdAt(rank, defaultWorkload) }));
  const basket = { basket: ids, exclude: [], limit: 3 };
  const member = {
    memberId: 'member-2919',
    limit: 20,
    exclude: [],
    scenario: Scenario.SCENARIO_GUESS_YOU_LIKE,
    daypart: Daypart.DAYPART_UNSPECIFIED,
  };
  return [
    {
      name: 'a member’s list, 20 items',
      path: '/caini.v1.RecommendationService/RecommendForMember',
      request: Buffer.from(RecommendForMemberRequest.encode(member).finish()),
      items: member.limit,
    },
    {
      name: 'basket add-on, 3 items',
      path: '/caini.v1.CheckoutService/RecommendForBasket',
      request: Buffer.from(RecommendForBasketRequest.encode(basket).finish()),
      items: basket.limit,
    },
  ];
}

const identity = (bytes: Buffer): Buffer => bytes;

function call(client: Client, { path, request, items, name }: Question): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, request, (error, reply) => {
      if (error) reject(error);
      else if (RecommendResponse.decode(reply!).items.length === items) resolve(reply!);
      else reject(new Error(`${name}: the list is not full`));
    });
  });
}

interface Target {
  readonly address: string;
  readonly child: ChildProcess;
}

interface Load {
  readonly perSecond: number;
  /** Of the server, for each call. */
  readonly processorUs: number;
}

/** Throws when not every call was answered, or with other bytes than were expected. */
async function load(target: Target, path: string, body: string): Promise<Load> {
  const options = ['-n', calls, '-c', connections, '-m', streamsPerConnection].map(String);
  const headers = ['content-type: application/grpc', 'te: trailers'].flatMap((h) => ['-H', h]);
  const before = processorMs(target.child);
  const url = `http://${target.address}${path}`;
  const child = spawn('h2load', [...options, ...headers, '-d', body, url]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += String(text);
  });
  await once(child, 'close');
  const succeeded = Number(/(\d+) succeeded/.exec(output)?.[1]);
  if (succeeded !== calls) throw new Error(`h2load: ${succeeded} of ${calls} succeeded`);
  return {
    perSecond: Number(/([\d.]+) req\/s/.exec(output)?.[1]),
    processorUs: ((processorMs(target.child) - before) * 1_000) / calls,
  };
}

async function measure(
  targets: readonly [Target, Target],
  { name, path, request }: Question,
  folder: string,
  record: RecordRow,
): Promise<string> {
  const body = join(folder, 'request.grpc');
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(request.length, 1);
  writeFileSync(body, Buffer.concat([frame, request]));
  const [ours, bare]: [Load[], Load[]] = [[], []];
  // The compiler's work belongs to no round.
  for (const target of targets) await load(target, path, body);
  for (let round = 0; round < rounds; round++) {
    ours.push(await load(targets[0], path, body));
    bare.push(await load(targets[1], path, body));
  }
  const rates = (loads: readonly Load[]) => loads.map(({ perSecond }) => perSecond);
  const costs = (loads: readonly Load[]) => loads.map(({ processorUs }) => processorUs);
  const limitName = 'bare grpc-js';
  record({
    name,
    unit: 'calls/s',
    samples: rates(ours),
    limit: { name: limitName, samples: rates(bare) },
    bars: [{ of: 'ratio', atLeast: ratioMin }],
  });
  record({
    name: `${name}, processor of the server`,
    unit: 'µs/call',
    samples: costs(ours),
    limit: { name: limitName, samples: costs(bare) },
  });
  const [mine, limit] = [figuresOf(rates(ours)).median, figuresOf(rates(bare)).median];
  return `${name}: ${rounded(mine)} calls/s (${(mine / limit).toFixed(2)} of bare)`;
}

export async function benchGrpc(record: RecordRow): Promise<string> {
  if (spawnSync('h2load', ['--version']).error) {
    return 'grpc is not measured: h2load is not installed (Debian package nghttp2-client)';
  }
  const scratch = scratchFolder();
  try {
    await seededChain(`${scratch.path}/data`);
    const program = await startProgram(`${scratch.path}/data`);
    const address = program.grpcAddress!;
    const client = new Client(address, credentials.createInsecure());
    const replies = new Map<string, Uint8Array>();
    for (const question of questions()) {
      replies.set(question.path, await call(client, question));
    }
    client.close();
    const job: BareGrpcJob = { replies };
    const bare = await startServer<string>('bare-grpc.js', job);
    const targets = [
      { address, child: program.child },
      { address: bare.answer, child: bare.child },
    ] as const;
    try {
      const figuresText: string[] = [];
      for (const question of questions()) {
        figuresText.push(await measure([...targets], question, scratch.path, record));
      }
      return `grpc ${figuresText.join('  ')}`;
    } finally {
      await program.stop();
      await bare.stop();
    }
  } finally {
    scratch.remove();
  }
}
