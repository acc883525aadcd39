// One call between HTTP/2 and grpc-js: what comes in is handed on message by message and counted,
// and so is what goes out until its client has taken it.
import type { ServerHttp2Stream } from 'node:http2';
import type { Client, Shares } from '../shares.ts';

/** What a call is counted in, and who hears of it. */
export interface CallOwner {
  /** Bytes of messages that come in or are being answered. */
  readonly bytes: Shares;
  /** Bytes of answers that were made and that their clients have not taken. */
  readonly unread: Shares;
  /** Milliseconds, as of the last look at all calls: a clock for each message would cost more. */
  readonly now: number;
  /** There is no room for what the client sends. */
  onFull(call: OpenCall): void;
  /** There is no room for what the client does not read. */
  onUnread(call: OpenCall): void;
  onClose(call: OpenCall): void;
}

/** The connection of a call. */
interface CallConnection {
  readonly client: Client;
  readonly calls: OpenCall[];
}

/** Before each message: whether it is compressed, and its length in four bytes, highest first. */
const prefixBytes = 5;

/**
 * grpc-js takes apart whatever has come before anybody asks for the next message: of 16 KiB with
 * messages of five bytes it makes some 2 MB of objects, and keeps them while the call is paused.
 * From here it gets the bytes of one message, and the others wait as the bytes that they are.
 */
export class OpenCall {
  readonly stream: ServerHttp2Stream;
  readonly client: Client;
  /** Whether it may send messages for as long as it likes. */
  readonly sendsMany: boolean;
  /** All calls of its connection, itself included until it closes, and where it is. */
  private readonly siblings: OpenCall[];
  private place: number;
  readonly since: number;
  /** Bytes that were answered and perhaps not read, and since when. */
  unread = 0;
  unreadSince = 0;
  /** When it was first seen to be answered. */
  answeredAt: number | undefined;
  private readonly owner: CallOwner;
  private prefixLeft = prefixBytes;
  private bodyLeft = 0;
  /** Of the last message, whole or not. */
  private messageBytes = 0;
  private startedAt = 0;
  private isOver = false;

  constructor(
    stream: ServerHttp2Stream,
    line: CallConnection,
    sendsMany: boolean,
    owner: CallOwner,
  ) {
    this.stream = stream;
    this.client = line.client;
    this.siblings = line.calls;
    this.sendsMany = sendsMany;
    this.owner = owner;
    this.since = owner.now;
    this.place = this.siblings.push(this) - 1;
    interceptStream(stream, this);
  }

  /** For how long a message has been coming in; 0 between messages. */
  partialMs(now: number): number {
    return this.prefixLeft === prefixBytes ? 0 : now - this.startedAt;
  }

  /** Bytes that wait for the client to make room for them. */
  unreadBytes(): number {
    if (this.unread > 0 && this.stream.writableLength === 0) this.releaseWritten();
    return this.unread;
  }

  receive(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0 && !this.isOver; ) {
      const end = this.endOfMessage(rest);
      if (!this.owner.bytes.acquire(this.client, end)) {
        this.isOver = true;
        this.owner.onFull(this);
        return;
      }
      this.messageBytes += end;
      emitOf.call(this.stream, 'data', end === rest.length ? rest : rest.subarray(0, end));
      rest = rest.subarray(end);
      if (rest.length > 0 && this.stream.isPaused()) {
        this.stream.unshift(rest);
        return;
      }
    }
  }

  /** grpc-js writes one message after the other: the one before has been taken. */
  mayWrite(length: number): boolean {
    this.releaseWritten();
    if (this.isOver) return false;
    if (!this.owner.unread.acquire(this.client, length)) {
      this.owner.onUnread(this);
      return false;
    }
    this.unread = length;
    this.unreadSince = this.owner.now;
    return true;
  }

  close(): void {
    this.isOver = true;
    this.releaseWritten();
    this.releaseRead();
    this.leave();
    this.owner.onClose(this);
  }

  /**
   * The last one takes its place. A set that is added to and taken from all day leaves its old
   * tables to the collector, and with them the calls that stood in them.
   */
  private leave(): void {
    const last = this.siblings.pop()!;
    if (last === this) return;
    this.siblings[this.place] = last;
    last.place = this.place;
  }

  private releaseWritten(): void {
    if (this.unread === 0) return;
    this.owner.unread.release(this.client, this.unread);
    this.unread = 0;
  }

  private releaseRead(): void {
    if (this.messageBytes === 0) return;
    this.owner.bytes.release(this.client, this.messageBytes);
    this.messageBytes = 0;
  }

  /** Where the message that is coming in ends, or these bytes do. */
  private endOfMessage(bytes: Buffer): number {
    let at = 0;
    if (this.prefixLeft === prefixBytes) {
      this.releaseRead();
      this.bodyLeft = 0;
      this.startedAt = this.owner.now;
    }
    for (; this.prefixLeft > 0 && at < bytes.length; at++) {
      if (this.prefixLeft < prefixBytes) this.bodyLeft = this.bodyLeft * 256 + bytes[at]!;
      this.prefixLeft -= 1;
    }
    if (this.prefixLeft > 0) return at;
    const took = Math.min(this.bodyLeft, bytes.length - at);
    this.bodyLeft -= took;
    if (this.bodyLeft === 0) this.prefixLeft = prefixBytes;
    return at + took;
  }
}

const watched = Symbol('the call of a stream');

interface Watched extends ServerHttp2Stream {
  [watched]: OpenCall;
}

let emitOf: ServerHttp2Stream['emit'];
let writeOf: ServerHttp2Stream['write'];

/**
 * Between the stream and all who use it. Listeners and wrapped functions for each call took a fifth
 * more of the time of a call; these are the same two functions for all.
 */
function interceptStream(stream: ServerHttp2Stream, call: OpenCall): void {
  ({ emit: emitOf, write: writeOf } = Object.getPrototypeOf(stream) as ServerHttp2Stream);
  const own = stream as Watched;
  own[watched] = call;
  own.emit = emitWatched as typeof own.emit;
  own.write = writeWatched as typeof own.write;
}

/** HTTP/2 tells at most three things of an event; a list of them for each would be made anew. */
function emitWatched(this: unknown, event: string | symbol, a?: unknown, b?: unknown, c?: unknown) {
  const stream = this as Watched;
  if (event === 'data') {
    stream[watched].receive(a as Buffer);
    return true;
  }
  if (event === 'close') stream[watched].close();
  return emitOf.call(stream, event as 'data', a as never, b as never, c as never);
}

function writeWatched(this: Watched, bytes: Buffer, taken: () => void): boolean {
  return this[watched].mayWrite(bytes.length) && writeOf.call(this, bytes, taken as never);
}
