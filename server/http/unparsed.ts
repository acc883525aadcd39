// What never becomes a request: what Node's parser gives up on, CONNECT, and connections for which
// there is no room. Their answers are written by hand.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FieldViolation, limits } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { encodeProblem, HttpRefusal, headersOfError, problemOf } from './problem.ts';

/** Writes the answer and closes, behind what is on its way already. */
export function writeRefusal(socket: Socket, error: unknown): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = encodeProblem(problemOf(error));
  const { status, title } = JSON.parse(body) as { status: number; title: string };
  const headers = Object.entries({
    ...headersOfError(error),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  socket.write([`HTTP/1.1 ${status} ${title}`, ...headers, '', body].join('\r\n'));
  socket.destroySoon();
}

/** The parser says it again for all that still comes. */
const refused = new WeakSet<Socket>();

interface Unparsed {
  /** What was asked on the connection and is not answered yet. */
  readonly open: readonly ServerResponse[];
  readonly timing: { readonly headMsMax: number; readonly requestMsMax: number };
  onRefused(reason: string): void;
}

/** Answers what the parser could not read, after the answers to what came before it. */
export function refuseUnparsed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { open, timing, onRefused }: Unparsed,
): void {
  if (refused.has(socket)) return;
  refused.add(socket);
  const last = open.at(-1);
  const isOfBody = last !== undefined && !last.req.complete;
  // Nobody has asked anything: a connection that was kept ready, and is not needed any more.
  const isUnused = error.code === lateCode && socket.bytesRead === 0;
  if (error.code === 'ECONNRESET' || isUnused || socket.destroyed) {
    socket.destroy();
    return;
  }
  onRefused(error.code === lateCode ? 'REQUEST_LATE' : 'NOT_HTTP');
  const refusal = error.code === lateCode ? lateRefusal(isOfBody, timing) : refusalOfParser(error);
  // Half an answer, or one that is not the next: no more can be said.
  if (isOfBody && (open.length > 1 || last.headersSent)) socket.destroy();
  else if (isOfBody || last === undefined) writeRefusal(socket, refusal);
  else last.once('close', () => writeRefusal(socket, refusal));
}

const lateCode = 'ERR_HTTP_REQUEST_TIMEOUT';

/** CONNECT asks for a tunnel to elsewhere. */
export function refuseTunnel(socket: Socket): void {
  const message = 'is not served: this is no proxy';
  const violations = [{ field: 'method', value: '"CONNECT"', limit: 'GET, POST, …', message }];
  writeRefusal(socket, new HttpRefusal(501, `method CONNECT ${message}`, { violations }));
}

function lateRefusal(isOfBody: boolean, timing: Unparsed['timing']): HttpRefusal {
  const limit = `${isOfBody ? timing.requestMsMax : timing.headMsMax} ms`;
  const field = isOfBody ? 'body' : 'request';
  return refusal(408, { field, value: lateCode, limit, message: 'did not arrive in time' });
}

function refusalOfParser({ code, message: reason }: NodeJS.ErrnoException): HttpRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': {
      const limit = doorLimits.headBytesMax;
      const message = `must be at most ${limit} bytes together; POST takes more in its body`;
      const violation = { value: `more than ${limit} bytes`, limit, message };
      return refusal(431, { field: 'request', ...violation }, 'request line and headers');
    }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW': {
      const message = 'has chunk extensions that are too long';
      return refusal(413, { field: 'body', value: code, limit: limits.bodyBytesMax, message });
    }
    case 'HPE_INVALID_URL': {
      const message = 'must be percent-encoded: 咖啡 is %E5%92%96%E5%95%A1';
      const violation = {
        value: 'other characters',
        limit: 'percent-encoded ASCII (RFC 3986)',
        message,
      };
      return refusal(400, { field: 'path', ...violation }, 'request target');
    }
    case 'HPE_INVALID_VERSION': {
      if (!reason.includes('Invalid HTTP version')) return notHttp(code);
      const message = 'must be HTTP/1.1 or HTTP/1.0';
      return refusal(505, { field: 'version', value: code, limit: 'HTTP/1.1', message });
    }
    case 'HPE_INVALID_TRANSFER_ENCODING':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
    case 'HPE_INVALID_CONTENT_LENGTH': {
      const message = 'must be said once: by content-length, or by transfer-encoding: chunked';
      const violation = { value: code, limit: 'RFC 9112', message };
      return refusal(400, { field: 'content-length', ...violation }, 'the length of the body');
    }
    default:
      return notHttp(code);
  }
}

function notHttp(code = 'unknown'): HttpRefusal {
  const violation = { value: code, limit: 'RFC 9112', message: 'is not HTTP/1.1' };
  return refusal(400, { field: 'request', ...violation });
}

function refusal(
  status: ConstructorParameters<typeof HttpRefusal>[0],
  violation: FieldViolation,
  subject: string = violation.field,
): HttpRefusal {
  return new HttpRefusal(status, `${subject} ${violation.message}`, { violations: [violation] });
}
