// One entry of the trail: what it says, and the line that it is kept as. The text of the line is
// what the tree hashes; it names no member and no receipt.
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';

/** What an entry may be about. */
export const subjectKinds = ['member', 'receipt'] as const;

/** A member or a receipt in clear: it never stands in the tree. */
export interface Subject {
  readonly kind: (typeof subjectKinds)[number];
  readonly id: string;
}

export const trailDoors = ['http', 'grpc', 'cli'] as const;

const count = z.int().min(0);
const commitmentSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** As it is kept. Fields that are absent say nothing. */
const entrySchema = z.strictObject({
  /** RFC 3339, by the clock of the process that wrote it. */
  time: z.iso.datetime(),
  operation: z.string().min(1),
  /** Absent: it has begun. Then another entry says what came of it. */
  outcome: z.exactOptional(z.string().min(1)),
  /** The entry that says that it began. */
  of: z.exactOptional(count),
  /** Absent: nobody asked, the trail tells of itself. */
  door: z.exactOptional(z.enum(trailDoors)),
  /** The id of the API key; absent: none was asked for. */
  keyId: z.exactOptional(z.string()),
  /** Who ran the command, as the system names them. */
  account: z.exactOptional(z.string()),
  subjects: z.exactOptional(
    z.array(z.strictObject({ kind: z.enum(subjectKinds), commitment: commitmentSchema })).min(1),
  ),
  detail: z.exactOptional(z.string()),
  /** The same was asked so often within a second. */
  times: z.exactOptional(z.int().min(2)),
  /** W3C trace-id of the request. */
  traceId: z.exactOptional(z.string().regex(/^[0-9a-f]{32}$/)),
});
export type Entry = z.output<typeof entrySchema>;

/** What is told to the trail. */
export interface NewEntry extends Omit<Entry, 'time' | 'subjects'> {
  readonly subjects?: readonly Subject[];
}

export const saltBytes = 32;

/** SHA-256(salt ‖ subject): who has both can show whom an entry is about, and nobody else can. */
export function commitmentOf(salt: Buffer, id: string): string {
  return hash('sha256', Buffer.concat([salt, Buffer.from(id)]), 'hex');
}

/** CRC-32 in hexadecimal, a blank, and the text. */
export function lineOf(text: string): string {
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** The text of a line without its end; undefined for what was not written so. */
export function textOf(line: Buffer): Buffer | undefined {
  const text = line.subarray(9);
  const seal = `${crc32(text).toString(16).padStart(8, '0')} `;
  return line.toString('latin1', 0, 9) === seal ? text : undefined;
}

/** Undefined for what is no entry. */
export function entryOf(text: Buffer): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(text.toString())).data;
  } catch {
    return undefined;
  }
}
