// Proofs and upkeep: recount and compare, counts to disk, old bytes off the disk, old receipts out.
import { z } from 'zod';
import { defineAction, type Operation } from './operation.ts';
import {
  auditSchema,
  checkpointSchema,
  clockReportSchema,
  compactReportSchema,
  expireReportSchema,
  suspicionReportSchema,
} from './replies.ts';

const described = {
  method: 'POST',
  scope: 'admin',
  reach: 'chain',
  member: 'closed',
  tag: 'admin',
  input: z.strictObject({}),
  long: true,
} as const;

/** What is true of all long work; docs/guides/operations.md tells more. */
const shared = [
  'One run at a time: who asks while it runs gets its answer, or that of the next run where this',
  'one has already read past what happened before they asked. It is given up when everybody who',
  'asked has gone. With `Accept: application/x-ndjson` the answer comes in lines: {"done",',
  '"total"} as it goes, then the result, or a problem, as the last line.',
].join(' ');

const verify = defineAction({
  ...described,
  name: 'verify',
  rpc: 'AdminService/Verify',
  path: '/v1/admin/verify',
  summary: 'Recounts everything from the log and compares every cell',
  description: `Reading and writing go on meanwhile. ${shared}`,
  reply: auditSchema,
  handle: (engine, _input, waiting) => engine.upkeep.verify(waiting),
});

const checkpoint = defineAction({
  ...described,
  name: 'checkpoint',
  rpc: 'AdminService/Checkpoint',
  path: '/v1/admin/checkpoint',
  summary: 'Writes the counts to disk now, so that the next start is quick',
  description: `It holds all that was acknowledged before. ${shared}`,
  reply: checkpointSchema,
  async handle(engine, _input, waiting) {
    const { watermark } = engine.status();
    await engine.upkeep.checkpoint(waiting);
    return { watermark };
  },
});

const compact = defineAction({
  ...described,
  name: 'compact',
  rpc: 'AdminService/Compact',
  path: '/v1/admin/compact',
  summary: 'Rewrites the store without the bytes of what was deleted',
  description:
    'Of what was deleted before it began. Lists are served meanwhile, and writers wait for some ' +
    `milliseconds at its end. ${shared}`,
  reply: compactReportSchema,
  handle: (engine, _input, waiting) => engine.upkeep.compact(waiting),
});

const expire = defineAction({
  ...described,
  name: 'expire',
  rpc: 'AdminService/Expire',
  path: '/v1/admin/expire',
  summary: 'Takes out receipts that have left the retention window',
  description: `The server does so every hour, when CAINI_RETENTION_DAYS is set. ${shared}`,
  reply: expireReportSchema,
  async handle(engine, _input, waiting) {
    return { expired: await engine.writes.expire(waiting) };
  },
});

const readSuspicions = defineAction({
  ...described,
  method: 'GET',
  name: 'readSuspicions',
  rpc: 'AdminService/ReadSuspicions',
  path: '/v1/admin/suspicions',
  summary: 'Tells what looks odd over all receipts, with counts and examples',
  description: [
    'Each receipt alone is right, and none is refused for it. Looked at are all receipts that are',
    'kept, returned goods included; kinds without a case are left out. `bigMembers`: members with',
    'more than 1 % of the receipts (100 at least). `sharedCards`: ids that cannot be one person,',
    'whose receipts count as anonymous tickets. `blankIds`: receipts with an id that begins or',
    'ends with a blank. `soldEverywhere`: items that all stores (3 at least) sold at one moment,',
    'as far as receipts came in the order of time. `outsideHours`: receipts of hours of the day',
    'that have less than 0.1 % of them. `atNight`: receipts from midnight to five, where they are',
    'a fifth or more. `yearsApart`: receipts two years or more from all years that have 1 % of',
    'them. `ahead`: receipts later than now, or of a till whose clock ran ahead.',
    '`numbersRepeated` and `soldTwice` are found by an import alone (docs/guides/import.md).',
    shared,
  ].join(' '),
  reply: suspicionReportSchema,
  handle: (engine, _input, waiting) => engine.upkeep.findSuspicions(waiting),
});

const confirmClock = defineAction({
  ...described,
  name: 'confirmClock',
  rpc: 'AdminService/ConfirmClock',
  path: '/v1/admin/clock/confirm',
  summary: 'Says that the server’s clock is right as it is',
  description: [
    'For a clock that was wrong and is set, and for a chain that has rested for long: receipts up',
    'to now are taken, however many days after all others, and what the log says of the time',
    'before is no matter. Until then such receipts are refused, reason `DAY_LEAPS`.',
  ].join(' '),
  reply: clockReportSchema,
  handle: (engine) => engine.upkeep.confirmClock(),
});

export const adminOperations: readonly Operation[] = [
  verify,
  checkpoint,
  compact,
  expire,
  confirmClock,
  readSuspicions,
];
