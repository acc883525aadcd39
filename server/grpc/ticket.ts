// A ticket as it is scanned: what stands, what was taken back or declined, and the receipt it
// becomes. No clock, no stream, no engine.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  channelSchema,
  EngineError,
  idSchema,
  limits,
  purchaseLineSchema,
  purchaseSchema,
  type RecommendRequest,
  refuseMoneyBelowZero,
} from '../../engine/index.ts';
import { quoteValue } from '../quote-value.ts';

const seqSchema = z.int().min(1).max(2_147_483_647);

/** The schemas of the messages of ScanSession. */
export const sessionSchemas = {
  open: z.strictObject({
    storeId: idSchema.optional(),
    terminalId: idSchema.optional(),
    deadlineMs: z
      .int()
      .min(1)
      .max(limits.adviceDeadlineMsMax)
      .default(limits.adviceDeadlineMsDefault),
    limit: z.int().min(1).max(limits.adviceItemsMax).default(limits.adviceItemsMax),
  }),
  scan: z
    .strictObject({ seq: seqSchema, ...purchaseLineSchema.shape })
    .superRefine(refuseMoneyBelowZero),
  void: z.strictObject({ seq: seqSchema }),
  decline: z.strictObject({ itemId: idSchema }),
  tender: purchaseSchema
    .pick({ purchaseId: true, occurredAt: true, cashierId: true, paidFen: true, couponIds: true })
    .extend(purchaseSchema.pick({ returnOf: true, partial: true }).shape)
    .extend({ channel: channelSchema.default('pos') }),
  member: z.strictObject({ memberId: idSchema }),
  identity: z.strictObject({
    type: z.enum(['phone', 'card', 'openid', 'unionid', 'device']),
    value: idSchema,
  }),
} as const;

export type Opening = z.output<typeof sessionSchemas.open>;
export type Scan = z.output<typeof sessionSchemas.scan>;
export type Tender = z.output<typeof sessionSchemas.tender>;

interface ScannedLine extends Scan {
  stands: boolean;
}

export interface Ticket {
  /** By seq. */
  readonly lines: Map<number, ScannedLine>;
  readonly declined: Set<string>;
  /** Seqs of scans that were refused and neither mended nor voided; 0 for what had none. */
  readonly refused: Set<number>;
  memberId: string | undefined;
  /** 0 before the first scan. */
  latestSeq: number;
}

export function newTicket(): Ticket {
  const [declined, refused] = [new Set<string>(), new Set<number>()];
  return { lines: new Map(), declined, refused, memberId: undefined, latestSeq: 0 };
}

/** False when the same scan came before. Throws INVALID_ARGUMENT for a seq that was passed. */
export function applyScan(ticket: Ticket, scan: Scan): boolean {
  const { seq } = scan;
  const known = ticket.lines.get(seq);
  if (known !== undefined && isSame(known, scan)) return false;
  if (seq <= ticket.latestSeq && (known !== undefined || !ticket.refused.has(seq))) {
    const message = 'must be above the one before, or repeat a scan with the same content';
    throw invalidField({
      field: 'scan.seq',
      value: seq,
      limit: `above ${ticket.latestSeq}`,
      message,
    });
  }
  if (ticket.lines.size >= limits.purchaseLinesMax) {
    const limit = limits.purchaseLinesMax;
    throw invalidField({
      field: 'scan',
      value: limit + 1,
      limit,
      message: `must be at most ${limit}`,
    });
  }
  ticket.lines.set(seq, { ...scan, stands: true });
  ticket.refused.delete(seq);
  ticket.latestSeq = Math.max(ticket.latestSeq, seq);
  return true;
}

/** A scan was refused: without it the ticket is not the till's. */
export function applyRefusal({ refused, lines }: Ticket, seq: number | undefined): void {
  const isNumbered = seq !== undefined && seq > 0 && !lines.has(seq);
  refused.add(isNumbered && refused.size < limits.refusedScansMax ? seq : 0);
}

function isSame({ stands: _, ...known }: ScannedLine, scan: Scan): boolean {
  return isDeepStrictEqual(known, scan);
}

/** Throws INVALID_ARGUMENT for a seq that was never scanned. */
export function applyVoid(ticket: Ticket, seq: number): void {
  const line = ticket.lines.get(seq);
  if (line === undefined && ticket.refused.delete(seq)) return;
  if (line === undefined) {
    const message = 'was not scanned on this ticket';
    throw invalidField({ field: 'void.seq', value: seq, limit: 'a seq of this ticket', message });
  }
  line.stands = false;
}

/** Throws INVALID_ARGUMENT beyond what a request may exclude. */
export function applyDecline(ticket: Ticket, itemId: string): void {
  ticket.declined.add(itemId);
  const limit = limits.excludeItemsMax;
  if (ticket.declined.size <= limit) return;
  throw invalidField({
    field: 'decline',
    value: limit + 1,
    limit,
    message: `must be at most ${limit}`,
  });
}

/** The distinct items that stand. */
export function standingItems(ticket: Ticket): readonly string[] {
  const standing = [...ticket.lines.values()].filter(({ stands }) => stands);
  return [...new Set(standing.map(({ itemId }) => itemId))];
}

/** What to ask for a ticket with these items standing. */
export function adviceRequest(
  ticket: Ticket,
  items: readonly string[],
  { storeId, limit }: Opening,
): RecommendRequest {
  const { memberId } = ticket;
  // What was taken back was not wanted either.
  const takenBack = [...ticket.lines.values()].filter(({ stands }) => !stands);
  const unwanted = new Set([...ticket.declined, ...takenBack.map(({ itemId }) => itemId)]);
  return {
    scenario: 'basket-add-on',
    basket: items.map((itemId) => ({ itemId, quantity: 1 })),
    exclude: [...unwanted].slice(0, limits.excludeItemsMax),
    limit,
    ...(memberId !== undefined && { memberId }),
    ...(storeId !== undefined && { storeId }),
  };
}

/** The receipt as any door takes it, not yet validated: it may have no lines. */
export function receiptOf(ticket: Ticket, tender: Tender, opening: Opening): object {
  const { storeId, terminalId } = opening;
  const { memberId } = ticket;
  return {
    ...tender,
    ...(memberId !== undefined && { memberId }),
    ...(storeId !== undefined && { storeId }),
    ...(terminalId !== undefined && { terminalId }),
    lines: linesOf(linesInOrder(ticket)),
  };
}

/** One that was refused first is scanned after others. */
function linesInOrder({ lines }: Ticket): readonly ScannedLine[] {
  return [...lines.values()].sort((one, other) => one.seq - other.seq);
}

/** Where every scan was voided, one and what takes it back: so the receipt says that it is none. */
function linesOf(scanned: readonly ScannedLine[]): readonly object[] {
  const lines = scanned.filter(({ stands }) => stands).map(lineOf);
  if (lines.length > 0 || scanned[0] === undefined) return lines;
  const first = lineOf(scanned[0]);
  return [first, { ...first, quantity: -first.quantity }];
}

function lineOf({ seq: _seq, stands: _stands, ...line }: ScannedLine) {
  return line;
}

interface InvalidField {
  readonly field: string;
  readonly value: unknown;
  readonly limit: string | number;
  readonly message: string;
}

export function invalidField({ field, value, limit, message }: InvalidField): EngineError {
  return new EngineError('INVALID_ARGUMENT', `${field} ${message} (got ${quoteValue(value)})`, {
    violations: [{ field, value: quoteValue(value), limit, message }],
  });
}
