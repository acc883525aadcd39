// What is wrong with the head of a request that Node's parser lets through.
import type { IncomingMessage } from 'node:http';
import { quoteValue } from '../quote-value.ts';
import { HttpRefusal } from './problem.ts';

/** `host[:port]` of RFC 3986 section 3.2, as it may stand in a Host header. */
const hostPattern = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{1,5})?$/i;

/** The refusal, if there is one: what a proxy before us may have read in another way (RFC 9112). */
export function checkHead(incoming: IncomingMessage): HttpRefusal | undefined {
  return (
    checkVersion(incoming) ??
    checkHost(incoming) ??
    checkCoding(incoming) ??
    checkExpectation(incoming)
  );
}

function checkVersion({ httpVersion }: IncomingMessage) {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined;
  return refusalOf(505, 'version', httpVersion, 'HTTP/1.1', 'must be HTTP/1.1 or HTTP/1.0');
}

function checkHost({ rawHeaders, headers, httpVersionMinor }: IncomingMessage) {
  const { host } = headers;
  if (host === undefined) {
    if (httpVersionMinor === 0) return undefined;
    return refusalOf(400, 'host', undefined, 'one Host header', 'is required in HTTP/1.1');
  }
  if (!hostPattern.test(host)) {
    return refusalOf(400, 'host', host, 'host or host:port (RFC 3986)', 'is not a host');
  }
  return countOf(rawHeaders, 'host') === 1
    ? undefined
    : refusalOf(400, 'host', host, 'once', 'is given more than once');
}

/** Of the raw list: Node's own keeps the first Host and drops the others. */
function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const headerName = rawHeaders[at]!;
    if (headerName.length === name.length && headerName.toLowerCase() === name) count += 1;
  }
  return count;
}

/** Node takes whatever ends in `chunked` for chunked alone. */
function checkCoding({ headers, httpVersionMinor }: IncomingMessage) {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  const field = 'transfer-encoding';
  if (httpVersionMinor === 0) {
    return refusalOf(400, field, coding, 'content-length', 'is not known to HTTP/1.0');
  }
  if (coding.trim().toLowerCase() === 'chunked') return undefined;
  return refusalOf(501, field, coding, 'chunked', 'must be chunked');
}

function checkExpectation({ headers: { expect } }: IncomingMessage) {
  if (expect === undefined || expect.toLowerCase() === '100-continue') return undefined;
  return refusalOf(417, 'expect', expect, '100-continue', 'cannot be met');
}

function refusalOf(
  status: ConstructorParameters<typeof HttpRefusal>[0],
  field: string,
  value: string | undefined,
  limit: string,
  message: string,
): HttpRefusal {
  return new HttpRefusal(status, `${field} ${message}`, {
    violations: [{ field, value: quoteValue(value), limit, message }],
  });
}
