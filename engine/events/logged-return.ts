// A return as it lies in the log, and beside the purchase that it takes from.

import { type Channel, channels } from '../base/shapes.ts';
import { ByteReader, type ByteWriter } from '../log/bytes.ts';
import { beginContent, bodyOf, codeOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import type { Moment } from './validation.ts';

export const returnCode = 2;

export interface ReturnedLine {
  readonly itemId: string;
  readonly thousandths: number;
}

export interface LoggedReturn extends Moment {
  readonly returnId: string;
  readonly purchaseId: string;
  readonly storeId: string | undefined;
  readonly channel: Channel;
  /** All that was left of the receipt: the lines were not sent, but found. */
  readonly isWhole: boolean;
  readonly lines: readonly ReturnedLine[];
  /** As they were sent, where the receipt has the goods under other numbers of their items. */
  readonly sent?: readonly ReturnedLine[] | undefined;
}

/** One return as kept beside its purchase. */
export interface KeptReturn {
  readonly sequence: number;
  readonly acceptedAtMs: number;
  readonly lines: readonly ReturnedLine[];
}

function writeHead(writer: ByteWriter, value: LoggedReturn): void {
  const { storeId } = value;
  writer
    .byte(storeId === undefined ? 0 : 1)
    .text(value.returnId)
    .text(value.purchaseId);
  writer.whole(value.occurredAtMs).byte(channels.indexOf(value.channel));
  if (storeId !== undefined) writer.text(storeId);
}

export function encodeReturn(writer: ByteWriter, value: LoggedReturn): void {
  writer.signed(value.offsetMinutes);
  writeHead(writer, value);
  writeLines(writer, value.lines);
  // Behind all that earlier versions read: to them it is a return of these lines, which it is.
  if (value.isWhole) writer.byte(wholeMark);
  else if (value.sent) writeLines(writer.byte(sentMark), value.sent);
}

function writeLines(writer: ByteWriter, lines: readonly ReturnedLine[]): void {
  writer.whole(lines.length);
  for (const { itemId, thousandths } of lines) writer.text(itemId).whole(thousandths);
}

function readLines(reader: ByteReader): ReturnedLine[] {
  return Array.from({ length: reader.whole() }, () => ({
    itemId: reader.text(),
    thousandths: reader.whole(),
  }));
}

const wholeMark = 1;
const sentMark = 2;

export function decodeReturn(reader: ByteReader): LoggedReturn {
  const offsetMinutes = reader.signed();
  const hasStore = reader.byte() === 1;
  const [returnId, purchaseId] = [reader.text(), reader.text()];
  const occurredAtMs = reader.whole();
  const channel = channels[reader.byte()]!;
  const storeId = hasStore ? reader.text() : undefined;
  const lines = readLines(reader);
  const mark = reader.isAtEnd ? 0 : reader.byte();
  const isWhole = mark === wholeMark;
  const head = { returnId, purchaseId, occurredAtMs, offsetMinutes, channel, storeId, isWhole };
  return { ...head, lines, ...(mark === sentMark && { sent: readLines(reader) }) };
}

/** The purchase that a log entry brings something back of; undefined when it is no return. */
export function returnedPurchaseOf(bytes: Buffer): string | undefined {
  if (codeOf(bytes) !== returnCode) return undefined;
  return decodeReturn(new ByteReader(bodyOf(bytes))).purchaseId;
}

/** The id of the return at a place of the log. */
export function returnIdAt(log: Pick<WriteContext['log'], 'read'>, sequence: number): string {
  return decodeReturn(new ByteReader(bodyOf(log.read(sequence)))).returnId;
}

/**
 * Decides between `duplicate` and `conflict`, in whatever order the lines stood; of a whole receipt
 * without its lines, which are not sent, and else with the lines that were.
 */
export function returnHash(
  { hashBytes }: Pick<WriteContext, 'hashBytes'>,
  value: LoggedReturn,
): bigint {
  const head = beginContent();
  writeHead(head, value);
  if (value.isWhole) return hashBytes(head.byte(wholeMark).written());
  let hash = hashBytes(head.written());
  for (const { itemId, thousandths } of value.sent ?? value.lines) {
    hash += hashBytes(beginContent().text(itemId).whole(thousandths).written());
  }
  return BigInt.asUintN(64, hash);
}

/** Quantities per item, over all lines. */
export function quantityByItem(lines: readonly ReturnedLine[]): Map<string, number> {
  const quantities = new Map<string, number>();
  for (const { itemId, thousandths } of lines) {
    quantities.set(itemId, (quantities.get(itemId) ?? 0) + thousandths);
  }
  return quantities;
}

/** Quantities per item over several returns. */
export function returnedByItem(returns: readonly KeptReturn[]): Map<string, number> {
  return quantityByItem(returns.flatMap(({ lines }) => lines));
}
