// Work on a chain from the command line: on the data folder itself, or by the server that has it.
import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { type Engine, EngineError, systemClock, type Waiting } from '../../engine/index.ts';
import { readSettings, type SettingName, unlessNone, withoutCredentials } from '../config.ts';
import { operations } from '../operations.ts';
import type { Subject } from '../trail/entry.ts';
import { CommandError } from './errors.ts';
import { endWith } from './folder.ts';
import { closeEngine, untilStopped } from './interrupt.ts';
import { createProgressBar } from './progress.ts';
import { openTrailed, trailed } from './trailed.ts';

export interface WorkOptions {
  readonly dataDir?: string;
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: boolean;
}

export interface Work<Reply extends object> {
  /** The operation that a server does the same with (server/operations.ts), and its path's ids. */
  readonly operation: string;
  readonly ids?: Readonly<Record<string, string>>;
  /** Whom it is about, by the ids that it is done with. */
  readonly subjects?: (engine: Engine) => readonly Subject[];
  readonly onFolder: (engine: Engine, waiting: Waiting) => Promise<Reply>;
  readonly describe: (reply: Reply) => string;
  readonly exitCode: (reply: Reply) => number;
  /** What the bar says that is shown while it goes on. */
  readonly label: string;
}

/** Adds the options that all such commands take. */
export function workCommand(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .addOption(
      new Option('--url <url>', 'let the server do it that has the folder, e.g. http://host:8080'),
    )
    .option('--api-key <key>', 'the API key for that server (better: CAINI_API_KEY)')
    .option('--json', 'print the result as one JSON object');
}

/** Does the work where it can be done, and prints one result. */
export function runWork<Reply extends object>(
  options: WorkOptions,
  work: Work<Reply>,
): Promise<void> {
  const bar = createProgressBar(process.stderr, systemClock);
  const progress = (done: number, total: number) => bar.show(work.label, done, total);
  const { name, left } = stopWords(work.operation);
  return endWith(() =>
    untilStopped(name, left, async (signal) => {
      const { url, json } = options;
      const key = url === undefined ? undefined : apiKeyOf(options);
      const waiting = { signal, progress };
      const reply =
        url === undefined
          ? await onFolder(options, work, waiting)
          : await overHttp({ base: url, key }, work, waiting);
      bar.end();
      process.stdout.write(`${json ? JSON.stringify(reply) : work.describe(reply)}\n`);
      return work.exitCode(reply);
    }),
  ).finally(() => bar.end());
}

function stopWords(operation: string) {
  const name = operation === 'eraseMember' ? 'erase' : operation;
  const left = name === 'expire' ? 'what is out is out, the rest stays' : 'nothing was changed';
  return { name, left };
}

/** The settings of a command with a `--data-dir` and no other setting. */
export function settingsFor({ dataDir }: { readonly dataDir?: string | undefined }) {
  const options: Partial<Record<SettingName, string>> = dataDir === undefined ? {} : { dataDir };
  return readSettings({ environment: process.env, options });
}

/** What a command shows to a server, if anything. */
export function apiKeyOf({ apiKey }: { readonly apiKey?: string | undefined }) {
  const options: Partial<Record<SettingName, string>> = apiKey === undefined ? {} : { apiKey };
  return unlessNone(readSettings({ environment: process.env, options }).apiKey);
}

async function onFolder<Reply extends object>(
  options: WorkOptions,
  work: Work<Reply>,
  waiting: WorkContext,
): Promise<Reply> {
  const { signal } = waiting;
  const settings = settingsFor(options);
  const { engine, trail } = await openTrailed(settings, { signal }).catch((error: unknown) => {
    throw withOtherWay(error, work);
  });
  try {
    const { operation } = work;
    const subjects = work.subjects?.(engine);
    return await trailed(trail, { operation, ...(subjects && { subjects }) }, () =>
      work.onFolder(engine, waiting),
    );
  } finally {
    await closeEngine(engine, signal);
  }
}

type WorkContext = Required<Waiting> & { readonly signal: AbortSignal };

/** A folder in use is no dead end: the server that has it can be asked. */
function withOtherWay<Reply extends object>(error: unknown, work: Work<Reply>): unknown {
  if (!(error instanceof EngineError) || error.reason !== 'FOLDER_IN_USE') return error;
  const { method, path } = placeOf(work);
  const way = `ask its server: --url http://HOST:PORT, or ${method} ${path}`;
  return new CommandError(`${error.message.replace(/;.*$/s, '')}; ${way}`, { cause: error });
}

function placeOf({ operation, ids = {} }: Pick<Work<object>, 'operation' | 'ids'>) {
  const { method, path } = operations.find(({ name }) => name === operation)!;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name]!));
  return { method, path: filled };
}

interface Server {
  readonly base: string;
  readonly key: string | undefined;
}

/**
 * No time limit: a verify of a large chain takes minutes, and says all the while how far it is.
 */
async function overHttp<Reply extends object>(
  { base, key }: Server,
  work: Work<Reply>,
  { signal, progress }: WorkContext,
): Promise<Reply> {
  const { method, path } = placeOf(work);
  const target = urlOf(base, path);
  const incoming = await send({ method, target, key }, signal);
  let last: object | undefined;
  for await (const line of createInterface({ input: incoming })) {
    last = parseLine(line, target);
    if ('done' in last && 'total' in last) progress?.(Number(last.done), Number(last.total));
  }
  signal.throwIfAborted();
  const place = `${target.origin}${target.pathname}`;
  if (last === undefined) throw new CommandError(`${place} gave no answer`);
  if (incoming.statusCode === 200 && !('status' in last)) return last as Reply;
  const { detail = `status ${incoming.statusCode}` } = last as { detail?: string };
  throw new CommandError(`${place} refuses: ${detail}`);
}

function urlOf(base: string, path: string): URL {
  try {
    const url = new URL(base.replace(/\/+$/, '') + path);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Refused below, like any other text that is no address of a server.
  }
  const message = `--url "${withoutCredentials(base)}" is no address such as http://127.0.0.1:8080`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'url' });
}

interface Sending {
  readonly method: string;
  readonly target: URL;
  readonly key: string | undefined;
}

/** The server gives up what nobody waits for any more. */
function send({ method, target, key }: Sending, signal: AbortSignal): Promise<IncomingMessage> {
  const open = target.protocol === 'https:' ? secureRequest : request;
  const headers = {
    accept: 'application/x-ndjson, application/json',
    'content-length': 0,
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = open(target, { method, headers, signal }, resolve);
    outgoing.on('error', (cause) => {
      reject(new CommandError(`${target.origin} cannot be reached: ${cause.message}`, { cause }));
    });
    outgoing.end();
  });
}

function parseLine(line: string, target: URL): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Not JSON: reported below.
  }
  throw new CommandError(`${target.origin} does not answer as a caini server does`);
}
