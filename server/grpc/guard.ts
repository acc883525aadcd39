// Every gRPC connection and call before a service sees it: how many one client may have, how long
// they may keep us waiting, and when those are cut that do not send or do not read.
import http2, {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { EngineError, systemClock } from '../../engine/index.ts';
import { type CertifiedTill, certifiedTill } from '../access/till-certificate.ts';
import type { Cuts } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import { type AddressOf, type Client, Shares } from '../shares.ts';
import { type CallOwner, OpenCall } from './open-call.ts';
import type { Timing } from './parts.ts';
import { statusOfError } from './status.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = http2.constants;

export interface GuardOptions {
  readonly timing: Timing;
  readonly addressOf: AddressOf;
  /** Whether a call of this path sends messages for as long as it likes. */
  readonly sendsMany: (path: string) => boolean;
  /** What has to be waited for before anybody knows who calls; undefined: nothing. */
  readonly prepare: (headers: IncomingHttpHeaders) => Promise<void> | undefined;
  readonly cuts: Cuts;
  /** Bytes of answers that were made and that their clients have not taken. */
  readonly unread: Shares;
  readonly limits: GuardLimits;
}

/** Numbers that tests cannot reach. */
export interface GuardLimits {
  readonly connectionsMax: number;
  readonly callsMax: number;
  readonly messageBytesMax: number;
  readonly unreadBytesMax: number;
}

/** One connection. */
interface Line {
  readonly session: ServerHttp2Session;
  readonly client: Client;
  readonly since: number;
  readonly calls: OpenCall[];
  /** The client has said what it can do, as every client of HTTP/2 does first. */
  isHeard: boolean;
}

/** The client of a connection; `till`: it has shown a certificate that says so. */
interface LineClient extends Client {
  readonly till: CertifiedTill | undefined;
}

/** What grpc-js hands to HTTP/2 for each connection; it has options of its own for two of them. */
export function boundSessions(server: Server): void {
  Object.assign(server['commonServerOptions'], {
    maxSessionInvalidFrames: doorLimits.sessionInvalidFramesMax,
    maxSessionRejectedStreams: doorLimits.sessionRejectedStreamsMax,
    handshakeTimeout: doorLimits.connectMsMax,
    settings: {
      maxConcurrentStreams: doorLimits.streamsPerConnectionMax,
      maxHeaderListSize: doorLimits.headBytesMax,
    },
  } satisfies http2.SecureServerOptions);
}

export class Guard implements CallOwner {
  readonly bytes: Shares;
  readonly unread: Shares;
  now = performance.now();
  private readonly options: GuardOptions;
  private readonly connections: Shares;
  private readonly calls: Shares;
  private readonly lines = new Map<ServerHttp2Session, Line>();
  private readonly clients = new Map<string, LineClient>();
  private readonly timer: NodeJS.Timeout;

  constructor(options: GuardOptions) {
    this.options = options;
    this.unread = options.unread;
    this.connections = new Shares(options.limits.connectionsMax);
    this.calls = new Shares(options.limits.callsMax);
    this.bytes = new Shares(options.limits.messageBytesMax);
    // After what has come in meanwhile is read: a thread that was held makes nobody late.
    const look = () => setImmediate(() => this.look());
    this.timer = setInterval(look, options.timing.lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The client of a call, by its connection. */
  clientOf(call: { getPeer(): string }): Client {
    const peer = call.getPeer();
    return this.clients.get(peer) ?? { connection: peer };
  }

  /** The till of a call, where its connection has shown the certificate of one. */
  tillOf(call: { getPeer(): string }): CertifiedTill | undefined {
    return this.clients.get(call.getPeer())?.till;
  }

  /** How many calls there are. */
  get openCalls(): number {
    return this.calls.taken;
  }

  /** Ends every connection: grpc-js knows them by statistics that are not kept. */
  endAll(): void {
    for (const { session } of [...this.lines.values()]) session.destroy();
  }

  /** To be called when the server listens, before the event loop turns. */
  watch(server: Server): void {
    for (const listening of server['http2Servers'].keys()) {
      const http2Server = listening as Http2Server;
      admitOnly(http2Server, 'connection', (socket: Socket) => this.admitConnection(socket));
      http2Server.on('session', (session) => this.addLine(session));
      interceptStreams(http2Server, (stream, headers, proceed) =>
        this.open(stream, headers, proceed),
      );
    }
  }

  private admitConnection(socket: Socket): boolean {
    const address = this.options.addressOf(socket.remoteAddress);
    // Who is not distinguished by address is bounded by the whole alone.
    const client = { connection: address ?? socket };
    if (this.connections.acquire(client)) {
      socket.once('close', () => this.connections.release(client));
      return true;
    }
    this.options.cuts.count('grpc', 'TOO_MANY_CONNECTIONS');
    socket.destroy();
    return false;
  }

  private addLine(session: ServerHttp2Session): void {
    const { remoteAddress, remotePort } = session.socket;
    const peer = `${remoteAddress}:${remotePort}`;
    const address = this.options.addressOf(remoteAddress);
    const client = { connection: peer, address, till: tillOn(session) };
    this.clients.set(peer, client);
    const since = performance.now();
    const line: Line = { session, client, since, calls: [], isHeard: false };
    this.lines.set(session, line);
    session.once('remoteSettings', () => {
      line.isHeard = true;
    });
    session.once('close', () => {
      this.lines.delete(session);
      // The next one may have the same port already.
      if (this.clients.get(peer) === client) this.clients.delete(peer);
    });
  }

  private open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, proceed: () => void): void {
    const line = stream.session && this.lines.get(stream.session as ServerHttp2Session);
    if (line === undefined || stream.destroyed || stream.closed) return;
    if (!this.calls.acquire(line.client)) {
      stream.once('error', () => {
        // It ends by `close`, which tells all that is to be known.
      });
      this.refuse(stream, tooMany(this.calls.refusalText(line.client, 'open calls')));
      return;
    }
    dropFarDeadline(headers);
    const sendsMany = this.options.sendsMany(headers[':path'] ?? '');
    // From here on it stands between the stream and grpc-js, and ends with the stream.
    new OpenCall(stream, line, sendsMany, this);
    const prepared = this.options.prepare(headers);
    if (prepared === undefined) proceed();
    else void prepared.then(() => !stream.destroyed && !stream.closed && proceed());
  }

  onClose({ client }: OpenCall): void {
    this.calls.release(client);
  }

  onFull({ stream, client }: OpenCall): void {
    this.refuse(stream, tooMany(this.bytes.refusalText(client, 'message bytes')));
  }

  onUnread({ stream }: OpenCall): void {
    this.cut(stream, 'TOO_MUCH_UNREAD');
  }

  /** What has taken too long is ended. */
  private look(): void {
    const now = performance.now();
    this.now = now;
    const { connectMsMax } = this.options.timing;
    for (const { session, since, calls, isHeard } of this.lines.values()) {
      if (!isHeard && now - since > connectMsMax) {
        this.options.cuts.count('grpc', 'CONNECTION_SILENT');
        session.destroy();
      }
      // Whoever is ended leaves the list, though not at once.
      for (const call of [...calls]) this.lookAt(call, now);
    }
  }

  private lookAt(call: OpenCall, now: number): void {
    const { requestMsMax, unreadMsMax, unreadBytesPerMs } = this.options.timing;
    const { stream, sendsMany, since } = call;
    const unread = call.unreadBytes();
    const unreadMs = unread === 0 ? 0 : now - call.unreadSince;
    if (unreadMs > unreadMsMax + unread / unreadBytesPerMs) {
      this.cut(stream, 'UNREAD');
      return;
    }
    if (!stream.readableEnded && this.isSendingOn(call, now)) {
      // What it still sends is of no use to anybody, and the call would stay open for as long.
      stream.close(NGHTTP2_NO_ERROR);
      return;
    }
    const isIn = sendsMany || stream.readableEnded;
    const incomingMs = isIn ? call.partialMs(now) : now - since;
    if (incomingMs > requestMsMax) this.refuse(stream, late(requestMsMax));
  }

  /** Whether the client has had its answer for a while: at once, HTTP/2 would lose the status. */
  private isSendingOn(call: OpenCall, now: number): boolean {
    if (!isAnswered(call.stream)) return false;
    call.answeredAt ??= now;
    return now - call.answeredAt > this.options.timing.sendOnMsMax;
  }

  /** HTTP/2 tells the client; gRPC makes RESOURCE_EXHAUSTED of it. */
  private cut(stream: ServerHttp2Stream, reason: string): void {
    this.options.cuts.count('grpc', reason);
    stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** With words where no answer has begun; else the stream is only ended. */
  private refuse(stream: ServerHttp2Stream, error: EngineError): void {
    const reason = error.reason ?? error.code;
    if (stream.destroyed || stream.closed) return;
    if (stream.headersSent) {
      this.cut(stream, reason);
      return;
    }
    this.options.cuts.count('grpc', reason);
    const { code, details, metadata } = statusOfError(error);
    const status = { 'grpc-status': code, 'grpc-message': encodeURI(details) };
    const headers = { ':status': 200, 'content-type': 'application/grpc+proto', ...status };
    stream.respond({ ...headers, ...metadata?.toHttp2Headers() }, { endStream: true });
    // At once, the reset would overtake the status.
    setTimeout(() => stream.close(NGHTTP2_NO_ERROR), doorLimits.lookEveryMs).unref();
  }
}

/** Read once: to take a certificate apart takes longer than a call. */
function tillOn({ socket }: ServerHttp2Session): CertifiedTill | undefined {
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate && certifiedTill(certificate, systemClock);
}

/** Puts a condition before all who hear of an event. */
function admitOnly<Value>(
  server: Http2Server,
  event: string,
  isAdmitted: (value: Value) => boolean,
): void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (value: Value) => {
    if (!isAdmitted(value)) return;
    for (const listener of listeners) listener.call(server, value);
  });
}

function isAnswered({ sentHeaders, sentTrailers }: ServerHttp2Stream): boolean {
  if (sentTrailers !== undefined) return true;
  return sentHeaders?.['grpc-status'] !== undefined || (sentHeaders?.[':status'] ?? 200) !== 200;
}

type Open = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, proceed: () => void) => void;

function interceptStreams(server: Http2Server, open: Open): void {
  const listeners = server.listeners('stream');
  server.removeAllListeners('stream');
  server.on('stream', (stream, headers, ...rest) => {
    open(stream, headers, () => {
      for (const listener of listeners) listener.call(server, stream, headers, ...rest);
    });
  });
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** grpc-js counts in 32 bits: a deadline of more than 24 days would have passed at once. */
function dropFarDeadline(headers: IncomingHttpHeaders): void {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'])) ?? [];
  if (Number(digits) * (unitMs[unit] ?? 0) >= 2 ** 31) delete headers['grpc-timeout'];
}

function tooMany(message: string): EngineError {
  const details = { reason: 'TOO_MANY_CALLS', retryAfterMs: doorLimits.overloadRetryMs };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}

function late(milliseconds: number): EngineError {
  const message = `the message did not come in within ${milliseconds / 1_000} seconds`;
  return new EngineError('DEADLINE_EXCEEDED', message, { reason: 'REQUEST_LATE' });
}
