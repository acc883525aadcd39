// Every gRPC connection and call before a service sees it: how many one client may have, how long
// they may keep us waiting, and when those are cut that do not send or do not read.
import http2, {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.ts';
import type { Cuts } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import { type AddressOf, type Client, Shares } from '../shares.ts';
import { Inflow } from './inflow.ts';
import type { Timing } from './parts.ts';
import { statusOfError } from './status.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = http2.constants;

export interface GuardOptions {
  readonly timing: Timing;
  readonly addressOf: AddressOf;
  /** Whether a call of this path sends messages for as long as it likes. */
  readonly sendsMany: (path: string) => boolean;
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
  readonly calls: Set<OpenCall>;
  /** The client has said what it can do, as every client of HTTP/2 does first. */
  isHeard: boolean;
}

interface OpenCall {
  readonly stream: ServerHttp2Stream;
  readonly client: Client;
  readonly since: number;
  readonly sendsMany: boolean;
  inflow: Inflow | undefined;
  /** Bytes that were answered and wait to be read, and since when none of them has been. */
  unread: number;
  unreadSince: number;
  /** When it was first seen to be answered. */
  answeredAt: number | undefined;
}

type Taken = (error: Error | null | undefined) => void;

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

export class Guard {
  private readonly options: GuardOptions;
  private readonly connections: Shares;
  private readonly calls: Shares;
  private readonly bytes: Shares;
  private readonly lines = new Map<ServerHttp2Session, Line>();
  private readonly timer: NodeJS.Timeout;

  constructor(options: GuardOptions) {
    this.options = options;
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

  /** How many calls there are. */
  get openCalls(): number {
    return this.calls.taken;
  }

  /** To be called when the server listens, before the event loop turns. */
  watch(server: Server): void {
    for (const listening of server['http2Servers'].keys()) {
      const http2Server = listening as Http2Server;
      admitOnly(http2Server, 'connection', (socket: Socket) => this.admitConnection(socket));
      http2Server.on('session', (session) => this.addLine(session));
      handStreams(http2Server, (stream, headers, handOn) => this.open(stream, headers, handOn));
    }
  }

  private admitConnection(socket: Socket): boolean {
    const address = this.options.addressOf(socket.remoteAddress);
    // Who is not told apart by address is bounded by the whole alone.
    const client = { connection: address ?? socket };
    if (this.connections.take(client)) {
      socket.once('close', () => this.connections.give(client));
      return true;
    }
    this.options.cuts.count('grpc', 'TOO_MANY_CONNECTIONS');
    socket.destroy();
    return false;
  }

  private addLine(session: ServerHttp2Session): void {
    const { remoteAddress, remotePort } = session.socket;
    const client = clientAt(`${remoteAddress}:${remotePort}`, this.options.addressOf);
    const since = performance.now();
    const line: Line = { session, client, since, calls: new Set(), isHeard: false };
    this.lines.set(session, line);
    session.once('remoteSettings', () => {
      line.isHeard = true;
    });
    session.once('close', () => this.lines.delete(session));
  }

  private open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handOn: () => void): void {
    const line = stream.session && this.lines.get(stream.session as ServerHttp2Session);
    if (line === undefined || stream.destroyed || stream.closed) return;
    stream.once('error', () => {
      // Who listens to nothing else of this stream hears of its end by `close`.
    });
    if (!this.calls.take(line.client)) {
      this.refuse(stream, tooMany(this.calls.whyNot(line.client, 'open calls')));
      return;
    }
    dropFarDeadline(headers);
    const since = performance.now();
    const sendsMany = this.options.sendsMany(headers[':path'] ?? '');
    const { client } = line;
    const call: OpenCall = {
      stream,
      client,
      since,
      sendsMany,
      inflow: undefined,
      unread: 0,
      unreadSince: since,
      answeredAt: undefined,
    };
    this.countWrites(call);
    handOn();
    call.inflow = this.countInflow(call);
    line.calls.add(call);
    stream.once('close', () => {
      line.calls.delete(call);
      this.calls.give(client);
      call.inflow?.stop();
      this.options.unread.give(client, call.unread);
      call.unread = 0;
    });
  }

  private countInflow({ stream, client }: OpenCall): Inflow {
    return new Inflow(stream, {
      take: (bytes) => this.bytes.take(client, bytes),
      give: (bytes) => this.bytes.give(client, bytes),
      onFull: () => this.refuse(stream, tooMany(this.bytes.whyNot(client, 'message bytes'))),
    });
  }

  /** HTTP/2 calls back for each message as its client makes room for the last of its bytes. */
  private countWrites(call: OpenCall): void {
    const { stream, client } = call;
    const { unread } = this.options;
    const write = stream.write.bind(stream) as (bytes: Buffer, taken: Taken) => boolean;
    const counted = (bytes: Buffer, taken: Taken): boolean => {
      const { length } = bytes;
      if (!unread.take(client, length)) {
        this.cut(stream, 'TOO_MUCH_UNREAD');
        return false;
      }
      if (call.unread === 0) call.unreadSince = performance.now();
      call.unread += length;
      return write(bytes, (error) => {
        // Of a call that is over, all was given back at once.
        if (call.unread > 0) {
          call.unread -= length;
          call.unreadSince = performance.now();
          unread.give(client, length);
        }
        taken(error);
      });
    };
    stream.write = counted as typeof stream.write;
  }

  /** What has taken too long is ended. */
  private look(): void {
    const now = performance.now();
    const { connectMsMax } = this.options.timing;
    for (const { session, since, calls, isHeard } of this.lines.values()) {
      if (!isHeard && now - since > connectMsMax) {
        this.options.cuts.count('grpc', 'CONNECTION_SILENT');
        session.destroy();
      }
      for (const call of calls) this.lookAt(call, now);
    }
  }

  private lookAt(call: OpenCall, now: number): void {
    const { requestMsMax, unreadMsMax } = this.options.timing;
    const { stream, inflow, sendsMany, since, unread, unreadSince } = call;
    const unreadMs = unread === 0 ? 0 : now - unreadSince;
    if (unreadMs > unreadMsMax + unread / doorLimits.unreadBytesPerMs) {
      this.cut(stream, 'UNREAD');
      return;
    }
    if (!stream.readableEnded && this.isSendingOn(call, now)) {
      // What it still sends is of no use to anybody, and the call would stay open for as long.
      stream.close(NGHTTP2_NO_ERROR);
      return;
    }
    const isIn = sendsMany || stream.readableEnded;
    const incomingMs = isIn ? (inflow?.partialMs(now) ?? 0) : now - since;
    if (incomingMs > requestMsMax) this.refuse(stream, late(requestMsMax));
  }

  /** Whether the client has had its answer for a while: at once, HTTP/2 would lose the status. */
  private isSendingOn(call: OpenCall, now: number): boolean {
    if (!isAnswered(call.stream)) return false;
    call.answeredAt ??= now;
    return now - call.answeredAt > this.options.timing.sendOnMsMax;
  }

  /** The client is told by HTTP/2; gRPC makes RESOURCE_EXHAUSTED of it. */
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
    stream.close(NGHTTP2_NO_ERROR);
  }
}

/** The client of a connection by its peer, `address:port`. */
export function clientAt(peer: string, addressOf: AddressOf): Client {
  return { connection: peer, address: addressOf(peer.slice(0, peer.lastIndexOf(':'))) };
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

type Open = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handOn: () => void) => void;

function handStreams(server: Http2Server, open: Open): void {
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
