// Whether the process lives and whether it is ready to answer.
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { healthSchema, readinessSchema } from './replies.ts';

const nothing = z.strictObject({});

const readHealth: Operation = {
  name: 'readHealth',
  method: 'GET',
  path: '/healthz',
  scope: 'open',
  reach: 'shared',
  member: 'closed',
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
  scope: 'open',
  reach: 'shared',
  member: 'closed',
  load: 'free',
  tag: 'server',
  summary: 'Says whether lists are complete, and until then what is waited for',
  description: 'Who shows no key and asks from another machine is told `ready` alone.',
  input: nothing,
  replies: { ok: readinessSchema, unavailable: readinessSchema },
  run(access, { scopes }) {
    const readiness = access.readiness();
    const { ready } = readiness;
    // How much there is, and which nodes there are, is nothing for strangers.
    return { outcome: ready ? 'ok' : 'unavailable', body: scopes.size > 0 ? readiness : { ready } };
  },
};

export const healthOperations: readonly Operation[] = [readHealth, readReadiness];
