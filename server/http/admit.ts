// Who asks over HTTP, and how a request that is refused under overload is answered.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { doorLimits } from '../limits.ts';
import { overloadedError } from '../load-shedder.ts';
import { anonymous, type Caller } from '../operations/caller.ts';
import type { Chain } from '../operations/chain.ts';
import type { Operation } from '../operations/operation.ts';
import { encodeProblem, problemOf, problemType } from './problem.ts';

export type Serve = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const retryAfter = String(Math.ceil(doorLimits.overloadRetryMs / 1_000));
/** Made before, because it is sent when there is no time. */
const refusal = encodeProblem(problemOf(overloadedError()));
const refusalHeaders = {
  'content-type': problemType,
  'retry-after': retryAfter,
  'content-length': String(Buffer.byteLength(refusal)),
};

/** This door asks for no key: who may reach it, may ask. Throws PERMISSION_DENIED. */
export function callerOf(chain: Chain, { scope }: Operation): Caller {
  chain.authorize(anonymous, { scopes: [scope] });
  return anonymous;
}

export function overloadResponse(): Response {
  return new Response(refusal, { status: 503, headers: refusalHeaders });
}

/** The same without the app; who has gone meanwhile is not answered. */
export function refuseOverload(outgoing: ServerResponse): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(503, refusalHeaders);
  outgoing.end(refusal);
}
