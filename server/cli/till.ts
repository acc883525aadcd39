// `caini till`: a terminal to play with. Scan by id or name, see what the cashier would say and how
// soon, and pay.

import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import type { ScanSessionResponse_Offer } from '#proto/caini/v1/checkout.js';
import { Channel, IngestStatus, type Purchase } from '#proto/caini/v1/ingest.js';
import { counted } from '../../engine/index.ts';
import { CommandError } from './errors.ts';
import { connectTill, type SessionLine, type TillClient, type TillReply } from './till-client.ts';
import { completeLine, findItems, readLine, type ShelfItem, showItem } from './till-line.ts';
import { apiKeyOf } from './work.ts';

interface TillFlags {
  readonly url: string;
  readonly store?: string;
  readonly terminal: string;
  readonly member?: string;
  readonly deadlineMs: string;
  readonly apiKey?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export function tillCommand(program: Command): void {
  program
    .command('till')
    .description('A till to play with: scan items at a prompt and see the advice.')
    .option('--url <url>', 'the server, grpc://host:port or grpcs://', 'grpc://127.0.0.1:50051')
    .option('--store <id>', 'where the till stands')
    .option('--terminal <id>', 'which till it is', 'till-1')
    .option('--member <id>', 'who is at the till')
    .option('--deadline-ms <ms>', 'how long advice is wanted after a scan', '50')
    .option('--api-key <key>', 'the API key for the server (better: CAINI_API_KEY)')
    .option('--ca <file>', 'PEM certificate of who signed that of the server')
    .option('--cert <file>', 'PEM certificate of this till, for mutual TLS')
    .option('--key <file>', 'PEM private key of that certificate')
    .action(run);
}

const help = `  an item's id or name, or part of it   scans it (tab completes; x3: three pieces)
  void 2                                takes scan 2 back
  no ITEM                               the offer was turned down
  member ID                             who pays; without an ID nobody
  pay                                   writes the receipt
  quit                                  ends`;

/** Items to complete from; a catalogue of more is scanned by id. */
const shelfItemsMax = 50_000;

/** What the till waits beyond the deadline before it shows that nothing came. */
const patienceMs = 100;

async function run(flags: TillFlags): Promise<void> {
  const deadlineMs = Number(flags.deadlineMs);
  if (!Number.isInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > 10_000) {
    throw new CommandError(`--deadline-ms is ${flags.deadlineMs} but must be 1 to 10000`);
  }
  const { url, ca: caFile, cert: certFile, key: keyFile } = flags;
  const client = connectTill({ url, apiKey: apiKeyOf(flags), caFile, certFile, keyFile });
  try {
    const shelf = await client.readShelf(shelfItemsMax).catch((cause: Error) => {
      throw new CommandError(`${url} cannot be reached: ${cause.message}`, { cause });
    });
    const input = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: process.stdin.isTTY === true,
      completer: (line: string) => completeLine(shelf, line),
      prompt: '> ',
    });
    print(`${counted(shelf.length, 'item')} on the shelf; help tells what can be typed`);
    await new Till(client, shelf, { ...flags, deadlineMs }).serve(input);
  } finally {
    client.close();
  }
}

interface TillSettings extends Omit<TillFlags, 'deadlineMs'> {
  readonly deadlineMs: number;
}

interface Scanned {
  readonly item: ShelfItem;
  readonly quantity: number;
}

class Till {
  private readonly client: TillClient;
  private readonly shelf: readonly ShelfItem[];
  private readonly settings: TillSettings;
  private line: SessionLine | undefined;
  private readonly scans = new Map<number, Scanned>();
  private memberId: string | undefined;
  private seq = 0;
  private sentAt = 0;
  /** Who waits for the next thing that is heard. */
  private onNextReply: (() => void) | undefined;
  private committed: string | undefined;
  private isPaying = false;

  constructor(client: TillClient, shelf: readonly ShelfItem[], settings: TillSettings) {
    this.client = client;
    this.shelf = shelf;
    this.settings = settings;
  }

  async serve(input: Interface): Promise<void> {
    this.identify(this.settings.member);
    input.prompt();
    for await (const text of input) {
      if (readLine(text).kind === 'quit') break;
      await this.take(text);
      input.prompt();
    }
    this.line?.close();
  }

  private async take(text: string): Promise<void> {
    const line = readLine(text);
    switch (line.kind) {
      case 'scan':
        return this.scan(line.text, line.quantity);
      case 'void':
        return this.takeBack(line.seq);
      case 'decline':
        return this.decline(line.text);
      case 'member':
        return this.identify(line.memberId);
      case 'pay':
        return this.pay();
      case 'help':
        return print(help);
      default:
    }
  }

  /** The session of this ticket; opened anew when it is gone, with all that was scanned. */
  private session(): SessionLine {
    if (this.line !== undefined) return this.line;
    const { store: storeId, terminal: terminalId, deadlineMs } = this.settings;
    this.line = this.client.openSession(
      (event) => this.onReply(event),
      (why) => {
        print(`  (the session is gone: ${why}; the till goes on)`);
        this.line = undefined;
        this.onNextReply?.();
      },
    );
    const open = { terminalId, deadlineMs, ...(storeId !== undefined && { storeId }) };
    this.line.send({ $case: 'open', open });
    this.sendMember(this.line);
    for (const [seq, scanned] of this.scans) this.sendScan(this.line, seq, scanned);
    return this.line;
  }

  private sendMember(line: SessionLine): void {
    const { memberId } = this;
    if (memberId === undefined) return;
    line.send({ $case: 'identify', identify: { who: { $case: 'memberId', memberId } } });
  }

  private sendScan(line: SessionLine, seq: number, { item, quantity }: Scanned): void {
    const { itemId, priceFen } = item;
    const price = priceFen === undefined ? {} : { unitPriceFen: priceFen };
    line.send({ $case: 'scan', scan: { seq, itemId, quantity, ...price } });
  }

  private async scan(text: string, quantity: number): Promise<void> {
    const item = this.one(text);
    if (item === undefined) return;
    const line = this.session();
    this.seq += 1;
    this.scans.set(this.seq, { item, quantity });
    print(`  ${this.seq}. ${showItem(item)}${quantity > 1 ? ` x${quantity}` : ''}`);
    const answered = this.answer();
    this.sendScan(line, this.seq, { item, quantity });
    await answered;
  }

  private async takeBack(seq: number): Promise<void> {
    if (!this.scans.delete(seq)) return print(`  there is no scan ${seq}`);
    const answered = this.answer();
    this.session().send({ $case: 'void', void: { seq } });
    await answered;
  }

  private decline(text: string): void {
    const item = this.one(text);
    if (item === undefined) return;
    this.session().send({ $case: 'decline', decline: { itemId: item.itemId } });
    print(`  ${showItem(item)} is not offered again on this ticket`);
  }

  private identify(memberId: string | undefined): void {
    this.memberId = memberId;
    if (this.line === undefined) return;
    if (memberId !== undefined) this.sendMember(this.line);
    else this.line.send({ $case: 'identify', identify: { who: undefined } });
  }

  private one(text: string): ShelfItem | undefined {
    const found = findItems(this.shelf, text);
    if (found.length === 1) return found[0];
    if (found.length === 0) print(`  nothing is called ${text}; help tells what can be typed`);
    else print(`  which? ${found.slice(0, 8).map(showItem).join(', ')}`);
    return undefined;
  }

  /** Resolves when something is heard, or when it would be too late. */
  private answer(): Promise<void> {
    this.sentAt = performance.now();
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        print('  (silence: nothing came within the deadline)');
        this.onNextReply = undefined;
        resolve();
      }, this.settings.deadlineMs + patienceMs);
      this.onNextReply = () => {
        clearTimeout(late);
        this.onNextReply = undefined;
        resolve();
      };
    });
  }

  private onReply(event: TillReply): void {
    const took = `${(performance.now() - this.sentAt).toFixed(1)} ms`;
    if (event.$case === 'advice') {
      for (const offer of event.advice.items) print(`     ${took}  offer ${showOffer(offer)}`);
    } else if (event.$case === 'suppress') {
      print(`     ${took}  nothing to say`);
    } else if (event.$case === 'degraded') {
      print(`     ${took}  no advice: ${event.degraded.message}`);
    } else if (event.$case === 'refused') {
      for (const { field, message, value } of event.refused.errors) {
        print(`     ${took}  refused: ${field} ${message} (got ${value})`);
      }
    } else if (event.committed.result?.reason !== 'SCANS_REFUSED') {
      const { result } = event.committed;
      this.committed = `${result?.status} ${result?.message ?? ''}`;
    }
    // Advice for the last scan may come before the answer to tender does.
    if (this.isPaying === (event.$case === 'committed')) this.onNextReply?.();
  }

  /** By tender, and when the session does not answer, by a call of its own. */
  private async pay(): Promise<void> {
    if (this.scans.size === 0) return print('  the ticket is empty');
    const moment = new Date();
    const purchaseId = `${this.settings.terminal}-${moment.getTime()}`;
    const occurredAt = moment.toISOString();
    const purchase = this.receipt(purchaseId, occurredAt);
    this.committed = undefined;
    this.isPaying = true;
    const answered = this.answer();
    const channel = Channel.CHANNEL_POS;
    const tender = { purchaseId, occurredAt, channel, couponIds: [] };
    this.session().send({ $case: 'tender', tender });
    await answered;
    this.isPaying = false;
    if (this.committed === undefined) {
      const result = await this.client
        .recordPurchase(purchase)
        .catch((error: Error) => ({ status: IngestStatus.UNRECOGNIZED, message: error.message }));
      this.committed = `${result.status} ${result.message ?? ''} (sent by itself)`;
    }
    print(`  receipt ${purchaseId}: ${this.committed.replace('INGEST_STATUS_', '').trim()}`);
    this.scans.clear();
    this.seq = 0;
    this.memberId = undefined;
  }

  /** The same receipt that tender writes, so that sending both counts once. */
  private receipt(purchaseId: string, occurredAt: string): Purchase {
    const { store: storeId, terminal: terminalId } = this.settings;
    const { memberId } = this;
    return {
      purchaseId,
      occurredAt,
      terminalId,
      channel: Channel.CHANNEL_POS,
      couponIds: [],
      ...(storeId !== undefined && { storeId }),
      ...(memberId !== undefined && { memberId }),
      lines: [...this.scans.values()].map(({ item: { itemId, priceFen }, quantity }) => ({
        itemId,
        quantity,
        ...(priceFen !== undefined && { unitPriceFen: priceFen }),
      })),
    };
  }
}

function showOffer({ reason, ...item }: ScanSessionResponse_Offer): string {
  const beside = reason?.itemName ?? reason?.itemId ?? 'the ticket';
  const receipts = counted(reason?.count ?? 0, 'receipt holds', 'receipts hold');
  return `${showItem(item)}: ${receipts} it with ${beside}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
