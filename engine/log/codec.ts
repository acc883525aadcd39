// How an event lies in the log: one JSON array by position, so that a line costs few bytes.
import { EngineError } from '../base/errors.ts';
import type { Item, Merge, Purchase, Return, Store } from './events.ts';

/**
 * Milliseconds for arithmetic, and the minutes east of UTC that were settled when the event was
 * accepted.
 */
export interface Moment {
  readonly occurredAtMs: number;
  readonly offsetMinutes: number;
}

export type LoggedPurchase = Omit<Purchase, 'occurredAt'> & Moment;
export type LoggedReturn = Omit<Return, 'occurredAt'> & Moment;

export type LogEntry =
  | { readonly kind: 'purchase'; readonly acceptedAtMs: number; readonly purchase: LoggedPurchase }
  | { readonly kind: 'return'; readonly acceptedAtMs: number; readonly return: LoggedReturn }
  | { readonly kind: 'merge'; readonly acceptedAtMs: number; readonly merge: Merge }
  | {
      readonly kind: 'consent';
      readonly acceptedAtMs: number;
      readonly memberId: string;
      readonly personalization: boolean;
      readonly moment: Moment;
    }
  /** A member was forgotten, with every id merged into them; keyed hashes, which name nobody. */
  | { readonly kind: 'erase'; readonly acceptedAtMs: number; readonly hashes: readonly string[] }
  /** Receipts before a moment left the retention window. */
  | { readonly kind: 'expire'; readonly acceptedAtMs: number; readonly beforeMs: number }
  /** What stood here was erased or has expired. */
  | { readonly kind: 'stub'; readonly acceptedAtMs: number }
  | { readonly kind: 'item'; readonly acceptedAtMs: number; readonly item: Item }
  | { readonly kind: 'store'; readonly acceptedAtMs: number; readonly store: Store };

type PackedLine = [string, number, (number | null)?];

/**
 * The content that decides between `duplicate` and `conflict`: all that the sender said, without
 * the offset.
 */
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

/** `content` is purchaseContent or returnContent of the same event, made once for hash and log. */
export function encodePurchase(
  acceptedAtMs: number,
  offsetMinutes: number,
  content: string,
): Buffer {
  return Buffer.from(`["p",${acceptedAtMs},${offsetMinutes},${content}]`);
}

export function encodeReturn(acceptedAtMs: number, offsetMinutes: number, content: string): Buffer {
  return Buffer.from(`["r",${acceptedAtMs},${offsetMinutes},${content}]`);
}

export function encodeMerge(acceptedAtMs: number, merge: Merge): Buffer {
  return Buffer.from(
    `["m",${acceptedAtMs},${JSON.stringify([merge.memberId, merge.fromMemberId])}]`,
  );
}

export function encodeConsent(
  acceptedAtMs: number,
  memberId: string,
  personalization: boolean,
  { occurredAtMs, offsetMinutes }: Moment,
): Buffer {
  const content = JSON.stringify([memberId, personalization, occurredAtMs, offsetMinutes]);
  return Buffer.from(`["c",${acceptedAtMs},${content}]`);
}

export function encodeErase(acceptedAtMs: number, hashes: readonly string[]): Buffer {
  return Buffer.from(`["e",${acceptedAtMs},${JSON.stringify(hashes)}]`);
}

export function encodeExpire(acceptedAtMs: number, beforeMs: number): Buffer {
  return Buffer.from(`["x",${acceptedAtMs},${beforeMs}]`);
}

export function encodeStub(): Buffer {
  return Buffer.from('["-",0]');
}

export function encodeItem(acceptedAtMs: number, item: Item): Buffer {
  return Buffer.from(`["i",${acceptedAtMs},${JSON.stringify(item)}]`);
}

export function encodeStore(acceptedAtMs: number, store: Store): Buffer {
  return Buffer.from(`["s",${acceptedAtMs},${JSON.stringify(store)}]`);
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

const codes = { erase: 'e', expire: 'x' } as const;

/** Whether an entry is of a kind, without reading more of it: `["e",…`. */
export function isOfKind(bytes: Buffer, kind: keyof typeof codes): boolean {
  return bytes[2] === codes[kind].charCodeAt(0);
}

const [quote, backslash, purchaseCode] = [34, 92, 112] as const;

/**
 * When a purchase happened, without reading more of the entry: `["p",accepted,offset,["id",ms,…`.
 * Undefined for an entry of another kind.
 */
export function purchasedAtMs(bytes: Buffer): number | undefined {
  if (bytes[2] !== purchaseCode) return undefined;
  let at = bytes.indexOf('["', 3) + 2;
  for (; bytes[at] !== quote; at++) if (bytes[at] === backslash) at += 1;
  return Number.parseFloat(bytes.toString('latin1', at + 2, at + 26));
}

/** Throws DATA_LOSS for a kind that this version does not know. */
export function decodeEntry(bytes: Buffer, sequence: number): LogEntry {
  const packed = JSON.parse(bytes.toString());
  const [code, acceptedAtMs] = packed as [string, number];
  switch (code) {
    case 'p':
      return { kind: 'purchase', acceptedAtMs, purchase: unpackPurchase(packed[3], packed[2]) };
    case 'r':
      return { kind: 'return', acceptedAtMs, return: unpackReturn(packed[3], packed[2]) };
    case 'm':
      return {
        kind: 'merge',
        acceptedAtMs,
        merge: { memberId: packed[2][0], fromMemberId: packed[2][1] },
      };
    case 'c': {
      const [memberId, personalization, occurredAtMs, offsetMinutes] = packed[2];
      const moment = { occurredAtMs, offsetMinutes };
      return { kind: 'consent', acceptedAtMs, memberId, personalization, moment };
    }
    case 'e':
      // A single hash where an earlier version wrote it.
      return { kind: 'erase', acceptedAtMs, hashes: [packed[2]].flat() };
    case 'x':
      return { kind: 'expire', acceptedAtMs, beforeMs: packed[2] };
    case '-':
      return { kind: 'stub', acceptedAtMs };
    case 'i':
      return { kind: 'item', acceptedAtMs, item: packed[2] };
    case 's':
      return { kind: 'store', acceptedAtMs, store: packed[2] };
    default:
      throw new EngineError('DATA_LOSS', `log entry ${sequence} is of the unknown kind ${code}`);
  }
}
