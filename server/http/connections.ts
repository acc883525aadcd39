// Connections over HTTP, each with what it has asked and not been answered: how many there may be,
// what they may hold, and when one is cut that does not read.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { EngineError, limits } from '../../engine/index.ts';
import type { Cuts } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import { type AddressOf, type Client, Shares } from '../shares.ts';
import { isPacked } from './packed.ts';
import { writeRefusal } from './unparsed.ts';

export interface ConnectionsOptions {
  readonly addressOf: AddressOf;
  readonly cuts: Cuts;
  readonly timing: HttpTiming;
  readonly limits: HttpLimits;
}

/** Numbers that tests cannot reach. */
export interface HttpLimits {
  readonly httpConnectionsMax: number;
  readonly requestsPerConnectionMax: number;
  readonly unreadBytesMax: number;
  readonly bodiesBytesMax: number;
}

/** Milliseconds that tests cannot wait for. */
export interface HttpTiming {
  readonly headMsMax: number;
  readonly requestMsMax: number;
  readonly unreadMsMax: number;
  readonly unreadBytesPerMs: number;
  readonly lookEveryMs: number;
}

/** One connection. What it holds is given back as a whole when it ends. */
interface Line {
  readonly socket: Socket;
  readonly client: Client;
  /** Requests that were asked, and those whose answers are not out, in order. */
  asked: number;
  readonly open: ServerResponse[];
  /** Bytes of answers that wait to be read, and since when none of them has been. */
  unread: number;
  unreadSince: number;
  bodies: number;
  ahead: number;
}

export class Connections {
  private readonly options: ConnectionsOptions;
  private readonly places: Shares;
  private readonly unread: Shares;
  private readonly bodies: Shares;
  private readonly ahead = new Shares(doorLimits.requestsAheadMax);
  private readonly lines = new Map<Socket, Line>();
  /** Connections that have not spoken TLS yet, by their peers. */
  private readonly raw = new Map<string, Socket>();
  private readonly timer: NodeJS.Timeout;

  constructor(options: ConnectionsOptions) {
    this.options = options;
    const { httpConnectionsMax, unreadBytesMax, bodiesBytesMax } = options.limits;
    this.places = new Shares(httpConnectionsMax);
    this.unread = new Shares(unreadBytesMax);
    this.bodies = new Shares(bodiesBytesMax);
    // After what has come in meanwhile is read: a thread that was held makes nobody late.
    const look = () => setImmediate(() => this.look());
    this.timer = setInterval(look, options.timing.lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Takes a new connection, or answers that there is no room and closes it. */
  add(socket: Socket): void {
    if (this.hasPlace(socket)) this.open(socket);
    else writeRefusal(socket, noRoom('TOO_MANY_CONNECTIONS', 'connections of this address'));
  }

  /** The same of one that will speak TLS: until it does, there is nothing to say to it. */
  addRaw(socket: Socket): void {
    if (!this.hasPlace(socket)) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.raw.set(peer, socket);
    socket.once('close', () => this.raw.delete(peer));
  }

  /** Ends those that have not spoken TLS yet: nobody has asked anything on them. */
  endSilent(): void {
    for (const socket of this.raw.values()) socket.destroy();
  }

  /** Whether a request may come on it: over TLS, once both have agreed. */
  isOpen(socket: Socket): boolean {
    return this.lines.has(socket);
  }

  private hasPlace(socket: Socket): boolean {
    const place = { connection: this.options.addressOf(socket.remoteAddress) ?? socket };
    if (!this.places.acquire(place)) {
      this.options.cuts.count('http', 'TOO_MANY_CONNECTIONS');
      return false;
    }
    socket.once('close', () => this.places.release(place));
    return true;
  }

  /** Follows a connection that has its place. */
  open(socket: Socket): void {
    this.raw.delete(peerOf(socket));
    const address = this.options.addressOf(socket.remoteAddress);
    const client = { connection: socket, address };
    const counts = { asked: 0, unread: 0, unreadSince: 0, bodies: 0, ahead: 0 };
    const line: Line = { socket, client, open: [], ...counts };
    this.lines.set(socket, line);
    socket.once('close', () => {
      this.lines.delete(socket);
      this.unread.release(client, line.unread);
      this.bodies.release(client, line.bodies);
      this.ahead.release(client, line.ahead);
    });
  }

  /** What was asked on a connection and is not answered yet, in order. */
  openOn(socket: Socket): readonly ServerResponse[] {
    return this.lines.get(socket)?.open ?? [];
  }

  /** Whether the request may be served. Throws EngineError when it is refused with words. */
  take(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { socket } = incoming;
    const line = this.lines.get(socket);
    // Of a connection that was refused or cut, the parser may hold a few more.
    if (line === undefined || socket.destroyed) return false;
    if (line.open.length >= doorLimits.requestsOpenMax) {
      this.cut(line, 'TOO_MANY_REQUESTS');
      return false;
    }
    line.asked += 1;
    if (line.asked >= this.options.limits.requestsPerConnectionMax) {
      outgoing.shouldKeepAlive = false;
    }
    this.follow(line, outgoing, this.hold(line, incoming));
    if (this.unread.canAcquire(line.client)) return true;
    throw noRoom('TOO_MUCH_UNREAD', 'answers that were not read');
  }

  /** Counts the request until its answer is out. */
  private follow(line: Line, outgoing: ServerResponse, held: Held): void {
    const asked: Asked = Object.assign(held, { line, unread: 0, connections: this });
    line.open.push(outgoing);
    (outgoing as Followed)[followed] = asked;
    outgoing.end = endFollowed as typeof outgoing.end;
    outgoing.once('close', closeFollowed);
  }

  /** An answer is made: what the system has not taken of it at once lies here. */
  answered(line: Line, bytes: number): number {
    if (bytes === 0 || !this.lines.has(line.socket)) return 0;
    if (!this.unread.acquire(line.client, bytes)) {
      this.cut(line, 'TOO_MUCH_UNREAD');
      return 0;
    }
    if (line.unread === 0) line.unreadSince = performance.now();
    line.unread += bytes;
    return bytes;
  }

  /** An answer is out, or nobody waits for it any more. */
  closed(asked: Asked, outgoing: ServerResponse): void {
    const { line, unread } = asked;
    line.open.splice(line.open.indexOf(outgoing), 1);
    if (!this.lines.has(line.socket)) return;
    this.release(line, asked);
    if (unread === 0) return;
    line.unread -= unread;
    line.unreadSince = performance.now();
    this.unread.release(line.client, unread);
  }

  /** Room for the body, as long as it may come to be, and for what is asked before an answer. */
  private hold(line: Line, { headers }: IncomingMessage): Held {
    const { 'content-length': length, 'transfer-encoding': coding } = headers;
    const { 'content-encoding': encoding } = headers;
    const isLonger = coding !== undefined || isPacked(encoding);
    const declared = isLonger ? limits.bodyBytesMax : Number(length ?? 0);
    // Of a longer one not a byte is read.
    const body = declared > limits.bodyBytesMax ? 0 : declared;
    const ahead = line.open.length > 0 ? 1 : 0;
    if (body > 0 && !this.bodies.acquire(line.client, body)) {
      throw noRoom('TOO_MANY_BODIES', 'bodies that are coming in');
    }
    line.bodies += body;
    if (ahead > 0 && !this.ahead.acquire(line.client)) {
      this.release(line, { body, ahead: 0 });
      throw noRoom('TOO_MANY_REQUESTS', 'requests sent ahead of their answers');
    }
    line.ahead += ahead;
    return { body, ahead };
  }

  private release(line: Line, { body, ahead }: Held): void {
    line.bodies -= body;
    line.ahead -= ahead;
    if (body > 0) this.bodies.release(line.client, body);
    if (ahead > 0) this.ahead.release(line.client);
  }

  private look(): void {
    const now = performance.now();
    const { unreadMsMax, unreadBytesPerMs } = this.options.timing;
    for (const line of this.lines.values()) {
      if (line.unread === 0) continue;
      const msMax = unreadMsMax + line.unread / unreadBytesPerMs;
      if (now - line.unreadSince > msMax) this.cut(line, 'UNREAD');
    }
  }

  private cut({ socket }: Line, reason: string): void {
    this.options.cuts.count('http', reason);
    socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

interface Held {
  readonly body: number;
  readonly ahead: number;
}

/** One request. */
interface Asked extends Held {
  readonly connections: Connections;
  readonly line: Line;
  unread: number;
}

const followed = Symbol('the request of an answer');

interface Followed extends ServerResponse {
  [followed]: Asked;
}

/** The same functions for all answers. Events come too late: one that waits its turn has none. */
function endFollowed(this: Followed, ...values: Parameters<ServerResponse['end']>): ServerResponse {
  const asked = this[followed];
  ServerResponse.prototype.end.apply(this, values);
  if (asked.unread === 0) {
    asked.unread = asked.connections.answered(asked.line, this.writableLength);
  }
  return this;
}

function closeFollowed(this: Followed): void {
  this[followed].connections.closed(this[followed], this);
}

function noRoom(reason: string, what: string): EngineError {
  const message = `there is no room for more ${what}; nothing was done, try again`;
  const details = { reason, retryAfterMs: doorLimits.overloadRetryMs };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}
