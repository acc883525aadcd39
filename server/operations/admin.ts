// Proofs and upkeep: recount and compare, counts to disk, old bytes off the disk, old receipts out.
import { z } from 'zod';
import { defineAction, type Operation } from './operation.ts';
import {
  auditSchema,
  checkpointSchema,
  clockReportSchema,
  compactReportSchema,
  expireReportSchema,
} from './replies.ts';

const described = {
  method: 'POST',
  scope: 'admin',
  tag: 'admin',
  input: z.strictObject({}),
} as const;

const verify = defineAction({
  ...described,
  name: 'verify',
  rpc: 'AdminService/Verify',
  path: '/v1/admin/verify',
  summary: 'Recounts everything from the log and compares every cell',
  description: [
    'Reading and writing go on meanwhile. With `Accept: application/x-ndjson` the answer comes in',
    'lines: {"done", "total"} as it goes, then the result, or a problem, as the last line.',
  ].join(' '),
  reply: auditSchema,
  long: true,
  handle: (engine, _input, tell) => engine.verify(tell),
});

const checkpoint = defineAction({
  ...described,
  name: 'checkpoint',
  rpc: 'AdminService/Checkpoint',
  path: '/v1/admin/checkpoint',
  summary: 'Writes the counts to disk now, so that the next start is quick',
  reply: checkpointSchema,
  async handle(engine) {
    const { watermark } = engine.status();
    await engine.checkpoint();
    return { watermark };
  },
});

const compact = defineAction({
  ...described,
  name: 'compact',
  rpc: 'AdminService/Compact',
  path: '/v1/admin/compact',
  summary: 'Rewrites the store without the bytes of what was deleted',
  description: 'Writers wait meanwhile; lists are served.',
  reply: compactReportSchema,
  handle: (engine) => engine.compact(),
});

const expire = defineAction({
  ...described,
  name: 'expire',
  rpc: 'AdminService/Expire',
  path: '/v1/admin/expire',
  summary: 'Takes out receipts that have left the retention window',
  description: 'The server does so by itself every hour, when CAINI_RETENTION_DAYS is set.',
  reply: expireReportSchema,
  async handle(engine) {
    return { expired: await engine.expire() };
  },
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
  handle: (engine) => engine.confirmClock(),
});

export const adminOperations: readonly Operation[] = [
  verify,
  checkpoint,
  compact,
  expire,
  confirmClock,
];
