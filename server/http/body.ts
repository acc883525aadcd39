// The request body: read up to the limit and no further, then taken as strict UTF-8 and strict
// JSON, a long one piece by piece.
import type { IncomingMessage } from 'node:http';
import { EngineError, limits, nextTurn } from '../../engine/index.ts';
import { JsonReader, type JsonReading } from '../json.ts';
import { doorLimits } from '../limits.ts';
import { quoteValue } from '../quote-value.ts';
import { isPacked, unpackBody } from './packed.ts';
import { HttpRefusal, tooLarge } from './problem.ts';

/** Throws 415 for another type, 413 for too many bytes, 400 for what is not UTF-8 or not JSON. */
export async function readJsonBody(incoming: IncomingMessage): Promise<JsonReading> {
  refuseOtherTypes(incoming);
  const sent = await readBytes(incoming);
  const packed = isPacked(incoming.headers['content-encoding']);
  const bytes = packed ? await unpackBody(sent) : sent;
  const isShort = bytes.length <= doorLimits.pieceBytes;
  try {
    const reader = new JsonReader(isShort ? utf8.decode(bytes) : await decodeInPieces(bytes));
    while (!reader.read(doorLimits.pieceBytes)) await nextTurn();
    return reader.reading;
  } catch (error) {
    throw refusalOf(error, bytes.length);
  }
}

async function decodeInPieces(bytes: Buffer): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for (let at = 0; at < bytes.length; at += doorLimits.pieceBytes) {
    await nextTurn();
    text += decoder.decode(bytes.subarray(at, at + doorLimits.pieceBytes), { stream: true });
  }
  return text + decoder.decode();
}

function refusalOf(error: unknown, length: number): unknown {
  if (error instanceof EngineError) {
    return new HttpRefusal(400, error.message, { violations: error.violations });
  }
  if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') return error;
  const message = 'is not well-formed UTF-8';
  return new HttpRefusal(400, `body ${message}`, {
    violations: [{ field: 'body', value: `${length} bytes`, limit: 'UTF-8', message }],
    cause: error,
  });
}

function refuseOtherTypes(incoming: IncomingMessage): void {
  const type = incoming.headers['content-type'];
  if (!/^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type ?? '')) {
    throw unsupported('content-type', type, 'application/json');
  }
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity' && !isPacked(encoding)) {
    throw unsupported('content-encoding', encoding, 'gzip or identity');
  }
}

function unsupported(field: string, received: string | undefined, limit: string): HttpRefusal {
  const message = `must be ${limit}`;
  return new HttpRefusal(415, `${field} ${message}`, {
    violations: [{ field, value: quoteValue(received), limit, message }],
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

/** Nobody is left to read this answer; it only ends the request in good order. */
function cutShort(cause: unknown): HttpRefusal {
  return new HttpRefusal(400, 'body ended before it was whole', { field: 'body', cause });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
