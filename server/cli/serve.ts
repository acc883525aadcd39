// `caini serve`: starts the server, says where it listens, and stops it in good order.
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { destination, type Logger, pino } from 'pino';
import {
  counted,
  type EngineOptions,
  type ErasedIds,
  nextTurn,
  systemClock,
  zoneOffsetMinutes,
} from '../../engine/index.ts';
import { type Authenticate, createAuthenticate } from '../access/authenticate.ts';
import { slowFailures } from '../access/failures.ts';
import { canAnybodyEnter, watchKeys } from '../access/keys.ts';
import { createMemberLimits } from '../access/member-limits.ts';
import { MemberTokens } from '../access/member-tokens.ts';
import { watchTokenKeys } from '../access/token-keys.ts';
import type { ClientAddresses } from '../client-address.ts';
import { type ClusterNode, createNode } from '../cluster/node.ts';
import { nodeOptions, secretIn } from '../cluster/settings.ts';
import { inputRules, readSettings, type Settings } from '../config.ts';
import { type Cuts, createCuts } from '../cuts.ts';
import {
  accessFolder,
  assertGuarded,
  clientAddresses,
  corsOrigins,
  grpcSettings,
  httpSettings,
  isLoopback,
  publicHosts,
  rates,
  sharedAddresses,
  tokenKeysPlace,
} from '../door-settings.ts';
import { listen as listenGrpc, prepare as prepareGrpc } from '../grpc/listen.ts';
import { listen as listenHttp } from '../http/listen.ts';
import { doorLimits } from '../limits.ts';
import { LoadShedder } from '../load-shedder.ts';
import type { LimitMember } from '../operations/chain.ts';
import type { EngineAccess } from '../operations/operation.ts';
import { type Door, type RunningServer, startServer } from '../serve.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { CommandError } from './errors.ts';
import { exampleRequests } from './examples.ts';
import { openFolder, readersOf } from './folder.ts';
import { endWithStarter, startFollowers } from './followers.ts';
import { createProgressBar } from './progress.ts';
import { openTrail } from './trailed.ts';

interface ServeFlags {
  readonly dataDir?: string;
  readonly httpPort?: string;
  readonly grpcPort?: string;
  readonly host?: string;
  readonly accessDir?: string;
  readonly auditDir?: string;
  readonly itemRoles?: string;
  readonly role?: string;
  readonly nodeName?: string;
  readonly origin?: string;
  readonly redis?: string;
  readonly followers?: string;
  readonly demoIfEmpty?: boolean;
}

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('Serve one data folder over HTTP and gRPC.')
    .option('--data-dir <folder>', 'the data folder (CAINI_DATA_DIR, default ./data)')
    .option('--http-port <port>', 'the HTTP port, 0 for any (CAINI_HTTP_PORT, default 8080)')
    .option('--grpc-port <port>', 'the gRPC port, none for none (CAINI_GRPC_PORT, default 50051)')
    .option('--host <address>', 'the address to listen on (CAINI_HOST, default 127.0.0.1)')
    .option('--access-dir <folder>', 'where the API keys are (CAINI_ACCESS_DIR)')
    .option('--audit-dir <folder>', 'where the audit trail is (CAINI_AUDIT_DIR)')
    .option('--item-roles <file>', 'names that are no goods, none for none (CAINI_ITEM_ROLES)')
    .option('--role <role>', 'alone, origin or follower (CAINI_ROLE, default alone)')
    .option('--node-name <name>', 'the name of this node in its chain (CAINI_NODE_NAME)')
    .option('--origin <addresses>', 'the nodes to follow, host:port of gRPC (CAINI_ORIGIN)')
    .option('--redis <url>', 'the Redis between the nodes, none for none (CAINI_REDIS)')
    .option('--followers <count>', 'followers behind the same HTTP port (CAINI_FOLLOWERS)')
    .option('--demo-if-empty', 'fill an empty folder with a generated demo chain')
    .action(run);
}

async function run({ demoIfEmpty = false, ...options }: ServeFlags): Promise<void> {
  const settings = withSecret(readSettings({ environment: process.env, options }));
  Buffer.poolSize = doorLimits.poolBytes;
  endWithStarter();
  // Intl takes 10 to 20 ms to learn its first zone: before anybody can wait for it.
  zoneOffsetMinutes(settings.timeZone, systemClock());
  // Errors of the last moments must reach the terminal, so that lines are written as they come.
  const log = pino({ level: settings.logLevel }, destination({ fd: 2, sync: true }));
  const { authenticate, isOpenToAll } = openAccess(settings, log);
  const trail = await openTrail(settings, (message) => log.error(message));
  const progress = createProgressBar(process.stderr, systemClock);
  let grpcUrl: string | undefined;
  let signal: AbortSignal | undefined;
  const openEngine = (chosen: Partial<EngineOptions> = {}) => {
    const notify = (note: string) => log.info(note);
    // Counting may take a while; the server answers health checks and says how far it is.
    const onErased = (erased: ErasedIds) => trail.forget(erased);
    return openFolder(settings, { openAtOnce: true, notify, signal, onErased, ...chosen });
  };
  const chosen = nodeOptions(settings, { log, openEngine });
  const node = chosen && createNode(chosen);
  const server = await startServer({
    log,
    openFolder: async (closing) => {
      signal = closing;
      if (node === undefined) return openEngine();
      node.start();
      return node.engine;
    },
    onClosing: () => node?.stop(),
    inputRules: inputRules(settings),
    trail,
    demoIfEmpty: demoIfEmpty && settings.role !== 'follower',
    onDemoProgress: (share) => progress.show('loading the demo chain', share, 1),
    openDoor: async (access) => {
      const doors = await openDoors({ settings, access, log, node, authenticate });
      grpcUrl = doors.grpcUrl;
      return { ...doors, close: () => doors.close().then(() => trail.close()) };
    },
  });
  const stop = stopInGoodOrder(server, log);
  const summary = await startedOrStopped(server, stop, () => {
    const alsoGrpc = grpcUrl === undefined ? '' : `, tills at ${grpcUrl}`;
    // A follower behind a shared port is not one more address.
    if (cluster.isPrimary)
      print(`caini listens on ${server.url} (data folder ${settings.dataDir}${alsoGrpc})`);
    if (cluster.isPrimary && isOpenToAll()) print(openToAll);
    const readers = readersOf(settings.dataDir);
    if (readers !== undefined) log.warn(readers);
  });
  progress.end();
  if (summary === undefined) return;
  const { stores, items, members, purchases } = summary;
  print(`The folder was empty, so that a generated demo chain was loaded into it:`);
  print(
    `${counted(stores, 'store')}, ${counted(items, 'item')}, ${counted(members, 'member')}, ` +
      `${counted(purchases, 'receipt')}.`,
  );
  print(`\nFive requests to paste:\n`);
  for (const line of exampleRequests(server.url, summary.highlights, systemClock())) print(line);
}

/** Who may ask: keys, and tokens of members. Throws what must not be served like that. */
function openAccess(settings: Settings, log: Logger) {
  const keys = watchKeys(accessFolder(settings), log).current;
  const tokenKeys = watchTokenKeys(tokenKeysPlace(settings), log).current;
  const hasIssuer = (tokenKeys()?.size ?? 0) > 0;
  assertGuarded(settings, hasIssuer || canAnybodyEnter(keys(), systemClock()));
  const tokens = new MemberTokens({
    keys: tokenKeys,
    issuer: settings.tokenIssuer,
    audience: settings.tokenAudience,
    ids: inputRules(settings).ids,
    clock: systemClock,
  });
  const steady = () => performance.now();
  const known = createAuthenticate(keys, { clock: systemClock, steady, tokens });
  return {
    authenticate: slowFailures(known, { ...rates(settings), steady }),
    isOpenToAll: () => !keys().wereMade && !tokens.areTaken,
  };
}

/** Followers on this machine alone need no secret but one of this process. */
function withSecret(settings: Settings): Settings {
  if (settings.followers === 0) return settings;
  const { role, nodeSecret, nodeSecretFile } = settings;
  const isSet = nodeSecret !== 'none' || nodeSecretFile !== 'none';
  return {
    ...settings,
    role: role === 'alone' ? 'origin' : role,
    nodeSecret: isSet ? nodeSecret : randomBytes(32).toString('hex'),
  };
}

async function startedOrStopped(server: RunningServer, stop: Stop, onOpen: () => void) {
  try {
    await server.opened;
    await nextTurn();
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

const openToAll =
  'It asks for no key: whoever is on this machine may do all. The first one that is made ' +
  '(caini keys create) locks the doors.';

interface Doors {
  readonly settings: Settings;
  readonly access: EngineAccess;
  readonly log: Logger;
  readonly node: ClusterNode | undefined;
  readonly authenticate: Authenticate;
}

/** Both doors as one: the url is that of HTTP. */
async function openDoors(doors: Doors): Promise<Door & { readonly grpcUrl: string | undefined }> {
  const { settings, access, log, node, authenticate } = doors;
  const forGrpc = grpcSettings(settings);
  const shared: SharedParts = {
    access,
    log,
    authenticate,
    loadShedder: new LoadShedder(),
    cuts: createCuts(log),
    telemetry: new Telemetry(settings.dataDir),
    sharedAddresses: sharedAddresses(settings),
    addresses: clientAddresses(settings),
    limitMember: createMemberLimits({ ...rates(settings), steady: () => performance.now() }),
  };
  shared.telemetry.loopDelay.start();
  // Before the first of them listens: from then on somebody may wait.
  const prepared = forGrpc && prepareGrpc({ ...shared, ...forGrpc, node: node?.host });
  const http = await openHttp(doors, shared).catch((error: unknown) => {
    prepared?.drop();
    throw error;
  });
  if (forGrpc === undefined || prepared === undefined) return { ...http, grpcUrl: undefined };
  const grpc = await takeAddress({ ...forGrpc, name: 'grpc' }, prepared.listen).catch(
    async (error: unknown) => {
      prepared.drop();
      await http.close();
      throw error;
    },
  );
  if (forGrpc.tls === undefined && !isLoopback(forGrpc.host)) {
    log.warn(`${grpc.url} is plaintext: receipts and keys can be read on the way`);
  }
  const closeBoth = () => Promise.all([http.close(), grpc.close()]);
  return { url: http.url, grpcUrl: grpc.url, close: () => closeBoth().then(() => {}) };
}

interface SharedParts {
  readonly access: EngineAccess;
  readonly log: Logger;
  readonly authenticate: Authenticate;
  readonly loadShedder: LoadShedder;
  readonly cuts: Cuts;
  readonly telemetry: Telemetry;
  readonly sharedAddresses: readonly string[];
  readonly addresses: ClientAddresses;
  readonly limitMember: LimitMember;
}

function openHttp({ settings, node, ...doors }: Doors, shared: SharedParts): Promise<Door> {
  if (settings.followers > 0 && node !== undefined) {
    return openFollowers({ ...doors, settings, node });
  }
  const forHttp = httpSettings(settings);
  const names = { corsOrigins: corsOrigins(settings), publicHosts: publicHosts(settings) };
  return takeAddress({ ...forHttp, name: 'http' }, () =>
    listenHttp({ ...shared, ...forHttp, ...names }),
  );
}

/** The HTTP port belongs to followers, which reach this process over loopback. */
async function openFollowers({
  settings,
  access,
  log,
  authenticate,
  node,
}: Doors & { readonly node: ClusterNode }): Promise<Door> {
  const inner = await listenGrpc({
    host: '127.0.0.1',
    port: 0,
    access,
    log,
    node: node.host,
    authenticate,
  });
  const address = inner.url.replace('grpc://', '');
  const secret = secretIn(settings);
  try {
    const outer = await startFollowers({ settings, name: node.name, address, secret, log });
    const closeBoth = () => outer.close().then(() => inner.close());
    return { url: outer.url, close: closeBoth };
  } catch (error) {
    await inner.close();
    throw error;
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly name: 'http' | 'grpc';
}

async function takeAddress<T>({ host, port, name }: Address, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    const text = addressErrors(name)[(error as NodeJS.ErrnoException).code ?? ''];
    if (text === undefined) throw error;
    throw new CommandError(`${host}:${port} ${text}`, { cause: error });
  }
}

function addressErrors(name: 'http' | 'grpc'): Readonly<Record<string, string>> {
  const setting = `CAINI_${name.toUpperCase()}_PORT`;
  const host = name === 'http' ? '--host or CAINI_HOST' : 'CAINI_GRPC_HOST';
  return {
    EADDRINUSE: `is taken by another process; choose another with --${name}-port or ${setting}`,
    EACCES: 'may not be taken by this user; ports below 1024 need more rights',
    EADDRNOTAVAIL: `is no address of this machine; choose another with ${host}`,
    ENOTFOUND: `is no known address; choose another with ${host}`,
  };
}

interface Stop {
  begun: boolean;
  /** Leaves the end of the process, and its exit code, to others. */
  forget(): void;
}

/** A little more than a stop may take: what hangs then is cut off. */
function stopInGoodOrder(server: RunningServer, log: Logger): Stop {
  const delay = doorLimits.closeMsMax + 5_000;
  // An exit would wait for LMDB, whose writing thread may be waiting for us. A kill loses nothing.
  const cutOff = () => process.kill(process.pid, 'SIGKILL');
  const hurried = { onTimeout: cutOff, onSecondSignal: cutOff, onSecondError: cutOff };
  const grace = closeWithGrace({ delay, logger: log, ...hurried }, async ({ err, signal }) => {
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
