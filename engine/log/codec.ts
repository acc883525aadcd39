// How an event lies in the log: CRC-32 (ISO 3309), then one JSON array by position, so that a line costs few bytes.
import { crc32 } from 'node:zlib';
import { EngineError } from '../base/errors.ts';
import type { Item, Purchase, Return, Store } from './events.ts';

/** Milliseconds for arithmetic, and the minutes east of UTC that were settled when the event was accepted. */
export interface Moment {
  readonly occurredAtMs: number;
  readonly offsetMinutes: number;
}

export type LoggedPurchase = Omit<Purchase, 'occurredAt'> & Moment;
export type LoggedReturn = Omit<Return, 'occurredAt'> & Moment;

export type LogEntry =
  | { readonly kind: 'purchase'; readonly acceptedAtMs: number; readonly purchase: LoggedPurchase }
  | { readonly kind: 'return'; readonly acceptedAtMs: number; readonly return: LoggedReturn }
  | { readonly kind: 'item'; readonly acceptedAtMs: number; readonly item: Item }
  | { readonly kind: 'store'; readonly acceptedAtMs: number; readonly store: Store };

type PackedLine = [string, number, (number | null)?];

const crcBytes = 4;

/** The content that decides between `duplicate` and `conflict`: all that the sender said, without the offset. */
export function purchaseContent(purchase: LoggedPurchase): string {
  const lines = purchase.lines.map(
    ({ itemId, quantity, unitPriceFen }): PackedLine =>
      unitPriceFen === undefined ? [itemId, quantity] : [itemId, quantity, unitPriceFen],
  );
  return JSON.stringify([
    purchase.purchaseId,
    purchase.occurredAtMs,
    purchase.memberId ?? null,
    purchase.storeId ?? null,
    purchase.channel,
    purchase.terminalId ?? null,
    lines,
  ]);
}

export function returnContent(value: LoggedReturn): string {
  return JSON.stringify([
    value.returnId,
    value.purchaseId,
    value.occurredAtMs,
    value.storeId ?? null,
    value.channel,
    value.lines.map(({ itemId, quantity }): PackedLine => [itemId, quantity]),
  ]);
}

function seal(payload: string): Buffer {
  const bytes = Buffer.allocUnsafe(crcBytes + Buffer.byteLength(payload));
  bytes.write(payload, crcBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(crcBytes)), 0);
  return bytes;
}

/** `content` is purchaseContent or returnContent of the same event, made once for hash and log. */
export function encodePurchase(
  acceptedAtMs: number,
  offsetMinutes: number,
  content: string,
): Buffer {
  return seal(`["p",${acceptedAtMs},${offsetMinutes},${content}]`);
}

export function encodeReturn(acceptedAtMs: number, offsetMinutes: number, content: string): Buffer {
  return seal(`["r",${acceptedAtMs},${offsetMinutes},${content}]`);
}

export function encodeItem(acceptedAtMs: number, item: Item): Buffer {
  return seal(`["i",${acceptedAtMs},${JSON.stringify(item)}]`);
}

export function encodeStore(acceptedAtMs: number, store: Store): Buffer {
  return seal(`["s",${acceptedAtMs},${JSON.stringify(store)}]`);
}

type PackedPurchase = [
  string,
  number,
  string | null,
  string | null,
  string,
  string | null,
  PackedLine[],
];
type PackedReturn = [string, string, number, string | null, string, PackedLine[]];

function unpackPurchase(packed: PackedPurchase, offsetMinutes: number): LoggedPurchase {
  const [purchaseId, occurredAtMs, memberId, storeId, channel, terminalId, lines] = packed;
  return {
    purchaseId,
    occurredAtMs,
    offsetMinutes,
    memberId: memberId ?? undefined,
    storeId: storeId ?? undefined,
    channel: channel as Purchase['channel'],
    terminalId: terminalId ?? undefined,
    lines: lines.map(([itemId, quantity, price]) => ({
      itemId,
      quantity,
      unitPriceFen: price ?? undefined,
    })),
  };
}

function unpackReturn(packed: PackedReturn, offsetMinutes: number): LoggedReturn {
  const [returnId, purchaseId, occurredAtMs, storeId, channel, lines] = packed;
  return {
    returnId,
    purchaseId,
    occurredAtMs,
    offsetMinutes,
    storeId: storeId ?? undefined,
    channel: channel as Return['channel'],
    lines: lines.map(([itemId, quantity]) => ({ itemId, quantity })),
  };
}

/** Throws DATA_LOSS when the checksum does not match. */
export function decodeEntry(bytes: Buffer, sequence: number): LogEntry {
  if (bytes.length < crcBytes || crc32(bytes.subarray(crcBytes)) !== bytes.readUInt32LE(0)) {
    throw new EngineError('DATA_LOSS', `log entry ${sequence} does not match its checksum`);
  }
  const packed = JSON.parse(bytes.toString('utf8', crcBytes));
  const [code, acceptedAtMs] = packed as [string, number];
  switch (code) {
    case 'p':
      return { kind: 'purchase', acceptedAtMs, purchase: unpackPurchase(packed[3], packed[2]) };
    case 'r':
      return { kind: 'return', acceptedAtMs, return: unpackReturn(packed[3], packed[2]) };
    case 'i':
      return { kind: 'item', acceptedAtMs, item: packed[2] };
    case 's':
      return { kind: 'store', acceptedAtMs, store: packed[2] };
    default:
      throw new EngineError('DATA_LOSS', `log entry ${sequence} is of the unknown kind ${code}`);
  }
}
