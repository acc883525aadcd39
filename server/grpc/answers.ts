// What one streaming call answers, message by message: when each is out, and that nobody is there
// any more.
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';

type Stream = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/**
 * A promise for each message, settled in any case: a stream lives for a day, and whatever hung on
 * one promise of its own end would be kept for as long.
 */
export class Answers {
  /** The call has ended, by whomever. */
  isGone = false;
  private readonly call: Stream;
  private readonly waiting = new Set<() => void>();
  private last: Promise<void> = Promise.resolve();

  constructor(call: Stream, onGone: () => void) {
    this.call = call;
    const leave = (): void => {
      if (this.isGone) return;
      this.isGone = true;
      for (const settle of this.waiting) settle();
      this.waiting.clear();
      onGone();
    };
    call.once('cancelled', leave).once('close', leave);
  }

  /** Whether something was written that the client has not taken yet. */
  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Resolves when all that was written is taken. */
  async written(): Promise<void> {
    while (this.isWaiting) await this.last;
  }

  /** Resolves when HTTP/2 has taken the message, which it does as the client reads, or is gone. */
  write(bytes: Buffer): Promise<void> {
    if (this.isGone) return Promise.resolve();
    this.last = new Promise((resolve) => {
      this.waiting.add(resolve);
      this.call.write(bytes, () => {
        this.waiting.delete(resolve);
        resolve();
      });
    });
    return this.last;
  }
}
