// What one call sends, on its way from HTTP/2 to grpc-js: one message at a time, and the bytes of
// the one that is coming in are counted.
import type { ServerHttp2Stream } from 'node:http2';

/** Before each message: whether it is compressed, and its length in four bytes, highest first. */
const prefixBytes = 5;

export interface InflowOptions {
  /** Counts so many bytes more; false when there is no room for them. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** Called once, when there is no room. */
  onFull(): void;
}

/**
 * grpc-js takes apart whatever has come before anybody asks for the next message: of 16 KiB with
 * messages of five bytes it makes some 2 MB of objects, and keeps them while the call is paused.
 * From here it gets the bytes of one message, and the others wait as the bytes that they are.
 */
export class Inflow {
  private readonly stream: ServerHttp2Stream;
  private readonly options: InflowOptions;
  private readonly handOn: (bytes: Buffer) => void;
  private prefixLeft = prefixBytes;
  private bodyLeft = 0;
  /** Of the last message, whole or not. */
  private held = 0;
  private startedAt = 0;
  private isOver = false;

  /** To be made when grpc-js listens to the stream; from then on it hears what this hands on. */
  constructor(stream: ServerHttp2Stream, options: InflowOptions) {
    this.stream = stream;
    this.options = options;
    const listeners = stream.listeners('data') as ((bytes: Buffer) => void)[];
    this.handOn = (bytes) => {
      for (const listener of listeners) listener.call(stream, bytes);
    };
    for (const listener of listeners) stream.off('data', listener);
    if (listeners.length > 0) stream.on('data', (bytes: Buffer) => this.receive(bytes));
  }

  /** For how long a message has been coming in; 0 between messages. */
  partialMs(now: number): number {
    return this.prefixLeft === prefixBytes ? 0 : now - this.startedAt;
  }

  /** The call is over. */
  stop(): void {
    this.isOver = true;
    this.options.give(this.held);
    this.held = 0;
  }

  private receive(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0 && !this.isOver; ) {
      const end = this.endOfMessage(rest);
      if (!this.hold(end)) return;
      this.handOn(end === rest.length ? rest : rest.subarray(0, end));
      rest = rest.subarray(end);
      if (rest.length > 0 && this.stream.isPaused()) {
        this.stream.unshift(rest);
        return;
      }
    }
  }

  /** Where the message that is coming in ends, or these bytes do. */
  private endOfMessage(bytes: Buffer): number {
    let at = 0;
    if (this.prefixLeft === prefixBytes) {
      this.options.give(this.held);
      this.held = 0;
      this.bodyLeft = 0;
      this.startedAt = performance.now();
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

  private hold(bytes: number): boolean {
    if (this.options.take(bytes)) {
      this.held += bytes;
      return true;
    }
    this.isOver = true;
    this.options.onFull();
    return false;
  }
}
