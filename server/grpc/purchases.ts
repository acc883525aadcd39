// Receipts in a stream: each recorded as it comes and answered in the order sent, and no more of
// them read than can be held.
import type {
  handleClientStreamingCall,
  ServerDuplexStream,
  ServerReadableStream,
} from '@grpc/grpc-js';
import { IngestResult, RecordPurchasesResponse } from '#proto/caini/v1/ingest.js';
import { EngineError, limits } from '../../engine/index.ts';
import type { PendingRequest } from '../codel-queue.ts';
import { doorLimits } from '../limits.ts';
import { overloadedError } from '../load-shedder.ts';
import type { Result } from '../operations/operation.ts';
import { schemaNode } from '../operations/violations.ts';
import { operations } from '../operations.ts';
import type { Client } from '../shares.ts';
import { Answers } from './answers.ts';
import { type IdleWatch, watchIdle } from './idle.ts';
import { decodeMessage, toInput } from './input.ts';
import { type Calling, callerOf, type Parts, refuse, stopping, tooMuchUnread } from './parts.ts';
import { purchaseMessage } from './quantities.ts';
import { toIngestResult } from './replies.ts';
import type { Call } from './services.ts';
import { createSlots, type Slots } from './slots.ts';

const ingestPurchases = operations.find(({ name }) => name === 'ingestPurchases')!;

/** Both streams share the slots of the server: receipts that were read and are not answered. */
export function purchaseCalls(parts: Parts): Readonly<Record<string, Call>> {
  const slots = createSlots(limits.streamPurchasesMax);
  return {
    'IngestService/StreamPurchases': {
      handle: (call: EachStream) => new AnsweredStream(call, parts, slots).begin(),
      requestStream: true,
      responseStream: true,
    },
    'IngestService/RecordPurchases': {
      handle: answerTogether(parts, slots),
      requestStream: true,
      responseStream: false,
    },
  };
}

/** Rejects with what stops the stream; what is wrong with one receipt is its result. */
async function record(parts: Parts, call: Calling, bytes: Buffer): Promise<Result> {
  const { chain } = parts;
  // With every receipt: a key that was revoked meanwhile sends no more.
  const caller = callerOf(parts, call, ingestPurchases);
  const value = toInput(decodeMessage(purchaseMessage, bytes), schemaNode(ingestPurchases.input));
  return chain.run(ingestPurchases, caller, { value, parseIssues: [] });
}

interface RetryingRequest extends PendingRequest {
  /** Nobody waits for the answer any more. */
  isGone(): boolean;
}

/**
 * Through the load shedder with every receipt. Where another caller is refused, this one is held
 * back and asks again: what it has read ahead is bounded, and HTTP/2 holds back the rest.
 */
function limitWithRetries(
  { chain, timing }: Parts,
  { serve, refuse, isGone }: RetryingRequest,
): void {
  const since = performance.now();
  const ask = (): void =>
    chain.limit(ingestPurchases.load, {
      serve,
      refuse() {
        const isPatient = performance.now() - since < timing.streamOverloadMsMax && !isGone();
        if (isPatient) setTimeout(ask, doorLimits.streamOverloadRetryMs);
        else refuse();
      },
    });
  ask();
}

function toResult({ body, violations = [] }: Result): IngestResult {
  return toIngestResult({ ...body, errors: violations });
}

/** A receipt of a whole aisle takes as much room as many small ones. */
function slotsOf(bytes: Buffer): number {
  return Math.max(1, Math.ceil(bytes.length / limits.streamPurchaseBytes));
}

type EachStream = ServerDuplexStream<Buffer, Buffer>;

class AnsweredStream {
  private readonly call: EachStream;
  private readonly parts: Parts;
  private readonly slots: Slots;
  private readonly client: Client;
  private readonly answers: Answers;
  private readonly idle: IdleWatch;
  /** Receipts that were read and whose answers are not out. */
  private ahead = 0;
  private isWaiting = false;
  private hasEnded = false;
  private isStopping = false;
  /** The client has sent its last. */
  private isRead = false;
  /** Everything that was read has been answered. */
  private answered: Promise<void> = Promise.resolve();

  constructor(call: EachStream, parts: Parts, slots: Slots) {
    this.call = call;
    this.parts = parts;
    this.slots = slots;
    this.client = parts.clientOf(call);
    this.idle = watchIdle({
      msMax: parts.timing.streamIdleMsMax,
      isHeldUp: () => this.ahead > 0 || this.isWaiting,
      onIdle: (why) => this.fail(why),
    });
    this.answers = new Answers(call, () => {
      this.hasEnded = true;
      this.idle.stop();
    });
  }

  begin(): void {
    const { call, parts } = this;
    try {
      // Before anything is sent.
      callerOf(parts, call, ingestPurchases);
    } catch (error) {
      this.fail(error);
      return;
    }
    const forget = parts.streams.add(() => {
      this.isStopping = true;
      void this.answered.then(() => this.fail(stopping()));
    });
    call.once('cancelled', forget).once('close', forget);
    // An iterator would destroy the stream at its end, and the answers with it.
    call.on('data', (bytes: Buffer) => this.receive(bytes));
    call.on('end', () => {
      this.isRead = true;
      this.endOnceAnswered();
    });
  }

  private receive(bytes: Buffer): void {
    this.idle.touch();
    const count = slotsOf(bytes);
    this.isWaiting = true;
    if (this.slots.tryAcquire(this.client, count)) this.limit(bytes, count);
    else void this.slots.acquire(this.client, count).then(() => this.limit(bytes, count));
    if (this.isWaiting) this.call.pause();
  }

  /** One at a time of each stream: meanwhile no more of it is read. */
  private limit(bytes: Buffer, count: number): void {
    const take = (recorded: () => Promise<Result>): void => {
      this.isWaiting = false;
      this.take(recorded, count);
      if (this.call.isPaused()) this.readOrWait();
      this.endOnceAnswered();
    };
    limitWithRetries(this.parts, {
      serve: () => take(() => record(this.parts, this.call, bytes)),
      refuse: () => take(() => Promise.reject(overloadedError())),
      isGone: () => this.hasEnded,
    });
  }

  private take(recorded: () => Promise<Result>, count: number): void {
    this.ahead += 1;
    if (this.hasEnded || this.isStopping) this.releaseSlots(count);
    else this.answer(recorded(), count);
    if (this.ahead >= limits.streamPurchasesAheadMax) this.call.pause();
  }

  /** Half of what may be ahead is answered before more is read, not one by one. */
  private readOrWait(): void {
    if (!this.isWaiting && this.ahead <= limits.streamPurchasesAheadMax / 2) this.call.resume();
  }

  private answer(recorded: Promise<Result>, count: number): void {
    const inTurn = this.answered;
    this.answered = recorded
      .then(async (result) => {
        await inTurn;
        if (!this.hasEnded) await this.write(toResult(result));
      })
      .catch(async (error: unknown) => {
        // What was recorded before it is answered before it.
        await inTurn;
        this.fail(error);
      })
      .finally(() => this.releaseSlots(count));
  }

  private write(result: IngestResult): Promise<void> {
    return this.answers.write(Buffer.from(IngestResult.encode(result).finish()));
  }

  private releaseSlots(count: number): void {
    this.slots.release(this.client, count);
    this.ahead -= 1;
    this.readOrWait();
  }

  /** The last receipt may still wait for room when the end has been read. */
  private endOnceAnswered(): void {
    if (this.isRead && !this.isWaiting) void this.answered.then(() => this.end());
  }

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.call.end();
  }

  private fail(error: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const rpc = 'IngestService/StreamPurchases';
    this.call.emit('error', refuse(this.parts, rpc, error));
  }
}

function answerTogether(parts: Parts, slots: Slots): handleClientStreamingCall<Buffer, Buffer> {
  return (call, callback) => {
    const collected = new Collected(parts, slots, parts.clientOf(call));
    const ends: (() => void)[] = [];
    let hasEnded = false;
    const finish = (answer: () => void): void => {
      if (hasEnded) return;
      hasEnded = true;
      for (const end of ends) end();
      answer();
    };
    const fail = (error: unknown): void =>
      finish(() => callback(refuse(parts, 'IngestService/RecordPurchases', error)));
    const idle = watchIdle({
      msMax: parts.timing.streamIdleMsMax,
      isHeldUp: () => collected.isWaiting,
      onIdle: fail,
    });
    ends.push(() => idle.stop());
    ends.push(parts.streams.add(() => fail(stopping())));
    call.once('cancelled', () => {
      finish(() => {});
      collected.forget();
    });
    const readAll = async (): Promise<void> => {
      callerOf(parts, call, ingestPurchases);
      const results = await collected.readAll(call, () => idle.touch());
      finish(() => callback(null, results));
    };
    readAll().catch(fail);
  };
}

/** The results of one call, encoded, and counted as answers that were not read. */
class Collected {
  private readonly parts: Parts;
  private readonly slots: Slots;
  private readonly client: Client;
  /** For room; meanwhile nothing is read. */
  isWaiting = false;
  private bytes = 0;
  private isOver = false;

  constructor(parts: Parts, slots: Slots, client: Client) {
    this.parts = parts;
    this.slots = slots;
    this.client = client;
  }

  /** The encoded response. Rejects with what stops the call. */
  async readAll(
    call: ServerReadableStream<Buffer, Buffer>,
    onReceipt: () => void,
  ): Promise<Buffer> {
    const recording: Promise<Buffer>[] = [];
    for await (const bytes of call) {
      onReceipt();
      if (recording.length === limits.batchPurchasesMax) throw tooMany();
      const count = await this.slotsFor(bytes as Buffer);
      const recorded = this.recordOne(record(this.parts, call, bytes as Buffer), count);
      // Looked at when all are here; until then a failure is not one that nobody handles.
      recorded.catch(() => undefined);
      recording.push(recorded);
    }
    // Fields of one message may come one after another, each encoded by itself.
    const results = Buffer.concat(await Promise.all(recording));
    // From here on they count as written.
    this.forget();
    return results;
  }

  forget(): void {
    this.isOver = true;
    this.parts.unread.release(this.client, this.bytes);
    this.bytes = 0;
  }

  private async slotsFor(bytes: Buffer): Promise<number> {
    const count = slotsOf(bytes);
    this.isWaiting = true;
    await this.slots.acquire(this.client, count);
    const isAdmitted = await new Promise<boolean>((resolve) =>
      limitWithRetries(this.parts, {
        serve: () => resolve(true),
        refuse: () => resolve(false),
        isGone: () => this.isOver,
      }),
    );
    this.isWaiting = false;
    if (isAdmitted) return count;
    this.slots.release(this.client, count);
    throw overloadedError();
  }

  private async recordOne(recorded: Promise<Result>, count: number): Promise<Buffer> {
    try {
      const results = [toResult(await recorded)];
      const encoded = Buffer.from(RecordPurchasesResponse.encode({ results }).finish());
      this.hold(encoded.length);
      return encoded;
    } finally {
      this.slots.release(this.client, count);
    }
  }

  private hold(length: number): void {
    if (this.isOver) return;
    if (!this.parts.unread.acquire(this.client, length)) throw tooMuchUnread();
    this.bytes += length;
  }
}

function tooMany(): EngineError {
  const limit = limits.batchPurchasesMax;
  const message = `must be at most ${limit} in one call; StreamPurchases takes any number`;
  return new EngineError('RESOURCE_EXHAUSTED', `receipts ${message}`, {
    reason: 'TOO_MANY_RECEIPTS',
    violations: [{ field: 'purchases', value: `more than ${limit}`, limit, message }],
  });
}
