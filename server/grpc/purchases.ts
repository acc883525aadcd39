// Receipts in a stream: each recorded as it comes and answered in the order sent, and no more of
// them read than can be held.
import type {
  handleClientStreamingCall,
  ServerDuplexStream,
  ServerReadableStream,
} from '@grpc/grpc-js';
import { IngestResult, Purchase, RecordPurchasesResponse } from '#proto/caini/v1/ingest.js';
import { EngineError, limits } from '../../engine/index.ts';
import type { Result } from '../operations/operation.ts';
import { schemaNode } from '../operations/violations.ts';
import { operations } from '../operations.ts';
import { decodeMessage, toInput } from './input.ts';
import { type Parts, refuse, stopping } from './parts.ts';
import { toIngestResult } from './replies.ts';
import type { Call } from './services.ts';
import { createSlots, type Slots } from './slots.ts';

const ingestPurchases = operations.find(({ name }) => name === 'ingestPurchases')!;
const asked = { scopes: ['write'], service: 'IngestService' } as const;

/** Both streams share the slots of the server: receipts that were read and are not yet on disk. */
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
async function record({ access }: Parts, bytes: Buffer): Promise<Result> {
  const value = toInput(decodeMessage(Purchase, bytes), schemaNode(ingestPurchases.input));
  return ingestPurchases.run(access, { value, flaws: [] });
}

function toldResult({ body, violations = [] }: Result): IngestResult {
  return toIngestResult({ ...body, errors: violations });
}

type EachStream = ServerDuplexStream<Buffer, Buffer>;

class AnsweredStream {
  private readonly call: EachStream;
  private readonly parts: Parts;
  private readonly slots: Slots;
  /** Receipts that were read and whose answers are not out. */
  private ahead = 0;
  private readonly gone: Promise<void>;
  private hasEnded = false;
  private isStopping = false;
  /** Everything that was read has been answered. */
  private answered: Promise<void> = Promise.resolve();

  constructor(call: EachStream, parts: Parts, slots: Slots) {
    this.call = call;
    this.parts = parts;
    this.slots = slots;
    this.gone = new Promise((resolve) => {
      call.once('cancelled', resolve).once('close', resolve);
    });
  }

  begin(): void {
    const { call, parts } = this;
    try {
      parts.admit(call.metadata, asked);
    } catch (error) {
      this.fail(error);
      return;
    }
    const forget = parts.streams.add(() => {
      this.isStopping = true;
      void this.answered.then(() => this.fail(stopping()));
    });
    void this.gone.then(() => {
      this.hasEnded = true;
      forget();
    });
    // An iterator would destroy the stream at its end, and the answers with it.
    call.on('data', (bytes: Buffer) => this.receive(bytes));
    call.on('end', () => void this.answered.then(() => this.end()));
  }

  private receive(bytes: Buffer): void {
    if (this.slots.tryTake()) {
      this.take(bytes);
      return;
    }
    this.call.pause();
    void this.slots.take().then(() => {
      this.take(bytes);
      this.readOrWait();
    });
  }

  private take(bytes: Buffer): void {
    this.ahead += 1;
    if (this.hasEnded || this.isStopping) this.giveBack();
    else this.answer(record(this.parts, bytes));
    if (this.ahead >= limits.streamPurchasesAheadMax) this.call.pause();
  }

  /** Half of what may be ahead is answered before more is read, not one by one. */
  private readOrWait(): void {
    if (this.ahead <= limits.streamPurchasesAheadMax / 2) this.call.resume();
  }

  private answer(recorded: Promise<Result>): void {
    const inTurn = this.answered;
    this.answered = recorded
      .then(async (result) => {
        await inTurn;
        if (!this.hasEnded) await this.write(toldResult(result));
      })
      .catch(async (error: unknown) => {
        // What was recorded before it is answered before it.
        await inTurn;
        this.fail(error);
      })
      .finally(() => this.giveBack());
  }

  private async write(result: IngestResult): Promise<void> {
    const bytes = Buffer.from(IngestResult.encode(result).finish());
    const written = new Promise<void>((resolve) => {
      this.call.write(bytes, () => resolve());
    });
    await Promise.race([written, this.gone]);
  }

  private giveBack(): void {
    this.slots.give();
    this.ahead -= 1;
    this.readOrWait();
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
    let hasEnded = false;
    const finish = (answer: () => void): void => {
      if (hasEnded) return;
      hasEnded = true;
      forget();
      answer();
    };
    const fail = (error: unknown): void =>
      finish(() => callback(refuse(parts, 'IngestService/RecordPurchases', error)));
    const forget = parts.streams.add(() => fail(stopping()));
    call.once('cancelled', () => finish(() => {}));
    const readAll = async (): Promise<void> => {
      parts.admit(call.metadata, asked);
      const results = await recordAll(parts, slots, call);
      const encoded = RecordPurchasesResponse.encode({ results: results.map(toldResult) });
      finish(() => callback(null, Buffer.from(encoded.finish())));
    };
    readAll().catch(fail);
  };
}

async function recordAll(
  parts: Parts,
  slots: Slots,
  call: ServerReadableStream<Buffer, Buffer>,
): Promise<Result[]> {
  const recording: Promise<Result>[] = [];
  for await (const bytes of call) {
    if (recording.length === limits.batchPurchasesMax) throw tooMany();
    await slots.take();
    const recorded = record(parts, bytes as Buffer).finally(() => slots.give());
    // Looked at when all are here; until then a failure is not one that nobody handles.
    recorded.catch(() => undefined);
    recording.push(recorded);
  }
  return Promise.all(recording);
}

function tooMany(): EngineError {
  const limit = limits.batchPurchasesMax;
  const message = `must be at most ${limit} in one call; StreamPurchases takes any number`;
  return new EngineError('RESOURCE_EXHAUSTED', `receipts ${message}`, {
    reason: 'TOO_MANY_RECEIPTS',
    violations: [{ field: 'purchases', value: `more than ${limit}`, limit, message }],
  });
}
