// Processes beside the bench: the program as it is run, and load generators that get a job and
// answer once.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Turns } from '../turns.ts';

export interface Program {
  readonly child: ChildProcess;
  readonly url: string;
  /** Undefined when it was started without gRPC. */
  readonly grpcAddress: string | undefined;
  stop(): Promise<void>;
}

/** Seen from dist/bench/load/. */
const program = join(import.meta.dirname, '../../server/cli/main.js');
/** As its first line has them. */
const ownOptions = /^#!.* node (.*)$/m.exec(readFileSync(program, 'utf8'))?.[1]?.split(' ') ?? [];
/** For `--cpu-prof` and the like: given to the server that is measured. */
const nodeOptions = process.env['BENCH_SERVER_NODE_OPTIONS']?.split(' ') ?? [];

/** What Node is given to run the program as its users do. */
export const programWords: readonly string[] = [...ownOptions, ...nodeOptions, program];

/** `caini serve` on free ports, ready to answer. */
export function startProgram(folder: string, ...options: string[]): Promise<Program> {
  return startWith([], folder, options);
}

export interface WatchedProgram extends Program {
  /** What its event loop has done since the start, or since this was asked last. */
  turns(): Promise<Turns>;
}

/** The same with a record of all that its event loop does. */
export async function startWatched(folder: string, ...options: string[]): Promise<WatchedProgram> {
  const watch = pathToFileURL(join(import.meta.dirname, 'turn-watch.js')).href;
  const program = await startWith(['--import', watch], folder, options);
  const { child } = program;
  const turns = async () => {
    child.send('turns');
    const [measured] = (await once(child, 'message')) as [Turns];
    return measured;
  };
  return { ...program, turns };
}

async function startWith(
  preload: readonly string[],
  folder: string,
  options: readonly string[],
): Promise<Program> {
  const ports = ['--http-port', '0', '--grpc-port', '0'];
  const words = ['serve', '--data-dir', folder, ...ports, ...options];
  const child = spawn(process.execPath, [...preload, ...programWords, ...words], {
    stdio: ['ignore', 'pipe', 'inherit', ...(preload.length > 0 ? ['ipc' as const] : [])],
    // The clock of turns is marked as experimental.
    env: { ...process.env, CAINI_LOG_LEVEL: 'warn', NODE_NO_WARNINGS: '1' },
  });
  let output = '';
  child.stdout!.on('data', (text) => {
    output += String(text);
  });
  while (!output.includes('caini listens on')) await once(child.stdout!, 'data');
  const url = /http:\/\/[\w.:]+/.exec(output)![0];
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    child,
    url,
    grpcAddress: /grpc:\/\/([\w.:]+)/.exec(output)?.[1],
    stop: () => stopChild(child),
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
}

/**
 * Forks a file of this folder, gives it a job and resolves with its one answer; undefined when
 * `signal` ended it before.
 */
export async function askProcess<Answer>(file: string, job: object): Promise<Answer>;
export async function askProcess<Answer>(
  file: string,
  job: object,
  signal: AbortSignal,
): Promise<Answer | undefined>;
export async function askProcess<Answer>(
  file: string,
  job: object,
  signal?: AbortSignal,
): Promise<Answer | undefined> {
  const child = startProcess(file, job);
  signal?.addEventListener('abort', () => child.kill());
  try {
    return await firstMessage<Answer>(child, file);
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  } finally {
    child.kill();
  }
}

/** The same for one that goes on: what it answers first, and how to end it. */
export async function startServer<Answer>(
  file: string,
  job: object,
): Promise<{ readonly answer: Answer; readonly child: ChildProcess; stop(): Promise<void> }> {
  const child = startProcess(file, job);
  const answer = await firstMessage<Answer>(child, file);
  return { answer, child, stop: () => stopChild(child) };
}

function startProcess(file: string, job: object): ChildProcess {
  const path = join(import.meta.dirname, file);
  const child = fork(path, { serialization: 'advanced', execArgv: [] });
  child.send(job);
  return child;
}

async function firstMessage<Answer>(child: ChildProcess, file: string): Promise<Answer> {
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${file} ended with ${code} before it answered`);
  });
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
  ended.catch(() => {});
  return answer;
}

/** What a forked process does with its job: nothing else, and once. */
export function answerJob<Job, Answer>(work: (job: Job) => Promise<Answer>): void {
  process.once('message', async (job) => {
    process.send!(await work(job as Job));
  });
}

/** Linux counts in hundredths of a second. */
const millisecondsPerTick = 10;

/** Milliseconds of processor that a process has used; 0 where Linux does not tell. */
export function processorMs(child: ChildProcess): number {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
  } catch {
    return 0;
  }
}
