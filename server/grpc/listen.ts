// The gRPC door: a listening server with every service, who may reach it, and how it drains.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { limits } from '../../engine/index.ts';
import { type Authenticate, authenticateNobody } from '../access/authenticate.ts';
import { type ClientAddresses, noProxies } from '../client-address.ts';
import type { ReplicationHost } from '../cluster/host.ts';
import { type Cuts, createCuts } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import { LoadShedder } from '../load-shedder.ts';
import { Chain, type LimitMember } from '../operations/chain.ts';
import type { EngineAccess } from '../operations/operation.ts';
import { operations } from '../operations.ts';
import type { Door } from '../serve.ts';
import { addressesExcept, Shares } from '../shares.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { TlsFiles } from '../tls-files.ts';
import { type Credentials, tlsCredentials } from './credentials.ts';
import { createFragments } from './fragments.ts';
import { boundSessions, Guard, type GuardLimits } from './guard.ts';
import { createHealth } from './health.ts';
import {
  createOpenStreams,
  type OpenStreams,
  type Parts,
  prepareCaller,
  type Timing,
} from './parts.ts';
import { purchaseCalls } from './purchases.ts';
import { createReflection } from './reflection.ts';
import { replicationCalls } from './replication.ts';
import { addServices, type Call, guarded } from './services.ts';
import { scanSessionCall } from './session.ts';
import { createSessions, type Sessions, type SteadyClock } from './sessions.ts';
import { progressCall } from './verify.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly access: EngineAccess;
  readonly log: Logger;
  /** Absent: plaintext. */
  readonly tls?: TlsFiles | undefined;
  /** Absent: nobody is asked for a key. */
  readonly authenticate?: Authenticate;
  /** Shared with the other doors; absent: one of its own. */
  readonly loadShedder?: LoadShedder;
  readonly telemetry?: Telemetry;
  readonly cuts?: Cuts;
  /** Addresses behind which many clients stand; absent: none. */
  readonly sharedAddresses?: readonly string[] | undefined;
  /** Absent: each member may be asked for as often as anybody likes. */
  readonly limitMember?: LimitMember | undefined;
  /** Whose word on the address of a client counts; absent: nobody's. */
  readonly addresses?: ClientAddresses;
  /** What other nodes of the chain are answered; absent for a node that is alone. */
  readonly node?: ReplicationHost | undefined;
  /** For tests, which cannot wait as long. */
  readonly timing?: Partial<Timing>;
  readonly now?: SteadyClock;
  readonly sessionLimits?: { readonly sessionsMax?: number; readonly linesMax?: number };
  readonly limits?: Partial<GuardLimits>;
}

/** The url names the port that was really taken. */
export interface GrpcDoor extends Door {
  readonly sessions: Pick<Sessions, 'size' | 'sweep' | 'waitedMs'>;
  readonly openCalls: number;
}

/** A door that is made and takes no address yet. */
export interface PreparedDoor {
  /** Rejects with Node's code when the address cannot be taken. */
  listen(): Promise<GrpcDoor>;
  /** Lets go of what was prepared and is not needed. */
  drop(): void;
}

/** Rejects with Node's code when the address cannot be taken, and with what is wrong with files. */
export async function listen(options: ListenOptions): Promise<GrpcDoor> {
  return prepare(options).listen();
}

/**
 * Makes a door, which takes tens of milliseconds: all that can be done before anybody waits for
 * this process. Throws what is wrong with files.
 */
export function prepare(options: ListenOptions): PreparedDoor {
  const { access, log, tls, now = () => performance.now() } = options;
  const timing: Timing = { ...timingOf(), ...options.timing };
  const secured = credentialsOf(tls, log, timing);
  const streams = createOpenStreams();
  const { loadShedder = new LoadShedder(), cuts = createCuts(log) } = options;
  const { authenticate = authenticateNobody, addresses = noProxies } = options;
  const { telemetry, limitMember } = options;
  const bounds: GuardLimits = { ...doorLimits, ...options.limits };
  const sendingMany = new Set<string>();
  const unread = new Shares(bounds.unreadBytesMax);
  const guard = new Guard({
    timing,
    addressOf: addressesExcept(options.sharedAddresses ?? [], addresses.isProxy),
    sendsMany: (path) => sendingMany.has(path),
    prepare: (headers) => prepareCaller(authenticate, headers),
    cuts,
    unread,
    limits: bounds,
  });
  const parts: Parts = {
    chain: new Chain({ access, loadShedder, log, door: 'grpc', telemetry, limitMember }),
    cuts,
    log,
    authenticate,
    addresses,
    streams,
    fragments: createFragments(),
    clientOf: (call) => guard.clientOf(call),
    tillOf: (call) => guard.tillOf(call),
    unread,
    sendingMany,
    timing,
  };
  const server = new Server(serverOptions(timing));
  boundSessions(server);
  const health = createHealth(access);
  const { sessionOpenMsMax: openMsMax, lookEveryMs } = timing;
  const sessions = createSessions({ now, openMsMax, lookEveryMs, ...options.sessionLimits });
  addServices(server, parts, {
    ...streamingCalls(parts, sessions),
    ...replicationCalls(parts, options.node),
  });
  health.addTo(guarded(server, parts, { withKey: false }));
  createReflection().addToServer(guarded(server, parts, { withKey: true }));
  const drop = () => {
    health.stop();
    sessions.stop();
    guard.stop();
    secured.stop();
  };
  const drainAll = () => drain(server, guard, streams, timing.drainMsMax);
  return {
    listen: () => open(options, { server, secured, guard, health, sessions, drainAll, drop }),
    drop,
  };
}

interface Made {
  readonly server: Server;
  readonly secured: Credentials;
  readonly guard: Guard;
  readonly health: ReturnType<typeof createHealth>;
  readonly sessions: Sessions;
  drainAll(): Promise<void>;
  drop(): void;
}

async function open({ host, port, tls }: ListenOptions, made: Made): Promise<GrpcDoor> {
  const { server, secured, guard, health, sessions, drainAll, drop } = made;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const taken = await bind(server, `${shownHost}:${port}`, secured.credentials);
  guard.watch(server);
  const sweep = setInterval(() => health.update(), doorLimits.healthEveryMs).unref();
  return {
    url: `${tls === undefined ? 'grpc' : 'grpcs'}://${shownHost}:${taken}`,
    sessions,
    get openCalls() {
      return guard.openCalls;
    },
    async close() {
      clearInterval(sweep);
      // From here on it says that it does not serve.
      health.stop();
      await drainAll();
      drop();
    },
  };
}

function credentialsOf(tls: TlsFiles | undefined, log: Logger, timing: Timing): Credentials {
  if (tls !== undefined) return tlsCredentials(tls, log, timing.filesEveryMs);
  return { credentials: ServerCredentials.createInsecure(), stop: () => {} };
}

/** By `rpc`: the calls of more than one message. */
function streamingCalls(parts: Parts, sessions: Sessions): Readonly<Record<string, Call>> {
  const verify = operations.find(({ name }) => name === 'verify')!;
  return {
    'AdminService/Verify': progressCall(parts, verify),
    'CheckoutService/ScanSession': scanSessionCall(parts, sessions),
    ...purchaseCalls(parts),
  };
}

function timingOf(): Timing {
  const { scanSessionOpenMsMax: sessionOpenMsMax, streamIdleMsMax } = limits;
  return { ...doorLimits, sessionOpenMsMax, streamIdleMsMax };
}

function serverOptions({ pingEveryMs, pingAnswerMsMax, connectionIdleMsMax }: Timing) {
  return {
    'grpc.max_receive_message_length': limits.bodyBytesMax,
    'grpc.max_concurrent_streams': doorLimits.streamsPerConnectionMax,
    'grpc.keepalive_time_ms': pingEveryMs,
    'grpc.keepalive_timeout_ms': pingAnswerMsMax,
    'grpc.max_connection_idle_ms': connectionIdleMsMax,
    // Nobody asks for its statistics, and a call takes 4 µs of 50 to keep them.
    'grpc.enable_channelz': 0,
    'grpc-node.max_session_memory': doorLimits.connectionMegabytesMax,
  };
}

/** grpc-js tells why an address could not be taken in words only. */
function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) {
        resolve(port);
        return;
      }
      const code = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0];
      reject(Object.assign(error, code === undefined ? {} : { code }));
    });
  });
}

/** Streams get a message, calls in flight are answered, and who does not listen is cut off. */
function drain(server: Server, guard: Guard, streams: OpenStreams, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.forceShutdown();
      guard.endAll();
      resolve();
    }, msMax);
    streams.stopAll();
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
