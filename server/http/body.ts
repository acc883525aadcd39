// The request body: read up to the limit and no further, then taken as strict UTF-8 and strict
// JSON.
import type { IncomingMessage } from 'node:http';
import { EngineError, limits } from '../../engine/index.ts';
import { type JsonReading, readJson } from '../json.ts';
import { shown } from '../shown.ts';
import { HttpRefusal } from './problem.ts';

/** Throws 415 for another type, 413 for too many bytes, 400 for what is not UTF-8 or not JSON. */
export async function readJsonBody(incoming: IncomingMessage): Promise<JsonReading> {
  refuseOtherTypes(incoming);
  const bytes = await readBytes(incoming);
  return parse(decode(bytes));
}

function parse(text: string): JsonReading {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new HttpRefusal(400, error.message, { violations: error.violations });
  }
}

function refuseOtherTypes(incoming: IncomingMessage): void {
  const type = incoming.headers['content-type'];
  if (!/^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type ?? '')) {
    throw unsupported('content-type', type, 'application/json');
  }
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw unsupported('content-encoding', encoding, 'identity');
  }
}

function unsupported(field: string, given: string | undefined, limit: string): HttpRefusal {
  const message = `must be ${limit}`;
  return new HttpRefusal(415, `${field} ${message}`, {
    violations: [{ field, value: shown(given), limit, message }],
  });
}

/** Stops at the limit: neither a declared length nor an endless chunked body is read beyond it. */
function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > limits.bodyBytesMax) throw tooLarge(`${declared} bytes`);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (finish: () => void): void => {
      incoming.off('data', take).off('end', done).off('error', failed).off('close', cut);
      finish();
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= limits.bodyBytesMax) return;
      incoming.pause();
      settle(() => reject(tooLarge(`more than ${limits.bodyBytesMax} bytes`)));
    };
    const done = (): void => settle(() => resolve(Buffer.concat(chunks, length)));
    const failed = (cause: unknown): void => settle(() => reject(cutShort(cause)));
    const cut = (): void => settle(() => reject(cutShort(undefined)));
    incoming.on('data', take).on('end', done).on('error', failed).on('close', cut);
  });
}

function tooLarge(value: string): HttpRefusal {
  const limit = limits.bodyBytesMax;
  const message = `must be at most ${limit} bytes`;
  return new HttpRefusal(413, `body ${message}`, {
    violations: [{ field: 'body', value, limit, message }],
  });
}

/** Nobody is left to read this answer; it only ends the request in good order. */
function cutShort(cause: unknown): HttpRefusal {
  return new HttpRefusal(400, 'body ended before it was whole', { field: 'body', cause });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const message = 'is not well-formed UTF-8';
    throw new HttpRefusal(400, `body ${message}`, {
      violations: [{ field: 'body', value: `${bytes.length} bytes`, limit: 'UTF-8', message }],
      cause,
    });
  }
}
