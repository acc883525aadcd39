// The listening socket: what Node refuses by itself is answered as a problem too, and closing lets
// answers finish.
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import { type Authenticate, authenticateNobody } from '../access/authenticate.ts';
import { type ClientAddresses, noProxies } from '../client-address.ts';
import { type Cuts, createCuts } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import { LoadShedder } from '../load-shedder.ts';
import { Chain, type LimitMember } from '../operations/chain.ts';
import type { EngineAccess } from '../operations/operation.ts';
import { quoteValue } from '../quote-value.ts';
import type { Door } from '../serve.ts';
import { addressesExcept } from '../shares.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { type TlsFiles, watchTlsFiles } from '../tls-files.ts';
import { prepareCaller, type Serve } from './admit.ts';
import { answerError, createApp } from './app.ts';
import { type CheckHost, createHostCheck, createSiteCheck } from './browsers.ts';
import { Connections, type HttpLimits, type HttpTiming } from './connections.ts';
import { type Cors, createCors } from './cors.ts';
import { createListEncoder } from './encode.ts';
import { checkHead } from './head.ts';
import { createHotWay } from './hot.ts';
import { HttpRefusal, refuseRequest } from './problem.ts';
import { refuseTunnel, refuseUnparsed } from './unparsed.ts';

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
  readonly cuts?: Cuts;
  readonly telemetry?: Telemetry;
  /** Addresses behind which many clients stand; absent: none. */
  readonly sharedAddresses?: readonly string[];
  /** Absent: each member may be asked for as often as anybody likes. */
  readonly limitMember?: LimitMember | undefined;
  /** Whose word on the address of a client counts; absent: nobody's. */
  readonly addresses?: ClientAddresses;
  /** Origins whose pages may ask; absent: none. */
  readonly corsOrigins?: readonly string[];
  /** Names that it answers to beside addresses and localhost; absent: all. */
  readonly publicHosts?: readonly string[];
  /** For tests, which cannot wait as long. */
  readonly timing?: Partial<HttpTiming> & { readonly filesEveryMs?: number };
  readonly limits?: Partial<HttpLimits>;
}

/** The url names the port that was really taken. Rejects with Node's error when it cannot be. */
export async function listen(options: ListenOptions): Promise<Door> {
  const { host, port, log, cuts = createCuts(log), addresses = noProxies } = options;
  const timing: HttpTiming = { ...doorLimits, ...options.timing };
  const addressOf = addressesExcept(options.sharedAddresses ?? [], addresses.isProxy);
  const limits: HttpLimits = { ...doorLimits, ...options.limits };
  const connections = new Connections({ addressOf, cuts, timing, limits });
  const shared = {
    maxHeaderSize: doorLimits.headBytesMax,
    headersTimeout: timing.headMsMax,
    requestTimeout: timing.requestMsMax,
    // By itself Node looks every 30 s, and what is to be cut after 10 is cut after 40.
    connectionsCheckingInterval: timing.lookEveryMs,
    keepAliveTimeout: doorLimits.keepAliveMs,
    // It would be refused without words.
    requireHostHeader: false,
  };
  const { server, stop: stopTls } = serverOf(shared, options);
  // Who has said all may close that half of the connection, and waits for the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  const cors = createCors(options.corsOrigins ?? []);
  const checkHost = createHostCheck(options.publicHosts);
  serveOn(server, { connections, cors, checkHost, serve: createServe(options, cuts) });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!connections.isOpen(socket) && options.tls !== undefined) {
      // It speaks no TLS, or none that we do: there is nothing to say that it could read.
      cuts.count('http', 'NOT_TLS');
      socket.destroy();
      return;
    }
    const onRefused = (reason: string) => cuts.count('http', reason);
    refuseUnparsed(error, socket, { open: connections.openOn(socket), timing, onRefused });
  });
  server.on('connect', (_incoming, socket) => refuseTunnel(socket as Socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: doorLimits.connectBacklog }, () => resolve());
  });
  const { port: taken } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const url = `${options.tls === undefined ? 'http' : 'https'}://${shownHost}:${taken}`;
  const stop = (): void => {
    connections.stop();
    stopTls();
  };
  const closeAll = (): Promise<void> => {
    connections.endSilent();
    return close(server).finally(stop);
  };
  return { url, close: closeAll };
}

/** Over TLS where there are files for it. Throws what is wrong with them. */
function serverOf(
  shared: ServerOptions,
  { tls, log, timing }: ListenOptions,
): { readonly server: Server | SecureServer; stop(): void } {
  if (tls === undefined) return { server: createServer(shared), stop: () => {} };
  const replace = (context: SecureContextOptions): void => server.setSecureContext(context);
  const watched = watchTlsFiles(tls, log, replace, timing?.filesEveryMs);
  const handshakeTimeout = doorLimits.connectMsMax;
  const server = createSecureServer({ ...shared, ...watched.current(), handshakeTimeout });
  return { server, stop: watched.stop };
}

/** The app, with a way of its own for the hot reply. */
function createServe(options: ListenOptions, cuts: Cuts): Serve {
  const { host, access, log, loadShedder = new LoadShedder() } = options;
  const { telemetry = new Telemetry() } = options;
  const encodeList = createListEncoder();
  const { limitMember } = options;
  const chain = new Chain({ access, loadShedder, log, door: 'http', telemetry, limitMember });
  const { authenticate = authenticateNobody, addresses = noProxies } = options;
  const admission = { chain, authenticate, addresses, cuts };
  const checkSite = createSiteCheck(options.corsOrigins ?? []);
  const app = createApp({ ...admission, log, encodeList, checkSite, telemetry, loadShedder });
  const listener = getRequestListener(app.fetch, {
    hostname: host,
    overrideGlobalObjects: true,
    errorHandler: (error) => answerError(refusedTarget(error), undefined, log),
  });
  const listen: Serve = (incoming, outgoing) => void listener(incoming, outgoing);
  return createHotWay(admission, encodeList, (incoming, outgoing) => {
    const prepared = prepareCaller(admission.authenticate, incoming);
    if (prepared === undefined) listen(incoming, outgoing);
    else void prepared.then(() => !outgoing.destroyed && listen(incoming, outgoing));
  });
}

interface Serving {
  readonly connections: Connections;
  readonly cors: Cors;
  readonly checkHost: CheckHost;
  readonly serve: Serve;
}

/** Serves what a connection may ask, and refuses the rest. */
function serveOn(
  server: Server | SecureServer,
  { connections, cors, checkHost, serve }: Serving,
): void {
  if (server instanceof SecureServer) {
    server.on('connection', (socket: Socket) => connections.addRaw(socket));
    server.on('secureConnection', (socket) => connections.open(socket));
  } else {
    server.on('connection', (socket) => connections.add(socket));
  }
  const take: Serve = (incoming, outgoing) => {
    try {
      if (!connections.take(incoming, outgoing)) return;
      const refusal = checkHead(incoming) ?? checkHost(incoming);
      if (refusal !== undefined) throw refusal;
      if (cors(incoming, outgoing)) return;
    } catch (error) {
      refuseRequest(outgoing, error);
      return;
    }
    serve(incoming, outgoing);
  };
  server.on('request', take);
  server.on('checkExpectation', take);
  server.on('checkContinue', (incoming, outgoing) => {
    // Only when somebody begins to read: a body that is refused unread is better never sent.
    incoming.once('resume', () => {
      if (!outgoing.headersSent) outgoing.writeContinue();
    });
    take(incoming, outgoing);
  });
}

/**
 * The adapter refuses a target or Host header that no URL can be made of; its words are for
 * developers.
 */
function refusedTarget(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'RequestError') return error;
  const message = 'is not a valid request target or Host header';
  return new HttpRefusal(400, `request ${message}`, {
    violations: [
      { field: 'request', value: quoteValue(error.message), limit: 'RFC 9112', message },
    ],
    cause: error,
  });
}

/**
 * Kept-alive connections are closed as they fall idle; without that they would hold the server
 * open.
 */
function close(server: Server | SecureServer): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => server.closeAllConnections(), doorLimits.drainMsMax);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
