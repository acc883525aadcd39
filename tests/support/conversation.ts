// A till's side of a ScanSession: says things, and keeps what it hears.
import { once } from 'node:events';
import type { ServiceError } from '@grpc/grpc-js';
import type { Engine } from '../../engine/index.ts';
import { type Message, type Refusal, refusalOf } from './till.ts';

export interface Conversation {
  /** E.g. `say({ scan: { seq: 1, itemId: 'milk' } })`; false when the line is full. */
  send(event: Message): boolean;
  /** All that was heard, as `[name, content]`. */
  readonly received: readonly (readonly [string, Message])[];
  /** The next message that was not asked for yet. Rejects when the stream ends before. */
  next(): Promise<readonly [string, Message]>;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
  /** Half-closes. */
  hangUp(): void;
  /** Cuts the stream without a word. */
  cut(): void;
  /** Undefined when it ended with OK. */
  readonly ended: Promise<Refusal | undefined>;
}

export function converse(client: Message, metadata?: Message): Conversation {
  const stream = metadata ? client.ScanSession(metadata) : client.ScanSession();
  const received: [string, Message][] = [];
  let asked = 0;
  stream.on('data', (message: Message) => received.push([message.event, message[message.event]]));
  const ended = new Promise<Refusal | undefined>((resolve) => {
    stream.once('error', (error: ServiceError) => resolve(refusalOf(error)));
    stream.once('end', () => setImmediate(() => resolve(undefined)));
  });
  return {
    send: (event) => stream.write(event),
    received,
    async next() {
      while (received.length <= asked) {
        const end = ended.then((refusal) => {
          if (received.length > asked) return;
          throw new Error(`the stream ended: ${JSON.stringify(refusal)}`);
        });
        await Promise.race([once(stream, 'data'), end]);
      }
      const message = received[asked]!;
      asked += 1;
      return message;
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    hangUp: () => stream.end(),
    cut: () => stream.cancel(),
    ended,
  };
}

/** Milk goes with bread and eggs, beans with filters; ann buys salt again and again. */
export async function teach(engine: Engine): Promise<void> {
  let count = 0;
  const receipt = (memberId: string | undefined, ...items: string[]) => {
    count += 1;
    const purchase = {
      purchaseId: `taught-${count}`,
      storeId: 's1',
      channel: 'pos' as const,
      occurredAt: `2026-05-01T09:${String(count % 60).padStart(2, '0')}:00+08:00`,
      lines: items.map((itemId) => ({ itemId, quantity: 1 })),
      ...(memberId !== undefined && { memberId }),
    };
    return { kind: 'purchase' as const, purchase };
  };
  const receipts = [
    ...Array.from({ length: 6 }, () => receipt(undefined, 'milk', 'bread', 'eggs')),
    ...Array.from({ length: 3 }, () => receipt(undefined, 'milk', 'butter')),
    ...Array.from({ length: 4 }, () => receipt(undefined, 'beans', 'filters')),
    ...Array.from({ length: 9 }, () => receipt('ann', 'salt')),
    ...Array.from({ length: 5 }, () => receipt('ann', 'butter')),
    ...Array.from({ length: 20 }, () => receipt(undefined, 'bags')),
  ];
  await engine.writes.ingest(receipts);
}
