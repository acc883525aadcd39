// What a page in a browser could ask of a server that its reader reaches and it does not: by a name
// that its owner has pointed here, or from another site.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { EngineError } from '../../engine/index.ts';
import type { AccessRule } from '../operations/caller.ts';
import type { Operation } from '../operations/operation.ts';
import { quoteValue } from '../quote-value.ts';
import { HttpRefusal } from './problem.ts';

/** The refusal of a request by a name that is not this server's, if there is one. */
export type CheckHost = (incoming: IncomingMessage) => HttpRefusal | undefined;

const anyHost: CheckHost = () => undefined;

/**
 * Names that the server answers to beside addresses and localhost; absent: all. A page whose owner
 * points its name at this machine (DNS rebinding) is of one origin with us, for its browser, and
 * may read what we answer: but its requests have that name.
 */
export function createHostCheck(names: readonly string[] | undefined): CheckHost {
  if (names === undefined) return anyHost;
  const known = new Set(names.map((name) => name.toLowerCase()));
  // Clients send the same again and again.
  let lastRight: string | undefined;
  return ({ headers: { host }, url = '/' }) => {
    const isWhole = url.charCodeAt(0) !== 47 && URL.canParse(url);
    if (host === undefined || (host === lastRight && !isWhole)) return undefined;
    // Of a whole URL that is what counts (RFC 9112 section 3.2.2).
    const asked = isWhole ? new URL(url).host : host;
    if (!isOurs(asked, known)) return foreignHost(asked);
    if (!isWhole) lastRight = host;
    return undefined;
  };
}

function isOurs(host: string, known: ReadonlySet<string>): boolean {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  // No name leads to an address that stands here itself.
  if (isIP(name) !== 0) return true;
  return name === 'localhost' || name.endsWith('.localhost') || known.has(name);
}

function foreignHost(host: string): HttpRefusal {
  const limit = 'an address, localhost, or a name of CAINI_PUBLIC_HOSTS';
  const message = 'is no name of this server; CAINI_PUBLIC_HOSTS has those that are';
  return new HttpRefusal(421, `host ${quoteValue(host)} ${message}`, {
    reason: 'HOST_FOREIGN',
    violations: [{ field: 'host', value: quoteValue(host), limit, message }],
  });
}

/** Throws PERMISSION_DENIED when a page of another site asks for what is not for it. */
export type CheckSite = (operation: Operation, incoming: IncomingMessage) => void;

/**
 * A page of any site can make its reader's browser send a write here, and does not need the
 * answer. Lists that are asked by GET have none to fear: their answers are kept from it (CORS).
 */
export function createSiteCheck(corsOrigins: readonly string[]): CheckSite {
  const named = new Set(corsOrigins);
  return (operation, incoming) => {
    if (!isGuarded(operation) || !isFromElsewhere(incoming, named)) return;
    const { origin = 'another site' } = incoming.headers;
    const field = 'origin';
    const value = quoteValue(origin);
    const limit = 'the site of this server, or an origin of CAINI_CORS_ORIGINS';
    const message = 'may not ask for this; CAINI_CORS_ORIGINS names the sites that may';
    throw new EngineError('PERMISSION_DENIED', `a page of ${value} ${message}`, {
      reason: 'CROSS_SITE',
      violations: [{ field, value, limit, message }],
    });
  };
}

function isGuarded({ method, scope }: Pick<Operation, 'method'> & AccessRule): boolean {
  return method !== 'GET' || scope === 'admin';
}

/** No page can set these headers (Fetch Metadata, RFC 6454); programs send neither of them. */
function isFromElsewhere({ headers }: IncomingMessage, named: ReadonlySet<string>): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return false;
  const { origin, host } = headers;
  if (origin === undefined) return site !== undefined;
  if (named.has(origin)) return false;
  if (site !== undefined) return true;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
