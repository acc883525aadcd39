// Bodies that are packed with gzip: unpacked up to the limit of a body, and no further.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { limits } from '../../engine/index.ts';
import { HttpRefusal, tooLarge } from './problem.ts';

const unpack = promisify(gunzip);

/** By its content-encoding. */
export function isPacked(encoding: string | undefined): boolean {
  return encoding !== undefined && /^(?:x-)?gzip$/i.test(encoding.trim());
}

/** Beside the event loop. Throws 413 for what is longer unpacked, 400 for what is no gzip. */
export async function unpackBody(bytes: Buffer): Promise<Buffer> {
  const { bodyBytesMax: limit } = limits;
  try {
    return await unpack(bytes, { maxOutputLength: limit });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(`more than ${limit} bytes unpacked`);
    const message = 'is not gzip, or was cut short';
    throw new HttpRefusal(400, `body ${message}`, {
      violations: [{ field: 'body', value: `${bytes.length} bytes`, limit: 'gzip', message }],
      cause,
    });
  }
}
