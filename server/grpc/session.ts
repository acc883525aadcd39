// One till's conversation: scans in, advice out while it is worth anything, receipts to disk.
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import {
  DegradedReason,
  type ScanSessionRequest,
  SuppressReason,
} from '#proto/caini/v1/checkout.js';
import { EngineError, limits, type RankedItem } from '../../engine/index.ts';
import { authorizeList, type Caller } from '../operations/caller.ts';
import type { Result } from '../operations/operation.ts';
import { operations } from '../operations.ts';
import type { Client } from '../shares.ts';
import { Answers } from './answers.ts';
import { decodeMessage } from './input.ts';
import { callerOf, type Parts, refuse, stopping } from './parts.ts';
import { scanSessionMessage } from './quantities.ts';
import type { Call } from './services.ts';
import { read, readScan } from './session-input.ts';
import * as said from './session-messages.ts';
import type { Registered, Sessions } from './sessions.ts';
import { codeName } from './status.ts';
import * as tickets from './ticket.ts';

const rpc = 'CheckoutService/ScanSession';
const ingestPurchases = operations.find(({ name }) => name === 'ingestPurchases')!;
const recommendForBasket = operations.find(({ name }) => name === 'recommendForBasket')!;

type Stream = ServerDuplexStream<Buffer, Buffer>;
type Event = NonNullable<ScanSessionRequest['event']>;

export function scanSessionCall(parts: Parts, sessions: Sessions): Call {
  const handle = (call: Stream): void => {
    try {
      // It gives advice, and takes receipts.
      const caller = callerOf(parts, call, recommendForBasket, ingestPurchases);
      new ScanSession(call, parts, caller, sessions).begin();
    } catch (error) {
      call.emit('error', refuse(parts, rpc, error));
    }
  };
  return { handle, requestStream: true, responseStream: true };
}

class ScanSession implements Registered {
  readonly client: Client;
  lastMessageAtMs: number;
  private readonly call: Stream;
  private readonly parts: Parts;
  private readonly caller: Caller;
  private readonly sessions: Sessions;
  private opening: tickets.Opening | undefined;
  private ticket = tickets.newTicket();
  /** The receipt of the last ticket: its tender may be sent again on the same stream. */
  private lastReceipt: { readonly purchaseId?: string } = {};
  /** When the message came in that advice is due for; undefined when none is. */
  private dueSinceMs: number | undefined;
  private isScheduled = false;
  private readonly answers: Answers;
  private hasEnded = false;
  private sentDegraded: DegradedReason | undefined;
  /** What the till is being answered, while nothing more is read: a receipt, once on disk. */
  private answering: Promise<void> = Promise.resolve();
  private forgetStream: () => void = () => {};

  constructor(call: Stream, parts: Parts, caller: Caller, sessions: Sessions) {
    this.call = call;
    this.parts = parts;
    this.caller = caller;
    this.sessions = sessions;
    this.lastMessageAtMs = sessions.now();
    this.client = parts.clientOf(call);
    this.answers = new Answers(call, () => this.leave());
  }

  get isOpen(): boolean {
    return this.opening !== undefined;
  }

  /** Throws RESOURCE_EXHAUSTED when there are too many. */
  begin(): void {
    const { call, sessions, parts } = this;
    sessions.enter(this);
    // A receipt that is being written is answered before the stream ends.
    this.forgetStream = parts.streams.add(() => {
      void this.answering.then(() => this.fail(stopping()));
    });
    call.on('data', (bytes: Buffer) => this.receive(bytes));
    call.on('end', () => void this.answering.then(() => this.finish()));
  }

  expire(why: EngineError): void {
    this.fail(why);
  }

  private leave(): void {
    this.hasEnded = true;
    this.forgetStream();
    this.sessions.leave(this);
    this.forgetTicket();
  }

  private receive(bytes: Buffer): void {
    if (this.hasEnded) return;
    const cameInMs = this.sessions.now() - this.sessions.waitedMs();
    this.lastMessageAtMs = this.sessions.now();
    try {
      const { event } = decodeMessage(scanSessionMessage, bytes);
      this.takeOrRefuse(event, cameInMs);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Throws what ends the session. */
  private takeOrRefuse(event: Event | undefined, cameInMs: number): void {
    try {
      if (event === undefined) throw missingEvent();
      this.take(event, cameInMs);
    } catch (error) {
      const isFault = error instanceof EngineError && error.code === 'INVALID_ARGUMENT';
      if (!isFault || this.opening === undefined) throw error;
      const seq = seqOf(event);
      if (event?.$case === 'scan') tickets.applyRefusal(this.ticket, seq);
      this.holdUntil(this.answers.write(said.refused(seq, error.violations)));
    }
  }

  private take(event: Event, cameInMs: number): void {
    if (this.opening === undefined && event.$case !== 'open') throw notOpen(event.$case);
    switch (event.$case) {
      case 'open':
        this.open(read(this.parts.chain.access, 'open', event.open));
        break;
      case 'identify':
        this.identify(event.identify);
        if (this.ticket.latestSeq > 0) this.advise(cameInMs);
        break;
      case 'scan':
        if (this.scan(readScan(this.parts.chain.access, event.scan))) this.advise(cameInMs);
        break;
      case 'void':
        tickets.applyVoid(this.ticket, read(this.parts.chain.access, 'void', event.void).seq);
        this.advise(cameInMs);
        break;
      case 'decline':
        // The next scan is early enough for another offer.
        tickets.applyDecline(
          this.ticket,
          read(this.parts.chain.access, 'decline', event.decline).itemId,
        );
        break;
      default:
        this.tender(read(this.parts.chain.access, 'tender', event.tender));
    }
  }

  private open(opening: tickets.Opening): void {
    if (this.opening !== undefined) {
      const message = 'is sent once, first';
      throw tickets.invalidField({ field: 'open', value: 'again', limit: 'once', message });
    }
    authorizeList(
      this.caller,
      { scenario: 'basket-add-on', storeId: opening.storeId },
      recommendForBasket,
    );
    this.opening = opening;
    this.call.sendMetadata(new Metadata());
  }

  private identify({ who }: Extract<Event, { $case: 'identify' }>['identify']): void {
    this.ticket.memberId = undefined;
    if (who?.$case === 'memberId') {
      this.ticket.memberId = read(
        this.parts.chain.access,
        'member',
        { memberId: who.memberId },
        'identify',
      ).memberId;
    } else if (who?.$case === 'identity') {
      read(this.parts.chain.access, 'identity', who.identity, 'identify.identity');
      const message = 'no member is known by this identity; the ticket is anonymous';
      const reason = DegradedReason.DEGRADED_REASON_IDENTITY_UNKNOWN;
      this.holdUntil(this.answers.write(said.degraded(reason, message)));
    }
  }

  private scan(scan: tickets.Scan): boolean {
    this.sessions.acquireLine(this.client);
    let isNew = false;
    try {
      isNew = tickets.applyScan(this.ticket, scan);
    } finally {
      if (!isNew) this.sessions.releaseLines(this.client, 1);
    }
    return isNew;
  }

  /** Soon, when all that came in together has been read: only the last of it is worth advice. */
  private advise(cameInMs: number): void {
    this.dueSinceMs = cameInMs;
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.adviseNow();
    });
  }

  private adviseNow(): void {
    // Advice goes out one at a time: what waits behind a slow reader would be stale.
    if (this.hasEnded || this.answers.isWaiting || this.dueSinceMs === undefined) return;
    const bytes = this.isLate() ? undefined : this.deriveAdvice();
    // Asked again: deriving it took its time.
    const isLate = this.isLate();
    const tookMs = this.sessions.now() - this.dueSinceMs;
    this.dueSinceMs = undefined;
    if (bytes === undefined || isLate) return;
    this.parts.chain.timerOf(recommendForBasket).observe(codeName(), tookMs);
    void this.answers.write(bytes).then(() => this.adviseNow());
  }

  private isLate(): boolean {
    return this.sessions.now() - this.dueSinceMs! >= this.opening!.deadlineMs;
  }

  /** Undefined when there is nothing to say that was not said before. */
  private deriveAdvice(): Buffer | undefined {
    const { ticket } = this;
    const items = tickets.standingItems(ticket);
    const suppress = (reason: SuppressReason) => said.suppress(ticket.latestSeq, reason);
    if (items.length === 0) return suppress(SuppressReason.SUPPRESS_REASON_EMPTY_TICKET);
    if (items.length > limits.basketItemsMax)
      return suppress(SuppressReason.SUPPRESS_REASON_TICKET_TOO_LARGE);
    try {
      const request = tickets.adviceRequest(ticket, items, this.opening!);
      const { chain, fragments } = this.parts;
      const asking = { operation: recommendForBasket, caller: this.caller, request };
      return chain.rankNow(asking, ({ items: listed, catalogue }) => {
        this.sentDegraded = undefined;
        const offers = listed.filter(goesWithTicket);
        if (offers.length === 0) return suppress(SuppressReason.SUPPRESS_REASON_NOTHING_TO_OFFER);
        return fragments.advice(ticket.latestSeq, offers, catalogue);
      });
    } catch (error) {
      return this.deriveDegraded(error);
    }
  }

  private deriveDegraded(error: unknown): Buffer | undefined {
    const isStarting = error instanceof EngineError && error.code === 'UNAVAILABLE';
    const reason = isStarting
      ? DegradedReason.DEGRADED_REASON_NOT_READY
      : DegradedReason.DEGRADED_REASON_INTERNAL;
    if (!isStarting) refuse(this.parts, rpc, error);
    if (this.sentDegraded === reason) return undefined;
    this.sentDegraded = reason;
    const message = isStarting ? (error as Error).message : 'advice failed; the log tells more';
    return said.degraded(reason, message);
  }

  private tender(tender: tickets.Tender): void {
    const refused = this.ticket.refused.size;
    const receipt = this.takeReceipt(tender);
    this.dueSinceMs = undefined;
    if (refused > 0) {
      // Without what was refused it would be another receipt, and nobody would know.
      this.lastReceipt = {};
      this.holdUntil(this.answers.write(said.committed(scansRefused(tender.purchaseId))));
      return;
    }
    this.holdUntil(this.commit(receipt).catch((error: unknown) => this.fail(error)));
  }

  /** Nothing more is read until it is written and answered: the next ticket waits its turn. */
  private holdUntil(answered: Promise<void>): void {
    this.call.pause();
    this.answering = answered.finally(() => {
      this.call.resume();
      // Advice that became due meanwhile has waited for the line.
      this.adviseNow();
    });
  }

  private takeReceipt(tender: tickets.Tender): object {
    const isRetry =
      this.ticket.lines.size === 0 && this.lastReceipt.purchaseId === tender.purchaseId;
    const receipt = isRetry
      ? { ...this.lastReceipt, ...tender }
      : tickets.receiptOf(this.ticket, tender, this.opening!);
    this.lastReceipt = receipt;
    this.forgetTicket();
    return receipt;
  }

  private forgetTicket(): void {
    this.sessions.releaseLines(this.client, this.ticket.lines.size);
    this.ticket = tickets.newTicket();
  }

  private async commit(receipt: object): Promise<void> {
    const { chain } = this.parts;
    // Anew: a key may have been revoked since the session was opened.
    const caller = callerOf(this.parts, this.call, ingestPurchases);
    await chain.admitted('write');
    const result = await chain.run(ingestPurchases, caller, {
      value: receipt,
      parseIssues: [],
    });
    if (!this.hasEnded) await this.answers.write(said.committed(result));
  }

  /** The till says no more: what it waits for is answered first. */
  private async finish(): Promise<void> {
    this.adviseNow();
    await this.answers.written();
    this.end();
  }

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.call.end();
  }

  private fail(error: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.call.emit('error', refuse(this.parts, rpc, error));
  }
}

/** What merely sells well goes with any ticket, and so with none. */
function goesWithTicket({ reasons: [reason] }: RankedItem): boolean {
  return reason?.type === 'bought_together';
}

function seqOf(event: Event | undefined): number | undefined {
  if (event?.$case === 'scan') return event.scan.seq;
  return event?.$case === 'void' ? event.void.seq : undefined;
}

function scansRefused(id: string): Result {
  const field = 'lines';
  const message = 'lack scans that were refused; record the receipt by RecordPurchase';
  const limit = 'scans that are sent again or voided';
  const violations = [{ field, value: 'scans that were refused', limit, message }];
  const body = { id, status: 'rejected', reason: 'SCANS_REFUSED', field, message };
  return { outcome: 'rejected', body, violations };
}

function missingEvent(): EngineError {
  const limit = 'open, identify, scan, void, decline or tender';
  return tickets.invalidField({
    field: 'event',
    value: undefined,
    limit,
    message: `must be ${limit}`,
  });
}

function notOpen(given: string): EngineError {
  return tickets.invalidField({
    field: 'open',
    value: given,
    limit: 'the first message',
    message: 'must be the first message of a session',
  });
}
