// What a hostile test plays on: the doors in a process of their own, and honest clients who are to
// be served all the while.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { Turns } from '../../bench/turns.ts';
import type { ListenOptions as GrpcOptions } from '../../server/grpc/listen.ts';
import type { ListenOptions as HttpOptions } from '../../server/http/listen.ts';
import { makeTemporaryFolder } from '../support/folders.ts';
import { ask, newClient } from '../support/till.ts';

/** `HOSTILE_LONG=1`: the limits of time as they are, more of everything, and for longer. */
export const isLong = process.env['HOSTILE_LONG'] === '1';

/** So many here, and so many when there is time. */
export const many = (few: number, long: number): number => (isLong ? long : few);

export interface Memory {
  readonly rss: number;
  /** In use by JavaScript after a collection, buffers included. */
  readonly held: number;
  readonly sessions: number;
  readonly openCalls: number;
}

export interface Stage {
  readonly http: string;
  readonly grpc: string;
  memory(): Promise<Memory>;
  /** The most that one turn of the event loop has computed while `work` went on, in ms. */
  longestTurn(work: () => Promise<unknown>): Promise<number>;
  /** Of what was cut, by reason, over both doors. */
  cuts(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

interface StageOptions {
  readonly http?: Partial<Pick<HttpOptions, 'limits' | 'timing'>>;
  readonly grpc?: Partial<Pick<GrpcOptions, 'limits' | 'timing'>>;
}

/** A tenth of the time that is given in truth, so that a test can see it pass. */
const shortTiming = {
  lookEveryMs: 100,
  headMsMax: 1_000,
  requestMsMax: 2_000,
  connectMsMax: 1_000,
  unreadMsMax: 1_500,
  unreadBytesPerMs: 1_000,
};

export async function openStage({ http, grpc }: StageOptions = {}): Promise<Stage> {
  const folder = await makeTemporaryFolder('hostile');
  const timing = isLong ? {} : shortTiming;
  const task = {
    dataDir: folder.path,
    http: { ...http, timing: { ...timing, ...http?.timing } },
    grpc: { ...grpc, timing: { ...timing, ...grpc?.timing } },
  };
  const script = join(import.meta.dirname, 'doors-child.mjs');
  // The clock of turns is marked as experimental.
  const env = { ...process.env, NODE_NO_WARNINGS: '1' };
  const child = fork(script, [JSON.stringify(task)], { execArgv: ['--expose-gc'], env });
  const urls = (await received(child)) as { http: string; grpc: string };
  return {
    ...urls,
    async memory() {
      child.send('memory');
      return (await received(child)) as Memory;
    },
    async longestTurn(work) {
      child.send('watch');
      await received(child);
      await work();
      child.send('turns');
      return ((await received(child)) as Turns).processorMax;
    },
    async cuts() {
      const text = await (await fetch(`${urls.http}/metrics`)).text();
      const reported = text.matchAll(/caini_cut_total\{door="\w+",reason="(\w+)"\} (\d+)/g);
      return Object.fromEntries([...reported].map(([, reason, count]) => [reason, Number(count)]));
    },
    async close() {
      child.send('stop');
      const hang = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await once(child, 'exit');
      clearTimeout(hang);
      await folder.remove();
    },
  };
}

/**
 * No turn may compute for so long, in ms. The aim is 5 (`npm run bench -- stall` measures it); on a
 * machine that others use a turn computes two or three times as long, and what this is to find
 * takes hundreds.
 */
export const turnMsMax = 60;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request with a JSON body; without one it is a GET. */
export async function say(
  { http }: Stage,
  path: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = body === undefined ? {} : { headers, body: text };
  const response = await fetch(`${http}${path}`, { method, ...sent });
  return { status: response.status, text: await response.text() };
}

async function received(child: ChildProcess): Promise<unknown> {
  const died = new AbortController();
  const exit = once(child, 'exit', { signal: died.signal }).then(([code, signal]) => {
    throw new Error(`the server has died: ${signal ?? code}`);
  });
  exit.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, 'message'), exit])) as [unknown];
    return message;
  } finally {
    died.abort();
  }
}

export interface Honest {
  /** Resolves when each kind of question has been answered so often from now on. */
  servedMore(times: number): Promise<void>;
  /** What went wrong, in words. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/** Nobody waits for so long, however busy the machine is; the limits of time as they are last. */
const hangMs = isLong ? 180_000 : 60_000;

/** For `vi.waitFor`. */
export const hangs = { timeout: hangMs, interval: 50 };

type Kind = 'list' | 'receipt' | 'advice' | 'health';

/** Asks both doors again and again. */
export function beHonest({ http, grpc }: Stage): Honest {
  const served: Record<Kind, number> = { list: 0, receipt: 0, advice: 0, health: 0 };
  const failures: string[] = [];
  const lists = newClient(grpc, 'RecommendationService');
  const checkout = newClient(grpc, 'CheckoutService');
  let isStopped = false;
  let count = 0;
  const questions = {
    list: () => ask(lists, 'RecommendForMember', { memberId: 'ann' }),
    receipt: () => {
      count += 1;
      const lines = [{ itemId: 'milk', quantity: 1 }];
      const occurredAt = '2026-05-02T09:10:00+08:00';
      const body = JSON.stringify({ purchaseId: `honest-${count}`, occurredAt, lines });
      return answered(`${http}/v1/purchases`, body);
    },
    advice: () => adviceFor(checkout),
    health: () => answered(`${http}/healthz`),
  };
  const loops = Object.entries(questions).map(async ([name, question]) => {
    while (!isStopped) {
      try {
        await question();
        served[name as Kind] += 1;
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`);
      }
      await pause(20);
    }
  });
  return {
    async servedMore(times) {
      const before = { ...served };
      const least = () =>
        Math.min(...Object.entries(served).map(([name, now]) => now - before[name as Kind]));
      while (least() < times) await pause(10);
    },
    failures,
    async stop() {
      isStopped = true;
      await Promise.all(loops);
      lists.close();
      checkout.close();
    },
  };
}

/**
 * Each on a connection of its own: one that is kept and that this process, busy with its floods,
 * comes back to late has been closed meanwhile, as it should be.
 */
function answered(url: string, body?: string): Promise<void> {
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, method, headers }, (response) => {
      response.resume().on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode < 300) resolve();
        else reject(new Error(`answered ${statusCode}`));
      });
      response.on('error', reject);
    });
    asked.on('error', reject).end(body);
  });
}

/** One ticket of a till: a scan, and advice for it. */
function adviceFor(checkout: ReturnType<typeof newClient>): Promise<void> {
  const stream = checkout.ScanSession();
  stream.write({ open: { deadlineMs: 10_000 } });
  stream.write({ scan: { seq: 1, itemId: 'milk' } });
  return new Promise((resolve, reject) => {
    const hang = setTimeout(() => reject(new Error('heard nothing')), hangMs);
    stream.once('close', () => clearTimeout(hang));
    stream.once('error', reject);
    stream.once('data', ({ event }: { event: string }) => {
      stream.end();
      if (event === 'advice') resolve();
      else reject(new Error(`heard ${event}`));
    });
  });
}

/** A bare connection that reads nothing until it is asked to; `from` is its own address. */
export function dial(url: string, from?: string): Socket {
  const { hostname, port } = new URL(url.replace('grpc://', 'http://'));
  const socket = connect({
    host: hostname,
    port: Number(port),
    ...(from !== undefined && { localAddress: from }),
  });
  socket.pause();
  // Who is cut hears of it as an error.
  socket.on('error', () => {});
  return socket;
}

/** Resolves when all of them have ended. */
export async function allEnded(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
}

export const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/**
 * Holds when the server comes to hold no more than so many megabytes above what it held before.
 * What ended gives its memory back, though not all of it by the first collection.
 */
export async function memoryFreed(stage: Stage, before: Memory, most: number): Promise<void> {
  const kept = async () => megabytes((await stage.memory()).held - before.held);
  await vi.waitFor(async () => expect(await kept()).toBeLessThan(most), hangs);
}
