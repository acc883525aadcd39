// `caini serve`: starts the server, says where it listens, and stops it in good order.
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { destination, type Logger, pino } from 'pino';
import { systemClock } from '../../engine/index.ts';
import { readSettings, type Settings } from '../config.ts';
import { listen } from '../http/listen.ts';
import { doorLimits } from '../limits.ts';
import { type RunningServer, startServer } from '../serve.ts';
import { CommandError } from './errors.ts';
import { exampleRequests } from './examples.ts';
import { openFolder } from './folder.ts';
import { createProgressBar } from './progress.ts';

interface ServeFlags {
  readonly dataDir?: string;
  readonly httpPort?: string;
  readonly host?: string;
  readonly demoIfEmpty?: boolean;
}

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('Serve one data folder over HTTP.')
    .option('--data-dir <folder>', 'the data folder (CAINI_DATA_DIR, default ./data)')
    .option('--http-port <port>', 'the HTTP port, 0 for any (CAINI_HTTP_PORT, default 8080)')
    .option('--host <address>', 'the address to listen on (CAINI_HOST, default 127.0.0.1)')
    .option('--demo-if-empty', 'fill an empty folder with a generated demo chain')
    .action(run);
}

async function run({ demoIfEmpty = false, ...options }: ServeFlags): Promise<void> {
  const settings = readSettings({ environment: process.env, options });
  // Errors of the last moments must reach the terminal, so that lines are written as they come.
  const log = pino({ level: settings.logLevel }, destination({ fd: 2, sync: true }));
  const { host, httpPort } = settings;
  const progress = createProgressBar(process.stderr, systemClock);
  const server = await takeAddress(settings, () =>
    startServer({
      log,
      // Counting may take a while; the server answers health checks and says how far it is.
      openFolder: () =>
        openFolder(settings, { openAtOnce: true, notify: (note) => log.info(note) }),
      demoIfEmpty,
      onDemoProgress: (share) => progress.show('loading the demo chain', share, 1),
      openDoor: (access) => listen({ host, port: httpPort, access, log }),
    }),
  );
  const stop = stopInGoodOrder(server, log);
  const summary = await startedOrStopped(server, stop, () => {
    print(`caini listens on ${server.url} (data folder ${settings.dataDir})`);
  });
  progress.end();
  if (summary === undefined) return;
  const { stores, items, members, purchases } = summary;
  print(`The folder was empty, so that a generated demo chain was loaded into it:`);
  print(`${stores} stores, ${items} items, ${members} members, ${purchases} receipts.`);
  print(`\nFive requests to paste:\n`);
  for (const line of exampleRequests(server.url, summary.highlights, systemClock())) print(line);
}

async function startedOrStopped(server: RunningServer, stop: Stop, onOpen: () => void) {
  try {
    await server.opened;
    onOpen();
    return await server.started;
  } catch (error) {
    // Told to stop while it loaded: the way out is already under way.
    if (stop.begun) return undefined;
    stop.forget();
    await server.close();
    throw error;
  }
}

async function takeAddress<T>(settings: Settings, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { host, httpPort } = settings;
    const told = addressFaults[(error as NodeJS.ErrnoException).code ?? ''];
    if (told === undefined) throw error;
    throw new CommandError(`${host}:${httpPort} ${told}`, { cause: error });
  }
}

const addressFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process; choose another with --http-port or CAINI_HTTP_PORT',
  EACCES: 'may not be taken by this user; ports below 1024 need more rights',
  EADDRNOTAVAIL: 'is no address of this machine; choose another with --host or CAINI_HOST',
  ENOTFOUND: 'is no known address; choose another with --host or CAINI_HOST',
};

interface Stop {
  begun: boolean;
  /** Leaves the end of the process, and its exit code, to others. */
  forget(): void;
}

/** Half as much again as the requests in flight may take: the data folder closes after them. */
function stopInGoodOrder(server: RunningServer, log: Logger): Stop {
  const delay = doorLimits.closeMsMax * 1.5;
  const grace = closeWithGrace({ delay, logger: log }, async ({ err, signal }) => {
    stop.begun = true;
    if (err !== undefined) log.fatal({ err }, 'stopping after an error nobody caught');
    else if (signal !== undefined) log.info(`${signal}: answering what is in flight, then closing`);
    await server.close();
  });
  const stop: Stop = { begun: false, forget: () => grace.uninstall() };
  return stop;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
