// Redis as the shortcut between nodes: each publishes its journal as frames in one bounded stream.
// What is lost here is read from the log, so that nothing waits for Redis and nothing trusts it.
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { clusterLimits } from './limits.ts';

export interface StreamPlace {
  readonly url: string;
  /** Of which chain, and of which of its nodes. */
  readonly chain: string;
  readonly node: string;
}

function streamName({ chain, node }: StreamPlace): string {
  return `caini:${chain}:journal:${node}`;
}

function connect(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    lazyConnect: false,
    // What cannot be sent now is not sent later: it will be old by then.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: clusterLimits.redisCommandMsMax,
    retryStrategy: (times) =>
      Math.min(clusterLimits.retryMsMin * 2 ** Math.min(times, 8), clusterLimits.retryMsMax),
    reconnectOnError: () => true,
  });
  redis.on('error', (error: Error) => log.debug({ err: error }, 'redis'));
  return redis;
}

/** A connection that does not answer is cut: a paused server keeps it open for ever. */
async function inTime<Value>(redis: Redis, asked: Promise<Value>, msMax: number): Promise<Value> {
  const stop = new AbortController();
  const late = setTimeout(msMax, undefined, { signal: stop.signal, ref: false }).then(() => {
    redis.disconnect(true);
    throw new Error(`redis has not answered within ${msMax} ms`);
  });
  late.catch(() => {});
  asked.catch(() => {});
  try {
    return await Promise.race([asked, late]);
  } finally {
    stop.abort();
  }
}

/** What Redis says of a key that no frame can be added to any more. */
const spoiled = /^WRONGTYPE|the last possible ID|equal or smaller than the target/;

/** Publishes one node's frames. */
export class StreamWriter {
  isUp = false;
  /** Why the connection failed last. */
  private trouble: string | undefined;
  private isLogged = false;
  /** Somebody has put something else there, or used up its ids: nothing of it is needed. */
  private isSpoiled = false;
  private readonly log: Logger;
  private readonly redis: Redis;
  private readonly key: string;

  constructor(place: StreamPlace, log: Logger) {
    this.log = log;
    this.redis = connect(place.url, log);
    this.redis.on('error', (error: Error) => {
      this.trouble = error.message;
    });
    this.redis.on('ready', () => {
      this.trouble = undefined;
    });
    this.key = streamName(place);
  }

  /** Adds frames in their order. Rejects when Redis did not take them all, or did not say so. */
  async add(frames: readonly Buffer[], nowMs: number): Promise<void> {
    try {
      const pipeline = this.redis.pipeline();
      if (this.isSpoiled) pipeline.del(this.key);
      for (const frame of frames) {
        pipeline.xadd(this.key, 'MAXLEN', '~', clusterLimits.streamFramesMax, '*', 'f', frame);
      }
      pipeline.xtrim(this.key, 'MINID', Math.max(0, nowMs - clusterLimits.streamMsMax));
      const asked = pipeline.exec().then((replies) => {
        for (const [error] of replies ?? []) if (error) throw error;
      });
      await inTime(this.redis, asked, clusterLimits.redisCommandMsMax);
      this.isUp = true;
      this.isSpoiled = false;
      if (this.isLogged) this.log.info('redis carries again');
      this.isLogged = false;
    } catch (error) {
      this.isUp = false;
      this.logError(error as Error);
      if (spoiled.test((error as Error).message)) this.isSpoiled = true;
      throw error;
    }
  }

  private logError({ message }: Error): void {
    // The first moments, in which nothing has failed yet.
    const isConnecting = this.trouble === undefined && this.redis.status !== 'ready';
    if (this.isLogged || isConnecting) return;
    this.log.warn(`redis does not carry, the log does: ${this.trouble ?? message}`);
    this.isLogged = true;
  }

  /** After an erase: what was published goes at once, and its key is gone already. */
  async clear(): Promise<void> {
    await inTime(this.redis, this.redis.del(this.key), clusterLimits.redisCommandMsMax);
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** Hears one node's frames, one after the other; `onFrame` is awaited before the next is read. */
export class StreamReader {
  isUp = false;
  private readonly redis: Redis;
  private readonly key: string;
  private readonly onFrame: (frame: Buffer) => Promise<void>;
  private readonly log: Logger;
  private isClosed = false;

  constructor(place: StreamPlace, onFrame: (frame: Buffer) => Promise<void>, log: Logger) {
    this.redis = connect(place.url, log);
    this.key = streamName(place);
    this.onFrame = onFrame;
    this.log = log;
    void this.run();
  }

  close(): void {
    this.isClosed = true;
    this.redis.disconnect();
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      try {
        if (this.redis.status === 'ready') await this.readOn();
        else this.isUp = false;
      } catch (error) {
        this.isUp = false;
        this.log.debug({ err: error }, 'the stream cannot be read');
      }
      if (!this.isClosed) await setTimeout(clusterLimits.retryMsMin, undefined, { ref: false });
    }
  }

  /** From the newest frame on: what lies before it comes from the log. */
  private async readOn(): Promise<void> {
    let last = await this.newestId();
    while (!this.isClosed) {
      const { readBlockMs, redisCommandMsMax, readFramesMax } = clusterLimits;
      const asked = this.redis.xreadBuffer(
        'COUNT',
        readFramesMax,
        'BLOCK',
        readBlockMs,
        'STREAMS',
        this.key,
        last,
      );
      const reply = await inTime(this.redis, asked, readBlockMs + redisCommandMsMax);
      this.isUp = true;
      const rows = framesIn(reply);
      // A stream that began anew under an earlier clock would never reach where we have been.
      if (rows.length === 0 && isBefore(await this.newestId(), last)) last = '0-0';
      for (const [id, [, frame]] of rows) {
        last = id.toString();
        if (frame !== undefined) await this.onFrame(frame);
      }
    }
  }

  private async newestId(): Promise<string> {
    const asked = this.redis.xrevrange(this.key, '+', '-', 'COUNT', 1);
    const [newest] = await inTime(this.redis, asked, clusterLimits.redisCommandMsMax);
    return newest?.[0] ?? '0-0';
  }
}

type Row = readonly [id: Buffer, fields: readonly Buffer[]];

/** Whether one id of a stream comes before another; both are milliseconds and a count. */
function isBefore(one: string, other: string): boolean {
  const [a, b] = [one, other].map((id) => id.split('-').map(BigInt) as [bigint, bigint]);
  return a![0] < b![0] || (a![0] === b![0] && a![1] < b![1]);
}

function framesIn(reply: unknown): readonly Row[] {
  const [stream] = (reply ?? []) as readonly (readonly [Buffer, readonly Row[]])[];
  return stream?.[1] ?? [];
}
