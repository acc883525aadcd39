// A process of its own that sends requests at fixed moments, whether answers come or not: latency
// counts from the moment a request was due, so that stalls of either side are in it.
import { connect, type Socket } from 'node:net';
import { answerJob } from './process.ts';

export interface OpenStream {
  readonly name: string;
  readonly paths: readonly string[];
  /** POSTed as JSON, one after another; absent: GET. */
  readonly bodies?: readonly string[];
  /** The API key that it shows; absent: none. */
  readonly key?: string;
  /** A closed loop sends on a connection as soon as the last answer on it has come. */
  readonly perSecond: number | 'closed loop';
  /** What is due while all of them wait is sent late. */
  readonly connectionsMax: number;
}

export interface OpenJob {
  readonly url: string;
  readonly seconds: number;
  readonly streams: readonly OpenStream[];
  /** Not measured: the first so many seconds. */
  readonly warmUpSeconds?: number;
  /** What is due and finds no free connection for so long is given up. Default: a minute. */
  readonly patienceMs?: number;
  /** Default: `due`. From `sent` the generator's own queue is left out, and reported as `late`. */
  readonly latencyFrom?: 'due' | 'sent';
}

export interface StreamAnswer {
  readonly name: string;
  /** Milliseconds from due to answered, of answers with status 2xx. */
  readonly ok: Float64Array;
  /** The same of 503. */
  readonly shed: Float64Array;
  /** Any other status, and connections that broke. */
  readonly failed: number;
  /** Due, but no connection was free for so long that it was given up: the generator's limit. */
  readonly unsent: number;
  /** Milliseconds by which what was sent went out late. */
  readonly late: Float64Array;
  /** A 503 without `retry-after`. */
  readonly withoutRetryAfter: number;
}

export interface OpenAnswer {
  readonly seconds: number;
  readonly streams: readonly StreamAnswer[];
}

const patienceMsDefault = 60_000;
/** Answers to what is still out are waited for so long. */
const tailMs = 3_000;
const listItemsChecked = 1_000;

interface Waiting {
  due: number;
  counts: boolean;
}

class Stream {
  readonly ok: number[] = [];
  readonly shed: number[] = [];
  readonly late: number[] = [];
  failed = 0;
  unsent = 0;
  withoutRetryAfter = 0;
  out = 0;
  readonly options: Omit<OpenStream, 'bodies'>;
  private readonly requests: Requests;
  private readonly host: URL;
  private readonly idle: Connection[] = [];
  private readonly due: Waiting[] = [];
  private dueAt = 0;
  private opened = 0;
  private next = 0;
  private answered = 0;

  private readonly patienceMs: number;
  private readonly fromSent: boolean;

  constructor(options: OpenStream, host: URL, job: OpenJob) {
    const { bodies: _, ...others } = options;
    this.options = others;
    this.patienceMs = job.patienceMs ?? patienceMsDefault;
    this.fromSent = job.latencyFrom === 'sent';
    this.host = host;
    this.requests = encodeRequests(options, host);
  }

  /** One more is due: it goes out on a free connection, or waits for one. */
  send(waiting: Waiting): void {
    this.due.push(waiting);
    this.flush();
  }

  /** One on each free connection, due now. */
  sendAll(due: number, counts: boolean): void {
    const free = this.idle.length + this.options.connectionsMax - this.opened;
    for (let count = 0; count < free; count++) this.send({ due, counts });
  }

  private flush(): void {
    while (this.dueAt < this.due.length) {
      const connection = this.idle.pop() ?? this.open();
      if (connection === undefined) return;
      const waiting = this.due[this.dueAt++]!;
      const now = performance.now();
      if (now - waiting.due > this.patienceMs) {
        if (waiting.counts) this.unsent += 1;
        this.idle.push(connection);
        continue;
      }
      if (waiting.counts) this.late.push(now - waiting.due);
      if (this.fromSent) waiting.due = now;
      this.out += 1;
      connection.send(waiting, this.requests.at(this.next++));
    }
    this.due.length = 0;
    this.dueAt = 0;
  }

  /** Whether every connection waits for an answer. */
  get isFull(): boolean {
    return this.idle.length === 0 && this.opened >= this.options.connectionsMax;
  }

  giveUp(): void {
    for (; this.dueAt < this.due.length; this.dueAt++) {
      if (this.due[this.dueAt]!.counts) this.unsent += 1;
    }
  }

  private open(): Connection | undefined {
    if (this.opened >= this.options.connectionsMax) return undefined;
    this.opened += 1;
    return new Connection(this, this.host);
  }

  answer(connection: Connection, { due, counts }: Waiting, { status, head, body }: Reply): void {
    this.out -= 1;
    const milliseconds = performance.now() - due;
    this.idle.push(connection);
    if (counts) {
      if (status >= 200 && status < 300) this.ok.push(milliseconds);
      else if (status === 503) this.onShed(milliseconds, head);
      else this.failed += 1;
    }
    this.answered += 1;
    if (status === 200 && this.answered % listItemsChecked === 0) checkBody(body());
    this.flush();
  }

  private onShed(milliseconds: number, head: string): void {
    this.shed.push(milliseconds);
    if (!/\r\nretry-after: \d+/i.test(head)) this.withoutRetryAfter += 1;
  }

  broke(waiting: Waiting | undefined): void {
    this.opened -= 1;
    if (waiting === undefined) return;
    this.out -= 1;
    if (waiting.counts) this.failed += 1;
  }

  forget(connection: Connection): void {
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }
}

/**
 * One after another in one piece of memory: of 150,000 buffers the collector would make stalls of
 * seconds.
 */
class Requests {
  private readonly bytes: Buffer;
  private readonly ends: Float64Array;

  constructor(encode: (index: number) => Buffer, count: number) {
    let bytes = Buffer.allocUnsafe(1_048_576);
    let end = 0;
    this.ends = new Float64Array(count);
    for (let index = 0; index < count; index++) {
      const request = encode(index);
      if (end + request.length > bytes.length) {
        bytes = Buffer.concat([bytes, Buffer.allocUnsafe(bytes.length + request.length)]);
      }
      end += request.copy(bytes, end);
      this.ends[index] = end;
    }
    this.bytes = bytes;
  }

  at(place: number): Buffer {
    const index = place % this.ends.length;
    return this.bytes.subarray(index === 0 ? 0 : this.ends[index - 1], this.ends[index]);
  }
}

function encodeRequests({ paths, bodies, key }: OpenStream, { host }: URL): Requests {
  const shown = key === undefined ? '' : `x-api-key: ${key}\r\n`;
  const count = Math.max(paths.length, bodies?.length ?? 0);
  const encode = (index: number): Buffer => {
    const path = paths[index % paths.length]!;
    if (bodies === undefined) {
      return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${shown}\r\n`);
    }
    const body = Buffer.from(bodies[index % bodies.length]!);
    const head = [
      `POST ${path} HTTP/1.1`,
      `host: ${host}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n${shown}\r\n`), body]);
  };
  return new Requests(encode, count);
}

/** Lists are not empty, and every body is JSON. */
function checkBody(body: string): void {
  const { items } = JSON.parse(body) as { items?: unknown[] };
  if (items !== undefined && items.length === 0) throw new Error('a list was empty');
}

interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: () => string;
}

class Connection {
  private readonly socket: Socket;
  private readonly stream: Stream;
  private waiting: Waiting | undefined;
  private chunks: Buffer[] = [];
  private received = 0;
  private head = '';
  private headBytes = 0;
  private bodyBytes = 0;

  constructor(stream: Stream, { hostname, port }: URL) {
    this.stream = stream;
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', () => {
      this.stream.forget(this);
      this.stream.broke(this.waiting);
    });
  }

  send(waiting: Waiting, request: Buffer): void {
    this.waiting = waiting;
    this.socket.write(request);
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.headBytes === 0) this.readHead();
    if (this.headBytes === 0 || this.received < this.headBytes + this.bodyBytes) return;
    const { waiting, head, chunks, headBytes } = this;
    this.chunks = [];
    this.received = 0;
    this.headBytes = 0;
    this.waiting = undefined;
    const body = () => Buffer.concat(chunks).toString('utf8', headBytes);
    const status = Number(head.slice(9, 12));
    this.stream.answer(this, waiting!, { status, head, body });
  }

  private readHead(): void {
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    const [first] = this.chunks as [Buffer];
    const end = first.indexOf('\r\n\r\n');
    if (end === -1) return;
    this.head = first.toString('latin1', 0, end);
    this.headBytes = end + 4;
    this.bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(this.head)?.[1] ?? 0);
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Slept at a time: a generator that spins takes a core from the threads of what it measures. */
const napMs = 0.1;
const napCell = new Int32Array(new SharedArrayBuffer(4));

/** Sends what is due, naps while something is due soon, and sleeps otherwise. */
async function drive(streams: readonly Stream[], job: OpenJob): Promise<void> {
  const warmUpMs = (job.warmUpSeconds ?? 1) * 1_000;
  const startedAt = performance.now();
  const endsAt = startedAt + warmUpMs + job.seconds * 1_000;
  const sent = streams.map(() => 0);
  while (performance.now() < endsAt) {
    const now = performance.now();
    let soonest = endsAt;
    for (const [index, stream] of streams.entries()) {
      const { perSecond } = stream.options;
      if (perSecond === 'closed loop') {
        stream.sendAll(now, now >= startedAt + warmUpMs);
        continue;
      }
      const stepMs = 1_000 / perSecond;
      let due = startedAt + sent[index]! * stepMs;
      for (; due <= now; due += stepMs) {
        stream.send({ due, counts: due >= startedAt + warmUpMs });
        sent[index]! += 1;
      }
      // What is due while every connection waits cannot be sent: looking again at once is in vain.
      soonest = Math.min(soonest, stream.isFull ? performance.now() + 2 * napMs : due);
    }
    const isClosed = streams.some(({ options }) => options.perSecond === 'closed loop');
    const idleMs = isClosed ? 0 : soonest - performance.now();
    // A timer may be a millisecond late.
    if (idleMs > 2) {
      await new Promise((resolve) => setTimeout(resolve, idleMs - 1.5));
    } else {
      if (idleMs > napMs) Atomics.wait(napCell, 0, 0, napMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

answerJob(async (job: OpenJob): Promise<OpenAnswer> => {
  const host = new URL(job.url);
  // Taken out of the job, so that their bodies are kept once.
  const requested = (job.streams as OpenStream[]).splice(0);
  const streams = requested.map((stream) => new Stream(stream, host, job));
  await drive(streams, job);
  const until = performance.now() + tailMs;
  while (streams.some(({ out }) => out > 0) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const stream of streams) stream.giveUp();
  return {
    seconds: job.seconds,
    streams: streams.map(({ options, ok, shed, late, failed, unsent, out, withoutRetryAfter }) => ({
      name: options.name,
      ok: Float64Array.from(ok),
      shed: Float64Array.from(shed),
      late: Float64Array.from(late),
      failed: failed + out,
      unsent,
      withoutRetryAfter,
    })),
  };
});
