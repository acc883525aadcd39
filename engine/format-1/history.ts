// Histories of data format 1: all receipts of a person under the id that stands for them.
//
// entry: occurredAtMs f64 | purchaseSequence f64 | addedAt f64 | removedAt f64 (0: it counts)
//          | store u32 (0: none) | daypart u8 | idLength u8 | lines u16
//          | lines × (itemNumber u32, pieces u32, returned u32)
//          | purchaseId bytes, padded with zeros to a multiple of 4
//
// All little-endian, in the order of (occurredAtMs, purchaseId).
import { EngineError } from '../base/errors.ts';

const headerBytes = 40;
const lineBytes = 12;

export interface OldLine {
  readonly itemNumber: number;
  readonly pieces: number;
  readonly returned: number;
}

/** A receipt that counted. */
export interface OldReceipt {
  readonly occurredAtMs: number;
  readonly purchaseSequence: number;
  /** 0 for none. */
  readonly storeNumber: number;
  readonly daypart: number;
  readonly purchaseId: string;
  readonly lines: readonly OldLine[];
}

function endOf(history: Buffer, start: number): number {
  if (start + headerBytes > history.length) return Number.POSITIVE_INFINITY;
  const idLength = history.readUInt8(start + 37);
  return start + headerBytes + history.readUInt16LE(start + 38) * lineBytes + ((idLength + 3) & ~3);
}

function receiptAt(history: Buffer, start: number): OldReceipt {
  const lineCount = history.readUInt16LE(start + 38);
  const idStart = start + headerBytes + lineCount * lineBytes;
  return {
    occurredAtMs: history.readDoubleLE(start),
    purchaseSequence: history.readDoubleLE(start + 8),
    storeNumber: history.readUInt32LE(start + 32),
    daypart: history.readUInt8(start + 36),
    purchaseId: history.toString('utf8', idStart, idStart + history.readUInt8(start + 37)),
    lines: Array.from({ length: lineCount }, (_, index) => {
      const line = start + headerBytes + index * lineBytes;
      return {
        itemNumber: history.readUInt32LE(line),
        pieces: history.readUInt32LE(line + 4),
        returned: history.readUInt32LE(line + 8),
      };
    }),
  };
}

/** Those that counted, oldest first. Throws DATA_LOSS where the bytes end too soon. */
export function readReceipts(history: Buffer): OldReceipt[] {
  const receipts: OldReceipt[] = [];
  for (let start = 0; start < history.length; start = endOf(history, start)) {
    if (endOf(history, start) > history.length) {
      const message = 'a history of data format 1 ends too soon';
      throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
    }
    if (history.readDoubleLE(start + 24) === 0) receipts.push(receiptAt(history, start));
  }
  return receipts;
}
