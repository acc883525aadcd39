// What is answered of the audit trail.
import { z } from 'zod';
import { subjectKinds, trailDoors } from '../trail/entry.ts';

export const place = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const treeSize = place.meta({ description: 'How many entries the tree has.' });
const rootHash = hash.meta({
  description: 'Its root, MTH of RFC 9162, section 2.1.1, by SHA-256. It is not signed.',
});

const subjectSchema = z.strictObject({
  kind: z.enum(subjectKinds),
  commitment: hash.meta({ description: 'SHA-256 of `salt`, then the bytes of `id`.' }),
  salt: z.exactOptional(hash).meta({ description: 'Absent: destroyed by an erase.' }),
  id: z.exactOptional(z.string()).meta({ description: 'Absent: destroyed by an erase.' }),
});

const entrySchema = z.strictObject({
  leafIndex: place,
  time: z.iso.datetime(),
  operation: z.string(),
  outcome: z.exactOptional(z.string()).meta({
    description: 'Absent: it has begun; another entry, whose `of` is this one, says how it ended.',
  }),
  of: z.exactOptional(place),
  door: z.exactOptional(z.enum(trailDoors)),
  keyId: z.exactOptional(z.string()),
  account: z.exactOptional(z.string()).meta({ description: 'Who ran the command.' }),
  subjects: z.exactOptional(z.array(subjectSchema)),
  detail: z.exactOptional(z.string()),
  times: z.exactOptional(z.int().min(2)).meta({ description: 'So often within a second.' }),
  traceId: z.exactOptional(z.string()),
});

const [time, operation, door, keyId] = [
  '2026-05-01T01:10:00.000Z',
  'eraseMember',
  'http',
  'k6f2mzq4ea',
] as const;
/** As it stands after an erase: the commitment, and nothing that names the member. */
const begun = {
  ...{ leafIndex: 41, time, operation, door, keyId },
  subjects: [{ kind: 'member', commitment: 'c5'.repeat(32) }],
} as const;

export const trailPageSchema = z.strictObject({
  treeSize,
  rootHash,
  entries: z.array(entrySchema).meta({
    description: 'Oldest first.',
    examples: [[begun, { leafIndex: 42, time, operation, outcome: 'ok', of: 41, door, keyId }]],
  }),
  next: z.exactOptional(place).meta({ description: '`from` of the next page; absent at the end.' }),
});

const path = z.array(hash).meta({ description: 'From the leaf upwards.' });

export const inclusionProofSchema = z.strictObject({
  treeSize,
  rootHash,
  leafIndex: place,
  entry: z.string().meta({ description: 'The bytes that the leaf is the hash of.' }),
  leafHash: hash,
  path,
});

export const consistencyProofSchema = z.strictObject({
  first: place,
  second: place,
  firstRootHash: hash,
  secondRootHash: hash,
  path,
});
