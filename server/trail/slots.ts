// Whom entries are about, beside the tree: one slot for each commitment, with its salt and the
// subject in clear, of one length, so that destroying it moves nothing.
//
//   0      6         7       8      40       41        169   172          188
//   | leaf | ordinal | state | salt | length | subject | key | keyed hash | CRC-32 |
//
// The hash is the one that the ledger of the erased knows the subject by, under the key that is
// marked: an erase looks through millions of slots, and to hash each id would take minutes.
import { crc32 } from 'node:zlib';
import type { ErasedIds } from '../../engine/index.ts';
import { commitmentOf, saltBytes } from './entry.ts';

/** Ids have 128 bytes at most (limits.idBytesMax). */
export const slotBytes = 192;

const ordinalAt = 6;
const stateAt = 7;
const saltAt = 8;
const lengthAt = saltAt + saltBytes;
const subjectAt = lengthAt + 1;
const subjectBytesMax = 128;
const keyedAt = subjectAt + subjectBytesMax;
const keyMarkBytes = 3;
const crcAt = slotBytes - 4;

const destroyed = 0;
const kept = 1;

export interface Slot {
  readonly leafIndex: number;
  /** Which of the commitments of its entry. */
  readonly ordinal: number;
  /** Absent: destroyed. */
  readonly secret?: Secret;
}

export interface Secret {
  readonly salt: Buffer;
  readonly id: string;
  /** Mark of the key, and the hash. */
  readonly keyed: Buffer;
}

/** Which key a ledger hashes by; no id is empty. */
export function keyMarkOf(erased: ErasedIds): Buffer {
  return erased.hash('').subarray(0, keyMarkBytes);
}

/** `mark` is that of the ledger. */
export function isErased({ id, keyed }: Secret, erased: ErasedIds, mark: Buffer): boolean {
  const isOfKey = keyed.subarray(0, keyMarkBytes).equals(mark);
  return erased.has(isOfKey ? keyed.subarray(keyMarkBytes) : erased.hash(id));
}

/** A slot without a secret is one that was destroyed. */
export function encodeSlot({ leafIndex, ordinal, secret }: Slot): Buffer {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUIntLE(leafIndex, 0, ordinalAt);
  slot.writeUInt8(ordinal, ordinalAt);
  slot.writeUInt8(secret === undefined ? destroyed : kept, stateAt);
  if (secret !== undefined) {
    const id = Buffer.from(secret.id);
    if (id.length > subjectBytesMax) throw new RangeError(`a subject of ${id.length} bytes`);
    secret.salt.copy(slot, saltAt);
    slot.writeUInt8(id.length, lengthAt);
    id.copy(slot, subjectAt);
    secret.keyed.copy(slot, keyedAt);
  }
  slot.writeUInt32LE(crc32(slot.subarray(0, crcAt)), crcAt);
  return slot;
}

/** Undefined for what is damaged. */
export function decodeSlot(slot: Buffer): Slot | undefined {
  if (slot.length !== slotBytes) return undefined;
  if (crc32(slot.subarray(0, crcAt)) !== slot.readUInt32LE(crcAt)) return undefined;
  const place = { leafIndex: slot.readUIntLE(0, ordinalAt), ordinal: slot.readUInt8(ordinalAt) };
  const state = slot.readUInt8(stateAt);
  const length = slot.readUInt8(lengthAt);
  if (state === destroyed) return isEmpty(slot) ? place : undefined;
  if (state !== kept || length > subjectBytesMax) return undefined;
  const salt = Buffer.from(slot.subarray(saltAt, lengthAt));
  const id = slot.toString('utf8', subjectAt, subjectAt + length);
  return { ...place, secret: { salt, id, keyed: slot.subarray(keyedAt, crcAt) } };
}

function isEmpty(slot: Buffer): boolean {
  return slot.subarray(saltAt, crcAt).every((byte) => byte === 0);
}

export function isSecretOf({ salt, id }: Pick<Secret, 'salt' | 'id'>, commitment: string): boolean {
  return commitmentOf(salt, id) === commitment;
}

/** The slots of a file, in order; undefined where one is damaged. */
export function slotsIn(bytes: Buffer): (Slot | undefined)[] {
  const slots: (Slot | undefined)[] = [];
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    slots.push(decodeSlot(bytes.subarray(at, at + slotBytes)));
  }
  return slots;
}
