// The audit trail: read page by page, with proofs that nothing in it was changed or taken out.
import { z } from 'zod';
import { EngineError } from '../../engine/index.ts';
import { trailLimits } from '../trail/limits.ts';
import { proveConsistency, proveInclusion, readPage, type TreeHead } from '../trail/read.ts';
import type { Trail } from '../trail/trail.ts';
import { type EngineAccess, type Operation, readInput } from './operation.ts';
import {
  consistencyProofSchema,
  inclusionProofSchema,
  place,
  trailPageSchema,
  treeSize,
} from './trail-replies.ts';

const described = {
  method: 'GET',
  scope: 'admin',
  reach: 'chain',
  member: 'closed',
  tag: 'admin',
  load: 'free',
} as const;

type Definition<S extends z.ZodObject> = Pick<
  Operation,
  'name' | 'rpc' | 'path' | 'summary' | 'description' | 'example'
> & {
  readonly input: S;
  readonly reply: z.ZodType;
  handle(trail: Trail, input: z.output<S>): Promise<object>;
};

/** It asks no engine, so that the trail can be read while there is none. */
function defineTrailRead<S extends z.ZodObject>(definition: Definition<S>): Operation {
  const { reply, handle, ...description } = definition;
  return {
    ...described,
    ...description,
    replies: { ok: reply },
    async run(access, _caller, raw) {
      const input = readInput(definition.input, raw, access);
      return { outcome: 'ok', body: await handle(trailOf(access), input) };
    },
  };
}

function trailOf({ trail }: EngineAccess): Trail {
  if (trail !== undefined) return trail;
  throw new EngineError('FAILED_PRECONDITION', 'this server keeps no audit trail', {
    reason: 'NO_TRAIL',
  });
}

const readTrail = defineTrailRead({
  name: 'readTrail',
  rpc: 'AdminService/ReadTrail',
  path: '/v1/admin/audit',
  summary: 'The audit trail: who asked what for whom, and what came of it',
  description: [
    'Writes to members, admin calls, changes of API keys, exports, backups and restores, and lists',
    'of members that were shown to a key of the scope `guide`. What changes something has two',
    'entries: that it began, and how it ended. Whom an entry is about is kept beside it; an erase',
    'destroys that, and leaves the entry (docs/guides/audit.md).',
  ].join(' '),
  input: z.strictObject({
    from: place.default(0).meta({ description: 'The first entry; 0 is the oldest.' }),
    limit: z.int().min(1).max(trailLimits.pageEntriesMax).default(trailLimits.pageEntriesDefault),
  }),
  reply: trailPageSchema,
  handle: (trail, { from, limit }) => readPage(trail, from, limit),
});

const proveTrailInclusion = defineTrailRead({
  name: 'proveTrailInclusion',
  rpc: 'AdminService/ProveTrailInclusion',
  path: '/v1/admin/audit/inclusion',
  summary: 'Proves that an entry is in the audit trail',
  description:
    'RFC 9162, section 2.1.3. Save the answer, and check it with `caini audit check-proof`.',
  input: z.strictObject({ leafIndex: place, treeSize: z.exactOptional(treeSize) }),
  reply: inclusionProofSchema,
  async handle(trail, asked) {
    const proof = await proveInclusion(trail, asked.leafIndex, asked.treeSize);
    if ('path' in proof) return proof;
    if (asked.treeSize !== undefined) assertWithin('treeSize', asked.treeSize, proof.treeSize);
    throw beyond('leafIndex', asked.leafIndex, `less than ${asked.treeSize ?? proof.treeSize}`);
  },
});

const proveTrailConsistency = defineTrailRead({
  name: 'proveTrailConsistency',
  rpc: 'AdminService/ProveTrailConsistency',
  path: '/v1/admin/audit/consistency',
  summary: 'Proves that the audit trail goes on from an earlier one',
  description: [
    'RFC 9162, section 2.1.4: that the first `first` entries are the same as when there were no',
    'more of them. Check the answer with `caini audit check-proof`.',
  ].join(' '),
  input: z.strictObject({
    first: place,
    second: z.exactOptional(place).meta({ description: 'Absent: all there are.' }),
  }),
  reply: consistencyProofSchema,
  async handle(trail, { first, second }) {
    const proof: object | TreeHead = await proveConsistency(trail, first, second);
    if ('path' in proof) return proof;
    const { treeSize: size } = proof as TreeHead;
    if (second !== undefined) assertWithin('second', second, size);
    throw beyond('first', first, `at most ${second ?? size}`);
  },
});

function assertWithin(field: string, value: number, size: number): void {
  if (value > size) throw beyond(field, value, `at most ${size}`);
}

function beyond(field: string, value: number, limit: string): EngineError {
  const message = `must be ${limit}`;
  return new EngineError('INVALID_ARGUMENT', `${field} ${message}`, {
    violations: [{ field, value: String(value), limit, message }],
  });
}

export const trailOperations: readonly Operation[] = [
  readTrail,
  proveTrailInclusion,
  proveTrailConsistency,
];
