// Tills at work: 200 sessions scan the receipts of the demo chain at a fixed rate. Measured from
// the moment a scan was due until its advice was heard, so that stalls of either side count.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { ScanSessionRequest, ScanSessionResponse } from '#proto/caini/v1/checkout.js';
import { Channel } from '#proto/caini/v1/ingest.js';
import type { Purchase } from '../engine/index.ts';
import { demoChain } from '../server/demo/demo-chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { type Program, startProgram } from './load/process.ts';

const sessionCount = 200;
/** Of all sessions together; a cashier scans about one item a second. */
const scansPerSecond = 200;
const seconds = 20;
const deadlineMs = 50;
/** 100 calls is the most that one connection carries. */
const sessionsPerConnection = 50;

export async function benchTill(record: RecordRow): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'caini-bench-'));
  const server = await startProgram(folder, '--demo-if-empty');
  const tills: BenchTill[] = [];
  const clients: Client[] = [];
  try {
    const receipts = [...demoChain({ now: Date.now() }).purchases].slice(-sessionCount * 50);
    for (let index = 0; index < sessionCount; index++) {
      if (index % sessionsPerConnection === 0) clients.push(connect(server));
      const own = receipts.filter((_, at) => at % sessionCount === index);
      tills.push(new BenchTill(clients.at(-1)!, own, index));
    }
    await scanAtRate(tills);
    return report(tills, record);
  } finally {
    for (const till of tills) till.close();
    for (const client of clients) client.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function connect({ grpcAddress }: Program): Client {
  return new Client(grpcAddress!, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
}

/** One scan after another at fixed moments, whether answers come or not. */
async function scanAtRate(tills: readonly BenchTill[]): Promise<void> {
  const total = scansPerSecond * seconds;
  // What goes out before the streams stand would measure the connecting.
  await Promise.all(tills.map((till) => till.opened));
  const startedAt = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = startedAt + (sent * 1_000) / scansPerSecond;
    // A timer may fire a little before its time; a scan must not go out before it is due.
    while (performance.now() < due) {
      const early = Math.ceil(due - performance.now());
      await new Promise((resolve) => setTimeout(resolve, early));
    }
    tills[sent % tills.length]!.scan(due);
    sent += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

type Stream = ClientDuplexStream<ScanSessionRequest, ScanSessionResponse>;

class BenchTill {
  /** From when a scan was due to its advice or suppress, in milliseconds. */
  readonly samples: number[] = [];
  scanned = 0;
  committed = 0;
  readonly opened: Promise<unknown>;
  private readonly stream: Stream;
  private readonly receipts: readonly Purchase[];
  private readonly name: string;
  private readonly dueOf = new Map<number, number>();
  private receipt = 0;
  private line = 0;

  constructor(client: Client, receipts: readonly Purchase[], index: number) {
    this.receipts = receipts;
    this.name = `bench-${index}`;
    this.stream = client.makeBidiStreamRequest(
      '/caini.v1.CheckoutService/ScanSession',
      (message: ScanSessionRequest) => Buffer.from(ScanSessionRequest.encode(message).finish()),
      (bytes: Buffer) => ScanSessionResponse.decode(bytes),
    );
    this.opened = once(this.stream, 'metadata');
    this.stream.on('data', (message: ScanSessionResponse) => this.onMessage(message));
    const storeId = receipts[0]?.storeId;
    const open = { deadlineMs, ...(storeId !== undefined && { storeId }) };
    this.stream.write({ event: { $case: 'open', open } });
  }

  scan(due: number): void {
    const receipt = this.receipts[this.receipt % this.receipts.length]!;
    const { itemId, quantity } = receipt.lines[this.line]!;
    this.line += 1;
    this.scanned += 1;
    this.dueOf.set(this.line, due);
    const scan = { seq: this.line, itemId, quantity };
    this.stream.write({ event: { $case: 'scan', scan } });
    if (this.line === receipt.lines.length) this.nextReceipt();
  }

  close(): void {
    this.stream.cancel();
    this.stream.on('error', () => {});
  }

  /** A moment later: the advice for the last scan would be dropped with the ticket. */
  private nextReceipt(): void {
    this.receipt += 1;
    this.line = 0;
    const purchaseId = `${this.name}-${this.receipt}`;
    const occurredAt = new Date().toISOString();
    const tender = { purchaseId, occurredAt, channel: Channel.CHANNEL_POS, couponIds: [] };
    setTimeout(() => this.stream.write({ event: { $case: 'tender', tender } }), 4 * deadlineMs);
  }

  private onMessage({ event }: ScanSessionResponse): void {
    if (event?.$case === 'committed') this.committed += 1;
    if (event?.$case !== 'advice' && event?.$case !== 'suppress') return;
    const { forSeq } = event.$case === 'advice' ? event.advice : event.suppress;
    const due = this.dueOf.get(forSeq);
    if (due === undefined) return;
    this.dueOf.delete(forSeq);
    this.samples.push(performance.now() - due);
  }
}

function report(tills: readonly BenchTill[], record: RecordRow): string {
  const samples = tills.flatMap((till) => till.samples);
  const scanned = tills.reduce((sum, till) => sum + till.scanned, 0);
  const committed = tills.reduce((sum, till) => sum + till.committed, 0);
  const kept = samples.filter((sample) => sample <= deadlineMs).length / scanned;
  const { median, p99 } = figuresOf(samples);
  const share = (kept * 100).toFixed(2);
  const missing = scanned - samples.length;
  console.log(`${tills.length} sessions, ${missing} scans unanswered, ${committed} receipts`);
  record({ name: `${scansPerSecond} scans/s, scan to advice`, unit: 'ms', samples });
  const latency = `p50 ${rounded(median)} ms  p99 ${rounded(p99)} ms`;
  return `till ${scansPerSecond} scans/s  ${latency}  kept ${share} %`;
}
