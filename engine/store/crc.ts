// CRC-32 (zlib's) of short pieces of a buffer without a call into native code, which costs more
// than 100 short bytes.
import { crc32 } from 'node:zlib';

const nativeFromBytes = 160;
const polynomial = 0xedb88320;

/** Four tables of 256: slicing by four, after Kounavis and Berry (2005). */
const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}

/** The CRC-32 of bytes[start, end), going on from that of what stood before it. */
export function crcOf(bytes: Buffer, start: number, end: number, before = 0): number {
  if (end - start >= nativeFromBytes) return crc32(bytes.subarray(start, end), before);
  let value = ~before;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      tables[768 + (value & 255)]! ^
      tables[512 + ((value >>> 8) & 255)]! ^
      tables[256 + ((value >>> 16) & 255)]! ^
      tables[value >>> 24]!;
  }
  for (; at < end; at++) value = (value >>> 8) ^ tables[(value ^ bytes[at]!) & 255]!;
  return ~value >>> 0;
}
