// One receipt of a history as bytes: the format that assembly/history.ts reads straight into the
// kernel.
//
// entry: occurredAtMs f64 | purchaseSequence f64 | addedAt f64 | removedAt f64 (0: live)
//          | store u32 (0: none) | daypart u8 | idLength u8 | lines u16 | offsetMinutes i16
//          | flags u8 | channel u8
//          | paidFen f64, with flag paid
//          | lines × (itemNumber and gift bit u32, quantity, returned)
//          | lines × (totalFen, discountFen), with flag money
//          | purchaseId bytes, padded with zeros to a multiple of 4
//
// All little-endian. Quantities and money of lines are u32, or f64 with flag wide. Lines stand in
// (id hash, id) order. An entry is never changed: it is marked removed and its successor put beside
// it, so that a history can be read as of a sequence.
import { type Channel, channels } from '../base/shapes.ts';

const at = {
  occurred: 0,
  sequence: 8,
  added: 16,
  removed: 24,
  store: 32,
  daypart: 36,
  idLength: 37,
  lines: 38,
  offset: 40,
  flags: 42,
  channel: 43,
} as const;
const headerBytes = 44;
const paidBytes = 8;
const flagBits = { paid: 1, money: 2, wide: 4, clockSkewed: 8 } as const;
const giftBit = 0x8000_0000;
const itemMask = 0x7fff_ffff;
const u32Max = 0xffff_ffff;
/** Money that is not known, where amounts are u32; where they are f64 it is NaN. */
const noMoney = u32Max;

/** A distinct item of a receipt. Quantities in thousandths, money in fen. */
export interface HistoryLine {
  readonly itemNumber: number;
  readonly thousandths: number;
  readonly returnedThousandths: number;
  /** Bought for somebody else: all of it. */
  readonly isGift: boolean;
  /** What all of it cost, after discount; undefined when it is not known. */
  readonly totalFen: number | undefined;
  readonly discountFen: number | undefined;
}

export interface HistoryEntry {
  readonly occurredAtMs: number;
  /** Where the receipt stands in the log. */
  readonly purchaseSequence: number;
  readonly addedAt: number;
  /** 0 while it counts. */
  readonly removedAt: number;
  /** 0 for none. */
  readonly storeNumber: number;
  /** 0 to 5; 6: the time of day is not known. */
  readonly daypart: number;
  /** Minutes east of UTC, which give its local day. */
  readonly offsetMinutes: number;
  readonly channel: Channel;
  /** The till's clock was ahead: the moment is when the receipt came. */
  readonly clockSkewed: boolean;
  readonly paidFen: number | undefined;
  readonly purchaseId: string;
  readonly lines: readonly HistoryLine[];
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Of one amount or quantity. */
function numberBytes(flags: number): number {
  return (flags & flagBits.wide) === 0 ? 4 : 8;
}

function lineBytes(flags: number): number {
  return 4 + 2 * numberBytes(flags);
}

function moneyBytes(flags: number): number {
  return (flags & flagBits.money) === 0 ? 0 : 2 * numberBytes(flags);
}

/** Where the lines of an entry begin, from its start. */
function linesAt(flags: number): number {
  return (flags & flagBits.paid) === 0 ? headerBytes : headerBytes + paidBytes;
}

function idAt(flags: number, lines: number): number {
  return linesAt(flags) + lines * (lineBytes(flags) + moneyBytes(flags));
}

function flagsOf({ clockSkewed, paidFen, lines }: HistoryEntry): number {
  let flags = clockSkewed ? flagBits.clockSkewed : 0;
  if (paidFen !== undefined) flags |= flagBits.paid;
  for (const { thousandths, totalFen, discountFen } of lines) {
    if (totalFen !== undefined || discountFen !== undefined) flags |= flagBits.money;
    if (isWide(thousandths) || isWide(totalFen) || isWide(discountFen)) flags |= flagBits.wide;
  }
  return flags;
}

function isWide(amount = 0): boolean {
  return amount < 0 || amount >= u32Max;
}

export function encodeEntry(entry: HistoryEntry): Buffer {
  const flags = flagsOf(entry);
  const idLength = Buffer.byteLength(entry.purchaseId);
  const idStart = idAt(flags, entry.lines.length);
  const bytes = Buffer.allocUnsafe(idStart + padded(idLength));
  bytes.fill(0, idStart + idLength);
  bytes.writeDoubleLE(entry.occurredAtMs, at.occurred);
  bytes.writeDoubleLE(entry.purchaseSequence, at.sequence);
  bytes.writeDoubleLE(entry.addedAt, at.added);
  bytes.writeDoubleLE(entry.removedAt, at.removed);
  bytes.writeUInt32LE(entry.storeNumber, at.store);
  bytes.writeUInt8(entry.daypart, at.daypart);
  bytes.writeUInt8(idLength, at.idLength);
  bytes.writeUInt16LE(entry.lines.length, at.lines);
  bytes.writeInt16LE(entry.offsetMinutes, at.offset);
  bytes.writeUInt8(flags, at.flags);
  bytes.writeUInt8(channels.indexOf(entry.channel), at.channel);
  if (entry.paidFen !== undefined) bytes.writeDoubleLE(entry.paidFen, headerBytes);
  writeLines(bytes, flags, entry.lines);
  bytes.write(entry.purchaseId, idStart);
  return bytes;
}

function writeNumber(bytes: Buffer, place: number, value: number, flags: number): number {
  if ((flags & flagBits.wide) === 0) return bytes.writeUInt32LE(value, place);
  return bytes.writeDoubleLE(value, place);
}

function writeLines(bytes: Buffer, flags: number, lines: readonly HistoryLine[]): void {
  let place = linesAt(flags);
  for (const { itemNumber, isGift, thousandths, returnedThousandths } of lines) {
    place = bytes.writeUInt32LE(isGift ? itemNumber + giftBit : itemNumber, place);
    place = writeNumber(bytes, place, thousandths, flags);
    place = writeNumber(bytes, place, returnedThousandths, flags);
  }
  if ((flags & flagBits.money) === 0) return;
  const none = (flags & flagBits.wide) === 0 ? noMoney : Number.NaN;
  for (const { totalFen = none, discountFen = none } of lines) {
    place = writeNumber(bytes, place, totalFen, flags);
    place = writeNumber(bytes, place, discountFen, flags);
  }
}

/** Where the entry after the one at `start` begins. */
export function entryEnd(bytes: Buffer, start: number): number {
  const lines = bytes.readUInt16LE(start + at.lines);
  const idStart = idAt(bytes[start + at.flags]!, lines);
  return start + idStart + padded(bytes[start + at.idLength]!);
}

export function occurredAtMsOf(bytes: Buffer, start: number): number {
  return bytes.readDoubleLE(start + at.occurred);
}

export function sequenceOf(bytes: Buffer, start: number): number {
  return bytes.readDoubleLE(start + at.sequence);
}

export function addedAtOf(bytes: Buffer, start: number): number {
  return bytes.readDoubleLE(start + at.added);
}

/** 0: it counts. */
export function removedAtOf(bytes: Buffer, start: number): number {
  return bytes.readDoubleLE(start + at.removed);
}

export function lineCountOf(bytes: Buffer, start: number): number {
  return bytes.readUInt16LE(start + at.lines);
}

export function offsetMinutesOf(bytes: Buffer, start: number): number {
  return bytes.readInt16LE(start + at.offset);
}

export function purchaseIdOf(bytes: Buffer, start: number): Buffer {
  const idStart = start + idAt(bytes[start + at.flags]!, bytes.readUInt16LE(start + at.lines));
  return bytes.subarray(idStart, idStart + bytes[start + at.idLength]!);
}

/** The same entry, removed at a sequence. */
export function markedRemoved(entry: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(entry);
  copy.writeDoubleLE(sequence, at.removed);
  return copy;
}

/** The same entry without its id and its place in the log. */
export function withoutId(entry: Buffer): Buffer {
  const idStart = idAt(entry[at.flags]!, entry.readUInt16LE(at.lines));
  const copy = Buffer.from(entry.subarray(0, idStart));
  copy.writeDoubleLE(0, at.sequence);
  copy.writeUInt8(0, at.idLength);
  return copy;
}

function readNumber(bytes: Buffer, place: number, flags: number): number {
  return (flags & flagBits.wide) !== 0 ? bytes.readDoubleLE(place) : bytes.readUInt32LE(place);
}

function readMoney(bytes: Buffer, place: number, flags: number): number | undefined {
  if ((flags & flagBits.money) === 0) return undefined;
  const amount = readNumber(bytes, place, flags);
  const isKnown = (flags & flagBits.wide) === 0 ? amount !== noMoney : !Number.isNaN(amount);
  return isKnown ? amount : undefined;
}

function decodeLines(bytes: Buffer, start: number): HistoryLine[] {
  const flags = bytes[start + at.flags]!;
  const count = bytes.readUInt16LE(start + at.lines);
  const first = start + linesAt(flags);
  const [size, each] = [numberBytes(flags), lineBytes(flags)];
  return Array.from({ length: count }, (_, index) => {
    const line = first + index * each;
    const money = first + count * each + index * 2 * size;
    const item = bytes.readUInt32LE(line);
    return {
      itemNumber: item & itemMask,
      isGift: item >= giftBit,
      thousandths: readNumber(bytes, line + 4, flags),
      returnedThousandths: readNumber(bytes, line + 4 + size, flags),
      totalFen: readMoney(bytes, money, flags),
      discountFen: readMoney(bytes, money + size, flags),
    };
  });
}

export function decodeEntry(bytes: Buffer, start = 0): HistoryEntry {
  const flags = bytes[start + at.flags]!;
  return {
    occurredAtMs: occurredAtMsOf(bytes, start),
    purchaseSequence: sequenceOf(bytes, start),
    addedAt: addedAtOf(bytes, start),
    removedAt: removedAtOf(bytes, start),
    storeNumber: bytes.readUInt32LE(start + at.store),
    daypart: bytes[start + at.daypart]!,
    offsetMinutes: offsetMinutesOf(bytes, start),
    channel: channels[bytes[start + at.channel]!]!,
    clockSkewed: (flags & flagBits.clockSkewed) !== 0,
    paidFen: (flags & flagBits.paid) === 0 ? undefined : bytes.readDoubleLE(start + headerBytes),
    purchaseId: purchaseIdOf(bytes, start).toString(),
    lines: decodeLines(bytes, start),
  };
}
