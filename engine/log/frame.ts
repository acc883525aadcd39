// What every log entry begins with, whatever it says: its kind and when it was accepted.
import { ByteWriter } from './bytes.ts';

/** kind u8 | acceptedAtMs u48 BE | what the kind says of itself */
const frameBytes = 7;
/** The kind of what was erased or has expired: nothing follows. */
export const stubCode = 0;

const writer = new ByteWriter();

/** Begins an entry; `take` of what is answered ends it, before another begins. */
export function beginEntry(code: number, acceptedAtMs: number): ByteWriter {
  return writer.restart().byte(code).uint48(acceptedAtMs);
}

const content = new ByteWriter();

/** Begins something that is only hashed; `written` of it is of use until the next one begins. */
export function beginContent(): ByteWriter {
  return content.restart();
}

export function codeOf(entry: Buffer): number {
  return entry[0]!;
}

export function acceptedAtMsOf(entry: Buffer): number {
  return entry.readUIntBE(1, 6);
}

/** What the kind of the entry wrote. */
export function bodyOf(entry: Buffer): Buffer {
  return entry.subarray(frameBytes);
}

/** Stands where an entry was, so that sequences stay dense. */
export const stub = Buffer.alloc(frameBytes);
