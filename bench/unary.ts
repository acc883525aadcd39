// One call at a time: RecommendForBasket under h2load, beside a bare grpc-js server that gives the
// same bytes back, in rounds that alternate.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, Server, ServerCredentials } from '@grpc/grpc-js';
import { RecommendForBasketRequest } from '#proto/caini/v1/checkout.js';
import { figuresOf, rounded, table } from './figures.ts';

const path = '/caini.v1.CheckoutService/RecommendForBasket';
const rounds = 5;
const requests = 20_000;
const connections = 4;
const streamsPerConnection = 20;

const identity = (bytes: Buffer): Buffer => bytes;

/** The line that sums it up; undefined where h2load (Debian's nghttp2-client) is not installed. */
export async function benchUnary(
  { address, client }: { readonly address: string; readonly client: Client },
  folder: string,
): Promise<string | undefined> {
  if (spawnSync('h2load', ['--version']).error) {
    console.log('unary calls are not measured: h2load is not installed (nghttp2-client)');
    return undefined;
  }
  const basket = ['hotpot-spicy', 'beef-roll'].map((itemId) => ({ itemId }));
  const message = { basket, exclude: [], limit: 3 };
  const request = Buffer.from(RecommendForBasketRequest.encode(message).finish());
  const reply = await call(client, request);
  const bare = await startBare(reply);
  const body = join(folder, 'request.grpc');
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(request.length, 1);
  writeFileSync(body, Buffer.concat([frame, request]));
  const rates = { caini: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.caini.push(await load(address, body));
    rates.bare.push(await load(bare.address, body));
  }
  bare.server.forceShutdown();
  return report(rates, reply.length);
}

function call(client: Client, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, request, (error, reply) =>
      error ? reject(error) : resolve(reply!),
    );
  });
}

async function startBare(reply: Buffer) {
  const server = new Server();
  const method = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  } as const;
  server.addService(
    { RecommendForBasket: method },
    { RecommendForBasket: (_: unknown, done: (e: null, r: Buffer) => void) => done(null, reply) },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { server, address: `127.0.0.1:${port}` };
}

/** Calls per second. Throws when not every call was answered. */
async function load(address: string, body: string): Promise<number> {
  const options = ['-n', requests, '-c', connections, '-m', streamsPerConnection].map(String);
  const headers = ['content-type: application/grpc', 'te: trailers'].flatMap((h) => ['-H', h]);
  const child = spawn('h2load', [...options, ...headers, '-d', body, `http://${address}${path}`]);
  let said = '';
  child.stdout.on('data', (text) => {
    said += String(text);
  });
  await once(child, 'close');
  const succeeded = Number(/(\d+) succeeded/.exec(said)?.[1]);
  if (succeeded !== requests) throw new Error(`h2load: ${succeeded} of ${requests} succeeded`);
  return Number(/([\d.]+) req\/s/.exec(said)?.[1]);
}

function report(rates: { readonly caini: number[]; readonly bare: number[] }, bytes: number) {
  const rows = Object.entries(rates).map(([name, each]) => {
    const { n, min, median } = figuresOf(each);
    return [name, ...[n, bytes].map(String), ...[min, median].map(rounded)];
  });
  console.log(table([['unary', 'rounds', 'reply bytes', 'min req/s', 'median req/s'], ...rows]));
  const [ours, theirs] = [figuresOf(rates.caini).median, figuresOf(rates.bare).median];
  return `unary ${rounded(ours)} req/s  bare ${rounded(theirs)}  ratio ${rounded(ours / theirs)}`;
}
