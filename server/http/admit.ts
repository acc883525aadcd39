// Who asks over HTTP, by the key in its head, and how a request that is refused under overload is
// answered.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../access/authenticate.ts';
import { bearerOf } from '../access/key-text.ts';
import { type ClientAddresses, forwardedHeaders } from '../client-address.ts';
import type { Cuts } from '../cuts.ts';
import { isLoopback } from '../door-settings.ts';
import { doorLimits } from '../limits.ts';
import { overloadedError } from '../load-shedder.ts';
import { type AccessRule, anonymous, type Caller, stranger } from '../operations/caller.ts';
import type { Chain } from '../operations/chain.ts';
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

/** What of a door knows its callers. */
export interface Admission {
  readonly chain: Chain;
  readonly authenticate: Authenticate;
  readonly addresses: ClientAddresses;
  readonly cuts: Cuts;
}

/**
 * Who asks, when they may ask for that. Throws UNAUTHENTICATED, PERMISSION_DENIED, and
 * RESOURCE_EXHAUSTED for who asks too often.
 */
export function callerOf(
  admission: Admission,
  rule: AccessRule,
  incoming: IncomingMessage,
): Caller {
  if (rule.scope === 'open') return anybody(admission, incoming);
  const address = addressOf(admission, incoming);
  const caller = admission.authenticate({ key: keyIn(incoming), address });
  admission.chain.authorize(caller, rule);
  return caller;
}

/** Where no key is asked for: who shows one that counts, or sits at this machine, sees more. */
function anybody(admission: Admission, incoming: IncomingMessage): Caller {
  if (isFromThisMachine(incoming)) return anonymous;
  const key = keyIn(incoming);
  if (key === undefined) return stranger;
  try {
    return admission.authenticate({ key, address: addressOf(admission, incoming) });
  } catch {
    // Whatever is wrong with the key, nobody is refused here.
    return stranger;
  }
}

function addressOf({ addresses }: Admission, { socket, headers }: IncomingMessage): string {
  // Node makes one list of headers that came several times.
  return addresses.of(socket.remoteAddress, (header) => headers[header] as string | undefined);
}

/** What a proxy on this machine hands on comes from elsewhere, whatever it says. */
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = [...forwardedHeaders, 'via'].some((name) => name in headers);
  const address = socket.remoteAddress?.replace(/^::ffff:/, '');
  return !isForwarded && address !== undefined && isLoopback(address);
}

/**
 * What has to be waited for before `callerOf` knows who asks; undefined: nothing. Never rejects.
 */
export function prepareCaller(
  { prepare }: Authenticate,
  incoming: IncomingMessage,
): Promise<void> | undefined {
  const key = prepare && keyIn(incoming);
  return key === undefined ? undefined : prepare?.(key);
}

function keyIn({ headers }: IncomingMessage): string | undefined {
  const own = headers['x-api-key'];
  if (own !== undefined) return String(own);
  const { authorization } = headers;
  return authorization === undefined ? undefined : bearerOf(authorization);
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
