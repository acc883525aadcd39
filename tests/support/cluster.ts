// Nodes of one chain as real processes on loopback, and a Redis of our own between them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from './folders.ts';

const program = join(import.meta.dirname, '../../dist/server/cli/main.js');

// biome-ignore lint/suspicious/noExplicitAny: tests look into replies at many depths.
export type Json = any;

/** Whether this machine has a redis-server; CI installs one. */
export const hasRedis = isInstalled('redis-server');

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const portsLowest = 10_000;
/** Systems hand out ports from here on for connections and for port 0 (Linux 32,768). */
const portsHandedOutFrom = 32_000;
let portLast = portsLowest + randomInt(portsHandedOutFrom - portsLowest);

/**
 * A port that no one listens on, below those that the system hands out: a port of port 0 may
 * have become another's connection before the node listens on it, or while it is down.
 */
export async function freePort(): Promise<number> {
  const port = portLast + 1 < portsHandedOutFrom ? portLast + 1 : portsLowest;
  portLast = port;
  return (await isFree(port)) ? port : freePort();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  const free = await isListening;
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** Looks every 20 ms until `is` holds; rejects with what was seen last. */
export async function eventually(
  what: string,
  is: () => Promise<boolean> | boolean,
  msMax = 30_000,
): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < msMax) {
    const look = async () => is();
    if (await look().catch(() => false)) return performance.now() - start;
    await pause(20);
  }
  throw new Error(`not within ${msMax} ms: ${what}`);
}

export interface ProcessUnderTest {
  /** As kill -9 does; resolves when it is gone. */
  kill(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  stop(): Promise<void>;
}

class Supervised implements ProcessUnderTest {
  readonly child: ChildProcess;
  output = '';

  constructor(command: string, options: readonly string[], environment: NodeJS.ProcessEnv) {
    this.child = spawn(command, [...options], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (bytes) => {
        this.output = `${this.output}${bytes}`.slice(-20_000);
      });
    }
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    // One that was halted only hears of it when it goes on.
    this.child.kill('SIGCONT');
    await gone;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

export interface RedisUnderTest extends ProcessUnderTest {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
}

/** On a port of its own, keeping an append-only file in `folder`. */
export async function startRedis(folder: string, given?: number): Promise<RedisUnderTest> {
  mkdirSync(folder, { recursive: true });
  const port = given ?? (await freePort());
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes' };
  const options = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const server = new Supervised('redis-server', options, {});
  await eventually('redis answers', () => runRedis(port, 'PING').includes('PONG'), 10_000);
  return {
    port,
    folder,
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: () => server.stop(),
    signal: (signal) => server.signal(signal),
  };
}

/** One command to a Redis, by its own client. */
export function runRedis(port: number, ...command: string[]): string {
  return execFileSync('redis-cli', ['-p', String(port), ...command], {
    encoding: 'utf8',
    timeout: 5_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

export interface NodeOptions {
  readonly dataDir: string;
  readonly role: 'origin' | 'follower';
  readonly name: string;
  /** `host:port` of whom to follow. */
  readonly origin?: string;
  readonly redis?: string | undefined;
  readonly secret?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Processes behind the same port. */
  readonly followers?: number;
}

export class NodeUnderTest implements ProcessUnderTest {
  readonly options: NodeOptions;
  readonly httpPort: number;
  readonly grpcPort: number;
  private process: Supervised | undefined;

  constructor(options: NodeOptions, ports: { readonly http: number; readonly grpc: number }) {
    this.options = options;
    this.httpPort = ports.http;
    this.grpcPort = ports.grpc;
  }

  get address(): string {
    return `127.0.0.1:${this.grpcPort}`;
  }

  get output(): string {
    return this.process?.output ?? '';
  }

  /** Null while the process runs, and when it was killed. */
  get exitCode(): number | null {
    return this.process?.child.exitCode ?? null;
  }

  /** Starts the process, again too; does not wait until it is ready. */
  start(): void {
    const { dataDir, role, name, origin, redis, secret = 'a secret of the tests' } = this.options;
    const settings = {
      'data-dir': dataDir,
      'http-port': this.httpPort,
      'grpc-port': this.grpcPort,
      role,
      'node-name': name,
      ...(origin !== undefined && { origin }),
      ...(redis !== undefined && { redis }),
      ...(this.options.followers !== undefined && { followers: this.options.followers }),
    };
    const options = Object.entries(settings).map(([key, value]) => `--${key}=${value}`);
    this.process = new Supervised(process.execPath, [program, 'serve', ...options], {
      CAINI_NODE_SECRET: secret,
      CAINI_LOG_LEVEL: 'warn',
      ...this.options.environment,
    });
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.process?.signal(signal);
  }

  /** The processes that it has started, on Linux. */
  children(): number[] {
    const pid = this.process?.child.pid;
    const reported = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return reported.trim().split(' ').filter(Boolean).map(Number);
  }

  /** The body, or undefined when nobody answers in time. */
  async ask(method: string, path: string, body?: unknown): Promise<Json> {
    return (await this.send(method, path, body)).body;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: Json }> {
    const reply = await fetch(`http://127.0.0.1:${this.httpPort}${path}`, {
      method,
      signal: AbortSignal.timeout(15_000),
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.includes('json');
    return { status: reply.status, body: isJson ? JSON.parse(text) : text };
  }

  readiness(): Promise<Json> {
    return this.ask('GET', '/readyz');
  }

  /** Over a connection of its own, which several processes behind a port are dealt in turn. */
  readinessAnew(): Promise<Json> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.httpPort, path: '/readyz', agent: false };
      const asked = get(options, async (reply) => {
        const chunks = await reply.toArray();
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      });
      asked.on('error', reject);
    });
  }

  async ready(msMax = 30_000): Promise<number> {
    const is = async () => (await this.readiness()).ready === true;
    return eventually(`${this.options.name} is ready`, is, msMax).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
  }
}

export async function startNode(options: NodeOptions): Promise<NodeUnderTest> {
  const node = new NodeUnderTest(options, { http: await freePort(), grpc: await freePort() });
  node.start();
  return node;
}

/** The nodes of one test, in a folder that goes with them. */
export interface Cast {
  readonly folder: string;
  /** Killed after the test. */
  add(node: NodeUnderTest): void;
  start(options: Omit<NodeOptions, 'dataDir'> & Partial<NodeOptions>): Promise<NodeUnderTest>;
}

/** For every test of the file that calls it, anew. */
export function castOfEachTest(name: string): Cast {
  let folder: TemporaryFolder;
  let nodes: NodeUnderTest[] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder(name);
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    nodes = [];
    await folder.remove();
  });
  return {
    get folder() {
      return folder.path;
    },
    add: (node) => nodes.push(node),
    async start(options) {
      const dataDir = join(folder.path, options.name);
      mkdirSync(dataDir, { recursive: true });
      const started = await startNode({ dataDir, ...options });
      nodes.push(started);
      return started;
    },
  };
}

/** Whether all nodes hold the same entries and count the same. */
export async function agree(nodes: readonly NodeUnderTest[]): Promise<boolean> {
  const reported = await Promise.all(nodes.map((node) => node.ask('GET', '/metrics')));
  const digests = reported.map((text: string) => /caini_digest\{.*\} 1/.exec(text)?.[0]);
  return digests[0] !== undefined && new Set(digests).size === 1;
}
