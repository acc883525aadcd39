// A purchase as it lies in the log: what the sender said, and the moment that was settled when it
// was accepted.

import { type Channel, channels } from '../base/shapes.ts';
import { ByteReader, type ByteWriter } from '../log/bytes.ts';
import { beginContent, bodyOf, codeOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import type { Moment } from './validation.ts';

export const purchaseCode = 1;

export interface LoggedPurchaseLine {
  readonly itemId: string;
  readonly thousandths: number;
  readonly unitPriceFen: number | undefined;
  readonly discountFen: number | undefined;
  readonly totalFen: number | undefined;
  readonly isGift: boolean;
}

export interface LoggedPurchase extends Moment {
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  readonly storeId: string | undefined;
  readonly channel: Channel;
  readonly terminalId: string | undefined;
  readonly cashierId: string | undefined;
  /** What the till said, where its clock was ahead; `occurredAtMs` is when it came then. */
  readonly statedAtMs: number | undefined;
  /** Only the day is known. */
  readonly timeUnknown: true | undefined;
  readonly paidFen: number | undefined;
  readonly couponIds: readonly string[];
  readonly lines: readonly LoggedPurchaseLine[];
}

const has = {
  member: 1,
  store: 2,
  terminal: 4,
  cashier: 8,
  paid: 16,
  coupons: 32,
  noTime: 64,
} as const;
const lineHas = { price: 1, discount: 2, total: 4, gift: 8 } as const;

function maskOf(purchase: LoggedPurchase): number {
  let mask = 0;
  if (purchase.memberId !== undefined) mask |= has.member;
  if (purchase.storeId !== undefined) mask |= has.store;
  if (purchase.terminalId !== undefined) mask |= has.terminal;
  if (purchase.cashierId !== undefined) mask |= has.cashier;
  if (purchase.paidFen !== undefined) mask |= has.paid;
  if (purchase.couponIds.length > 0) mask |= has.coupons;
  if (purchase.timeUnknown) mask |= has.noTime;
  return mask;
}

/** All that the sender said of the receipt as a whole, but not in which offset the time was. */
function writeHead(writer: ByteWriter, purchase: LoggedPurchase): void {
  const { memberId, storeId, terminalId, cashierId, paidFen, couponIds } = purchase;
  writer.whole(maskOf(purchase)).text(purchase.purchaseId);
  writer.whole(purchase.statedAtMs ?? purchase.occurredAtMs);
  writer.byte(channels.indexOf(purchase.channel));
  if (memberId !== undefined) writer.text(memberId);
  if (storeId !== undefined) writer.text(storeId);
  if (terminalId !== undefined) writer.text(terminalId);
  if (cashierId !== undefined) writer.text(cashierId);
  if (paidFen !== undefined) writer.whole(paidFen);
  if (couponIds.length === 0) return;
  writer.whole(couponIds.length);
  for (const id of couponIds) writer.text(id);
}

function writeLine(writer: ByteWriter, line: LoggedPurchaseLine): void {
  const { itemId, thousandths, unitPriceFen, discountFen, totalFen, isGift } = line;
  let mask = isGift ? lineHas.gift : 0;
  if (unitPriceFen !== undefined) mask |= lineHas.price;
  if (discountFen !== undefined) mask |= lineHas.discount;
  if (totalFen !== undefined) mask |= lineHas.total;
  writer.byte(mask).text(itemId).whole(thousandths);
  if (unitPriceFen !== undefined) writer.whole(unitPriceFen);
  if (discountFen !== undefined) writer.whole(discountFen);
  if (totalFen !== undefined) writer.whole(totalFen);
}

function readLine(reader: ByteReader): LoggedPurchaseLine {
  const mask = reader.byte();
  return {
    itemId: reader.text(),
    thousandths: reader.whole(),
    unitPriceFen: (mask & lineHas.price) === 0 ? undefined : reader.whole(),
    discountFen: (mask & lineHas.discount) === 0 ? undefined : reader.whole(),
    totalFen: (mask & lineHas.total) === 0 ? undefined : reader.whole(),
    isGift: (mask & lineHas.gift) !== 0,
  };
}

export function encodePurchase(writer: ByteWriter, purchase: LoggedPurchase): void {
  const { offsetMinutes, statedAtMs, occurredAtMs, lines } = purchase;
  writer.signed(offsetMinutes).whole(statedAtMs === undefined ? 0 : occurredAtMs + 1);
  writeHead(writer, purchase);
  writer.whole(lines.length);
  for (const line of lines) writeLine(writer, line);
}

export function decodePurchase(reader: ByteReader): LoggedPurchase {
  const offsetMinutes = reader.signed();
  const cameAtMs = reader.whole() - 1;
  const mask = reader.whole();
  const purchaseId = reader.text();
  const statedAtMs = reader.whole();
  const channel = channels[reader.byte()]!;
  const isSkewed = cameAtMs >= 0;
  // In the order in which it lies there. In one literal: a spread takes 3 KB of memory each time,
  // and a walk through the log reads millions.
  return {
    purchaseId,
    channel,
    memberId: (mask & has.member) === 0 ? undefined : reader.text(),
    storeId: (mask & has.store) === 0 ? undefined : reader.text(),
    terminalId: (mask & has.terminal) === 0 ? undefined : reader.text(),
    cashierId: (mask & has.cashier) === 0 ? undefined : reader.text(),
    paidFen: (mask & has.paid) === 0 ? undefined : reader.whole(),
    couponIds: readTexts(reader, (mask & has.coupons) === 0 ? 0 : reader.whole()),
    lines: readLoggedLines(reader),
    occurredAtMs: isSkewed ? cameAtMs : statedAtMs,
    offsetMinutes,
    statedAtMs: isSkewed ? statedAtMs : undefined,
    timeUnknown: (mask & has.noTime) === 0 ? undefined : true,
  };
}

const noTexts: readonly string[] = [];

function readTexts(reader: ByteReader, count: number): readonly string[] {
  if (count === 0) return noTexts;
  return Array.from({ length: count }, () => reader.text());
}

function readLoggedLines(reader: ByteReader): LoggedPurchaseLine[] {
  const count = reader.whole();
  const lines: LoggedPurchaseLine[] = [];
  for (let line = 0; line < count; line++) lines.push(readLine(reader));
  return lines;
}

/**
 * Decides between `duplicate` and `conflict`: all that the sender said, in whatever order the lines
 * stood.
 */
export function purchaseHash(
  { hashBytes }: Pick<WriteContext, 'hashBytes'>,
  purchase: LoggedPurchase,
): bigint {
  const head = beginContent();
  writeHead(head, purchase);
  let hash = hashBytes(head.written());
  for (const line of purchase.lines) {
    const content = beginContent();
    writeLine(content, line);
    hash += hashBytes(content.written());
  }
  return BigInt.asUintN(64, hash);
}

/** When the purchase in a log entry happened, without reading more of it. */
export function purchasedAtMs(bytes: Buffer): number | undefined {
  if (codeOf(bytes) !== purchaseCode) return undefined;
  const reader = new ByteReader(bodyOf(bytes));
  reader.signed();
  const cameAtMs = reader.whole() - 1;
  if (cameAtMs >= 0) return cameAtMs;
  reader.whole();
  reader.text();
  return reader.whole();
}
