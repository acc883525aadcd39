// Import files: what a file is (gzip, CSV or NDJSON), which content it has, and its bytes as UTF-8.
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline as connect, PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { EngineError } from '../../base/errors.ts';

export interface ImportFile {
  readonly path: string;
  /** What the rejects file calls it: the path as it was given. */
  readonly label: string;
  readonly name: string;
  /** From 1, in the order given. */
  readonly number: number;
  readonly bytes: number;
  readonly gzip: boolean;
  readonly format: 'csv' | 'ndjson';
  /** Stands for the content: size, head and tail. */
  readonly fingerprint: string;
}

const sampleBytes = 65_536;
const chunkBytes = 262_144;
const leftBrace = '{';

/** Looks at both ends of a file. Throws NOT_FOUND when it cannot be opened. */
export function inspectFile(path: string, number: number, label = path): ImportFile {
  const handle = openFile(path);
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new EngineError('NOT_FOUND', `${path} is no regular file`);
    const head = readAt(handle, 0, Math.min(sampleBytes, stat.size));
    const tailStart = Math.max(0, stat.size - sampleBytes);
    const tail = readAt(handle, tailStart, stat.size - tailStart);
    // Names lie: what was downloaded as .csv may be gzip, and the other way round.
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    const fingerprint = createHash('sha256').update(`${stat.size}:`).update(head).update(tail);
    return {
      path,
      label,
      name: basename(path),
      number,
      bytes: stat.size,
      gzip,
      format: firstCharacter(gzip ? unpackHead(head, path) : head) === leftBrace ? 'ndjson' : 'csv',
      fingerprint: fingerprint.digest('hex'),
    };
  } finally {
    closeSync(handle);
  }
}

/**
 * The bytes of a file, unpacked and as UTF-8. `onBytes` hears how many bytes of the file itself are
 * through. Errors of reading or unpacking come out of the iteration as DATA_LOSS.
 */
export async function* readBytes(
  file: ImportFile,
  encoding: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { highWaterMark: chunkBytes });
  const unpacked: Readable = connect(
    source,
    file.gzip ? createGunzip({ chunkSize: chunkBytes }) : new PassThrough(),
    () => {},
  );
  const decoder = isUtf8(encoding) ? undefined : new TextDecoder(encoding);
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      onBytes(source.bytesRead);
      yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
    }
    const rest = decoder?.decode() ?? '';
    if (rest !== '') yield Buffer.from(rest);
  } catch (cause) {
    throw unreadable(file.path, cause);
  } finally {
    source.destroy();
  }
}

/** Copies a stream, e.g. standard input, to a file that can be read twice. */
export async function saveStream(stream: Readable, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  await pipeline(stream, createWriteStream(path));
}

export function unreadable(path: string, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError('DATA_LOSS', `${path} cannot be read: ${why}`, { cause });
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be opened (${code})`;
    throw new EngineError('NOT_FOUND', `${path} ${why}`, { cause });
  }
}

function readAt(handle: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(handle, bytes, 0, length, start));
}

function unpackHead(head: Buffer, path: string): Buffer {
  try {
    // The head is cut off anywhere, which only a sync flush forgives.
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function firstCharacter(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .slice(0, 1);
}

function isUtf8(encoding: string): boolean {
  return new TextDecoder(encoding).encoding === 'utf-8';
}
