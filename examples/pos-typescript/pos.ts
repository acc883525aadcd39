// A till's side of a ticket, written from proto/ alone: advice is welcome, the receipt is certain.
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface Scan {
  readonly itemId: string;
  readonly quantity?: number;
  readonly unitPriceFen?: number;
}

export interface Ticket {
  readonly purchaseId: string;
  /** RFC 3339 with the offset of the store. */
  readonly occurredAt: string;
  readonly storeId: string;
  readonly terminalId: string;
  readonly memberId?: string;
  readonly scans: readonly Scan[];
}

export interface Sold {
  readonly status: string;
  readonly watermark: string;
  /** How the receipt went: with the session, or by a call of its own. */
  readonly by: 'tender' | 'RecordPurchase';
}

/** As the loader gives messages; the protocol is checked at run time. */
// biome-ignore lint/suspicious/noExplicitAny: there is no generated code in this example.
type Message = any;

const definition = loadSync(['caini/v1/checkout.proto', 'caini/v1/ingest.proto'], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  enums: String,
  longs: Number,
  oneofs: true,
});

const advisedWithinMs = 50;
const committedWithinMs = 2_000;
const attemptsMax = 8;

export class Pos {
  private readonly checkout: Message;
  private readonly ingest: Message;
  private readonly show: (line: string) => void;

  constructor(address: string, credentials: grpc.ChannelCredentials, show: (line: string) => void) {
    const connect = (service: string): Message => {
      const name = `caini.v1.${service}`;
      const Client = grpc.makeGenericClientConstructor(
        definition[name] as grpc.ServiceDefinition,
        name,
      );
      // A dead line is found out by pings, not by a till that waits.
      return new Client(address, credentials, { 'grpc.keepalive_time_ms': 20_000 });
    };
    this.checkout = connect('CheckoutService');
    this.ingest = connect('IngestService');
    this.show = show;
  }

  /** Never waits for advice, and does not give up on the receipt. */
  async sell(ticket: Ticket): Promise<Sold> {
    const session = this.scanAll(ticket);
    const result = await session.committed;
    session.stream.end();
    if (result !== undefined) return { ...result, by: 'tender' };
    return { ...(await this.record(ticket)), by: 'RecordPurchase' };
  }

  close(): void {
    this.checkout.close();
    this.ingest.close();
  }

  private scanAll({ storeId, terminalId, memberId, scans, purchaseId, occurredAt }: Ticket) {
    const stream = this.checkout.ScanSession();
    const committed = new Promise<Message>((resolve) => {
      setTimeout(() => resolve(undefined), committedWithinMs).unref();
      // The session is a convenience: its end is no reason to stop.
      stream.on('error', () => resolve(undefined));
      stream.on('end', () => resolve(undefined));
      stream.on('data', (message: Message) => {
        if (message.event === 'committed') resolve(message.committed.result);
        if (message.event === 'advice') this.showAdvice(message.advice);
      });
    });
    stream.write({ open: { storeId, terminalId, deadlineMs: advisedWithinMs } });
    if (memberId !== undefined) stream.write({ identify: { memberId } });
    for (const [index, scan] of scans.entries())
      stream.write({ scan: { seq: index + 1, ...scan } });
    stream.write({ tender: { purchaseId, occurredAt } });
    return { stream, committed };
  }

  private showAdvice({ items }: Message): void {
    for (const { itemId, name, reason } of items) {
      const with_ = reason.itemName ?? reason.itemId;
      this.show(`offer ${name ?? itemId}: ${reason.count} receipts hold it with ${with_}`);
    }
  }

  /** The very receipt that tender writes: if that arrived, this is a duplicate, and all is well. */
  private async record(ticket: Ticket): Promise<Message> {
    const { scans, ...rest } = ticket;
    const lines = scans.map((scan) => ({ quantity: 1, ...scan }));
    const purchase = { ...rest, channel: 'CHANNEL_POS', lines };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask(purchase);
      } catch (error) {
        // What is wrong with the receipt itself does not get better by waiting.
        const { code } = error as grpc.ServiceError;
        const isServers = [grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED].includes(code);
        const isFull = code === grpc.status.RESOURCE_EXHAUSTED;
        if ((!isServers && !isFull) || attempt === attemptsMax) throw error;
        const pauseMs = 100 * 2 ** attempt * (0.5 + Math.random());
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  private ask(purchase: Message): Promise<Message> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + committedWithinMs;
      this.ingest.RecordPurchase(
        purchase,
        { deadline },
        (error: grpc.ServiceError | null, result: Message) =>
          error === null ? resolve(result) : reject(error),
      );
    });
  }
}
