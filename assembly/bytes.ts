// Two byte streams: what a snapshot writes, and what a restore reads; numbers as varints of seven
// bits, signed ones zigzag.
import { enlarge } from './heap';

/** A varint of 64 bits takes at most ten bytes. */
const VARINT_MAX: u32 = 10;

let out: u32 = 0;
let outCapacity: u32 = 0;
let outLength: u32 = 0;
let input: u32 = 0;

/** Makes room for `values` more varints or bytes. */
export function reserveVarints(values: u32): void {
  reserveBytes(values * VARINT_MAX);
}

/** Makes room for `bytes` more. */
export function reserveBytes(bytes: u32): void {
  if (outLength + bytes <= outCapacity) return;
  const larger = max(outLength + bytes, outCapacity * 2);
  out = enlarge(out, outCapacity, larger);
  outCapacity = larger;
}

// @ts-expect-error: decorator
@inline
export function putByte(value: u32): void {
  store<u8>(out + outLength, <u8>value);
  outLength++;
}

export function putVarint(value: u64): void {
  let rest = value;
  while (rest >= 128) {
    putByte(<u32>(rest & 127) | 128);
    rest >>= 7;
  }
  putByte(<u32>rest);
}

export function putZigzag(value: i64): void {
  putVarint((<u64>value << 1) ^ <u64>(value >> 63));
}

/** Where the next byte is written, for who writes what was reserved by hand. */
export function writePosition(): u32 {
  return out + outLength;
}

/** After writing by hand up to `address`. */
export function wroteUpTo(address: u32): void {
  outLength = address - out;
}

/** What has been written since the last drain: its address; snapshotBytes has its length. */
export function snapshotAddress(): u32 {
  return out;
}

export function snapshotBytes(): u32 {
  return outLength;
}

/** After the bytes were copied out, or given up. */
export function drainSnapshot(): void {
  outLength = 0;
}

export function readFrom(address: u32): void {
  input = address;
}

export function readPosition(): u32 {
  return input;
}

// @ts-expect-error: decorator
@inline
export function getByte(): u32 {
  const byte = <u32>load<u8>(input);
  input++;
  return byte;
}

export function getVarint(): u64 {
  // The position in a local: a global would be stored after every byte.
  let at = input;
  let value: u64 = 0;
  let shift: u64 = 0;
  while (true) {
    const byte = <u64>load<u8>(at++);
    value |= (byte & 127) << shift;
    if (byte < 128) break;
    shift += 7;
  }
  input = at;
  return value;
}

export function getZigzag(): i64 {
  const value = getVarint();
  return <i64>(value >> 1) ^ -<i64>(value & 1);
}
