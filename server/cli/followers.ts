// Followers on the same machine: processes that share the HTTP port of this one, each with a folder
// and a memory of its own, and started again when they die.
import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { accessFolder, auditFolder } from '../door-settings.ts';
import { doorLimits } from '../limits.ts';
import type { Door } from '../serve.ts';
import { CommandError } from './errors.ts';

export interface FollowersOptions {
  readonly settings: Settings;
  readonly name: string;
  /** Where this process answers other nodes, on loopback. */
  readonly address: string;
  readonly secret: string;
  readonly log: Logger;
}

/** How long a process that died at once waits before the next. */
const restartMs = 1_000;

/**
 * In a follower: ends with the process that has started it. Node would have it exit, which waits
 * for threads that wait for JavaScript when lmdb is writing: for ever, and the next follower with
 * it for the folder. Being killed costs nothing that the log of the other does not have.
 */
export function endWithStarter(): void {
  cluster.worker?.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

/** Resolves when the first of them listens. Rejects when it cannot. */
export async function startFollowers(options: FollowersOptions): Promise<Door> {
  const { settings, log } = options;
  const workers = new Map<number, Worker>();
  let isStopping = false;
  const start = (number: number): Worker => {
    cluster.setupPrimary({ args: argumentsOf(options, number), exec: process.argv[1]! });
    const worker = cluster.fork({ CAINI_NODE_SECRET: options.secret });
    workers.set(number, worker);
    worker.once('exit', (code, signal) => {
      workers.delete(number);
      if (isStopping) return;
      log.error(`follower ${number} has ended (${signal ?? code}) and is started again`);
      void pause(restartMs, undefined, { ref: false }).then(() => !isStopping && start(number));
    });
    return worker;
  };
  const stop = async (): Promise<void> => {
    isStopping = true;
    const gone = [...workers.values()].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    for (const worker of workers.values()) worker.kill('SIGTERM');
    const cut = setTimeout(() => {
      for (const worker of workers.values()) worker.kill('SIGKILL');
    }, doorLimits.closeMsMax);
    await Promise.all(gone);
    clearTimeout(cut);
  };
  const [first] = Array.from({ length: settings.followers }, (_, index) => start(index + 1));
  try {
    const port = await listening(first!);
    const { host, httpCertFile } = settings;
    const scheme = httpCertFile === 'none' ? 'http' : 'https';
    return { url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, close: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function argumentsOf({ settings, name, address }: FollowersOptions, number: number): string[] {
  const own = {
    'data-dir': join(settings.dataDir, 'followers', String(number)),
    'access-dir': accessFolder(settings),
    // One trail, whichever of them is asked.
    'audit-dir': auditFolder(settings),
    host: settings.host,
    'http-port': settings.httpPort,
    'grpc-port': 'none',
    role: 'follower',
    'node-name': `${name.slice(0, 28)}-${number}`,
    origin: address,
    // Over loopback the log itself is as quick.
    redis: 'none',
    followers: 0,
  };
  return ['serve', ...Object.entries(own).map(([key, value]) => `--${key}=${value}`)];
}

function listening(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', (code) => {
      reject(new CommandError(`a follower could not be started: it ended with code ${code}`));
    });
  });
}
