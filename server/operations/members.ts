// Members: two ids that are one person, consent to personalisation, and being forgotten.
import { z } from 'zod';
import { consentSchema, idSchema, limits, mergeSchema, systemClock } from '../../engine/index.ts';
import { defineIngest } from './ingest.ts';
import { defineAction, type Operation } from './operation.ts';
import { eraseReceiptSchema } from './replies.ts';

/** One member may buy in every store. */
const ofMembers = { scope: 'privacy', reach: 'chain', member: 'closed' } as const;

const mergeMembers = defineIngest({
  ...ofMembers,
  name: 'mergeMembers',
  rpc: 'MemberService/MergeMembers',
  method: 'POST',
  path: '/v1/members/{memberId}/merge',
  tag: 'members',
  summary: 'Says that two ids are one person',
  description: [
    'From then on both ids mean the same member, with the receipts of both.',
    'They consent to personalisation only while the latest answer of either says so.',
    `A merge cannot be taken back, and at most ${limits.aliasesMax} other ids are merged into one.`,
  ].join(' '),
  input: mergeSchema,
  idField: 'memberId',
  example: { fromMemberId: 'card-77' },
  toEvent: (merge) => ({ kind: 'merge', merge }),
});

const consentInput = consentSchema.extend({
  occurredAt: consentSchema.shape.occurredAt.optional().meta({
    description: 'Of several answers the latest counts. Absent: now, by the server’s clock.',
  }),
});

const writeConsent = defineIngest({
  ...ofMembers,
  name: 'writeConsent',
  rpc: 'MemberService/WriteConsent',
  method: 'PUT',
  path: '/v1/members/{memberId}/consent',
  tag: 'members',
  summary: 'Whether a member consents to personalisation',
  description: [
    '`false` takes the history out of the lists and out of the counts; the receipts are kept,',
    'and `true` puts everything back. Without any answer a member counts; of several answers',
    'the latest does.',
  ].join(' '),
  input: consentInput,
  idField: 'memberId',
  upsert: true,
  example: { personalization: false },
  toEvent: ({ occurredAt, ...answer }) => ({
    kind: 'consent',
    consent: { ...answer, occurredAt: occurredAt ?? new Date(systemClock()).toISOString() },
  }),
});

const eraseMember = defineAction({
  name: 'eraseMember',
  rpc: 'MemberService/EraseMember',
  method: 'DELETE',
  path: '/v1/members/{memberId}',
  ...ofMembers,
  tag: 'members',
  summary: 'Forgets a member, and every id merged into them, exactly',
  description: [
    'Answered when nothing of theirs is counted, served or accepted any more; the last bytes leave',
    'the disk by `bytesGoneBy`, or with POST /v1/admin/compact. An unknown member is erased too:',
    'their later events are refused.',
  ].join(' '),
  input: z.strictObject({ memberId: idSchema }),
  reply: eraseReceiptSchema,
  takesAnyId: true,
  handle: (engine, { memberId }) => engine.members.erase(memberId),
});

export const memberOperations: readonly Operation[] = [mergeMembers, writeConsent, eraseMember];
