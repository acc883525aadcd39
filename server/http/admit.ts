// Which requests pass the gate as what, and how one that is refused is told.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Gate, isBehind, overloaded } from '../gate.ts';
import type { Visitor } from '../lane.ts';
import { doorLimits } from '../limits.ts';
import type { EngineAccess } from '../operations/operation.ts';
import { encodeProblem, problemOf, problemType } from './problem.ts';

export type Serve = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Lists wait for the processor, receipts for the disk, each within its own bounds. Everything else
 * is seldom or must always be answered, health before all.
 */
export function behindGate(gate: Gate, access: EngineAccess, serve: Serve): Serve {
  return (incoming, outgoing) => {
    const { method, url = '' } = incoming;
    if (!isBounded(url)) serve(incoming, outgoing);
    // Nothing is made for those who pass at once.
    else if (!isWrite(method, url) && gate.isFree()) serve(incoming, outgoing);
    else {
      const visitor: Visitor = {
        serve: () => serve(incoming, outgoing),
        refuse: () => refuse(outgoing),
      };
      // Before its body is read: to read and judge it costs as much as to count it.
      if (isWrite(method, url)) gate.write(visitor, isBehind(access));
      else gate.list(visitor);
    }
  };
}

const boundedPaths = ['/v1/members/', '/v1/items', '/v1/recommendations', '/v1/baskets/'];
const receiptPath = '/v1/purchases';

function isBounded(url: string): boolean {
  return url.startsWith(receiptPath) || boundedPaths.some((path) => url.startsWith(path));
}

/** Lists are asked by POST too; what changes a member is seldom, and counts as a write. */
function isWrite(method: string | undefined, url: string): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return !url.includes('/recommendations');
}

const retryAfter = String(Math.ceil(doorLimits.overloadRetryMs / 1_000));
const refusal = encodeProblem(problemOf(overloaded()));
const refusalHeaders = ['content-type', problemType, 'retry-after', retryAfter].concat([
  'content-length',
  String(Buffer.byteLength(refusal)),
]);

/** Made before, because it is sent when there is no time. */
function refuse(outgoing: ServerResponse): void {
  // Who has gone meanwhile is not answered.
  if (outgoing.destroyed) return;
  outgoing.writeHead(503, STATUS_CODES[503]!, refusalHeaders);
  outgoing.end(refusal);
}
