// Whether the process lives and whether it is ready to answer.
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { healthSchema, readinessSchema } from './replies.ts';

const nothing = z.strictObject({});

const readHealth: Operation = {
  name: 'readHealth',
  method: 'GET',
  path: '/healthz',
  scope: 'read',
  load: 'free',
  tag: 'server',
  summary: 'Says that the process lives; touches nothing',
  input: nothing,
  replies: { ok: healthSchema },
  run: () => ({ outcome: 'ok', body: { status: 'ok' } }),
};

const readReadiness: Operation = {
  name: 'readReadiness',
  method: 'GET',
  path: '/readyz',
  scope: 'read',
  load: 'free',
  tag: 'server',
  summary: 'Says whether lists are complete, and until then what is waited for',
  input: nothing,
  replies: { ok: readinessSchema, unavailable: readinessSchema },
  run(access) {
    const readiness = access.readiness();
    return { outcome: readiness.ready ? 'ok' : 'unavailable', body: readiness };
  },
};

export const healthOperations: readonly Operation[] = [readHealth, readReadiness];
