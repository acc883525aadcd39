// Pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol): which of them a
// browser may let ask. Nobody else is kept out by it.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Adds what a browser asks for; true when the request was only its question, and is answered. */
export type Cors = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** A browser asks again after this; Chromium does after two hours in any case. */
const maxAgeSeconds = 7_200;

const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers':
    'accept, authorization, content-encoding, content-type, x-api-key',
  'access-control-max-age': String(maxAgeSeconds),
  'content-length': '0',
} as const;

/** `*` among the origins: all. */
export function createCors(origins: readonly string[]): Cors {
  if (origins.length === 0) return () => false;
  const allowed = new Set(origins);
  const allowsAll = allowed.has('*');
  return ({ method, headers }, outgoing) => {
    const { origin } = headers;
    // Caches must not hand one origin's answer to another.
    if (!allowsAll) outgoing.setHeader('vary', 'origin');
    if (origin === undefined || !(allowsAll || allowed.has(origin))) return false;
    outgoing.setHeader('access-control-allow-origin', allowsAll ? '*' : origin);
    outgoing.setHeader('access-control-expose-headers', 'retry-after');
    const isPreflight =
      method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
    if (!isPreflight) return false;
    outgoing.writeHead(204, preflightHeaders).end();
    return true;
  };
}
