// Import files: what a file is, which content it has, and its bytes as UTF-8.
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
import { type ColumnRole, rolesOf } from './vocabulary.ts';
import { openMember } from './zip.ts';

export type FileFormat = 'csv' | 'ndjson' | 'json' | 'xlsx' | 'parquet' | 'zip';

export interface ImportFile {
  readonly path: string;
  /** What the rejects file calls it: the path as it was given, with the member of a zip. */
  readonly label: string;
  readonly name: string;
  /** From 1, in the order given. */
  readonly number: number;
  readonly bytes: number;
  readonly gzip: boolean;
  readonly format: FileFormat;
  /** Found in a folder, zip or workbook that was named: it may be something else than sales. */
  readonly isFound?: boolean | undefined;
  /** Of a file inside a zip. */
  readonly member?: string | undefined;
  /** Of a workbook: which of its sheets, by its name. */
  readonly sheet?: string | undefined;
  /** Stands for the content: size, head and tail. */
  readonly fingerprint: string;
}

const sampleBytes = 65_536;
const chunkBytes = 262_144;

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
    const gzip = isGzip(head);
    const fingerprint = createHash('sha256').update(`${stat.size}:`).update(head).update(tail);
    return {
      path,
      label,
      name: basename(path),
      number,
      bytes: stat.size,
      gzip,
      format: formatOf(gzip ? unpackHead(head, path) : head, label),
      fingerprint: fingerprint.digest('hex'),
    };
  } finally {
    closeSync(handle);
  }
}

/** The same file for its member, of which `head` are the first bytes. */
export function inspectMember(zip: ImportFile, member: string, head: Buffer): ImportFile {
  const label = `${zip.label}/${member}`;
  const gzip = isGzip(head);
  const format = formatOf(gzip ? unpackHead(head, label) : head, label);
  const fingerprint = createHash('sha256').update(zip.fingerprint).update(member).digest('hex');
  return { ...zip, label, name: basename(member), gzip, format, member, fingerprint };
}

/** The bytes as they are in the file, unpacked; `onBytes` hears how many of it are through. */
export async function* readUnpacked(
  file: ImportFile,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { highWaterMark: chunkBytes });
  const opened = file.member === undefined ? source : await openMember(file.path, file.member);
  const unpacked: Readable = connect(
    opened,
    file.gzip ? createGunzip({ chunkSize: chunkBytes }) : new PassThrough(),
    () => {},
  );
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      onBytes(source.bytesRead);
      yield chunk;
    }
  } catch (cause) {
    throw unreadable(file.label, cause);
  } finally {
    source.destroy();
    opened.destroy();
  }
}

/**
 * The bytes of a file, unpacked and as UTF-8. Errors of reading or unpacking come out of the
 * iteration as DATA_LOSS.
 */
export async function* readBytes(
  file: ImportFile,
  encoding: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const decoder = isUtf8(encoding) ? undefined : new TextDecoder(encoding);
  for await (const chunk of readUnpacked(file, onBytes)) {
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
  }
  const rest = decoder?.decode() ?? '';
  if (rest !== '') yield Buffer.from(rest);
}

/** Copies a stream, e.g. standard input, to a file that can be read twice. */
export async function saveStream(stream: Readable, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  await pipeline(stream, createWriteStream(path));
}

export function unreadable(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError('DATA_LOSS', `${path} cannot be read: ${why}`, { cause });
}

function formatOf(head: Buffer, label: string): FileFormat {
  const magic = head.subarray(0, 4).toString('latin1');
  if (magic === 'PAR1') return 'parquet';
  if (magic.startsWith('PK\u0003\u0004')) return 'zip';
  if (head.length >= 4 && head.readUInt32BE(0) === 0xd0cf11e0) {
    const hint = 'save it as .xlsx or as CSV';
    throw new EngineError('INVALID_ARGUMENT', `${label} is a workbook of Excel 2003; ${hint}`);
  }
  const text = textOf(head);
  const first = text[0];
  if (first === '<') {
    const hint = 'open it in a spreadsheet and save it as .xlsx or CSV';
    throw new EngineError('INVALID_ARGUMENT', `${label} is a page of HTML or XML; ${hint}`);
  }
  if (first === '[') return 'json';
  return first === '{' ? objectFormat(text) : 'csv';
}

/** One object a line is NDJSON; an object over several lines, or around a list, is a document. */
function objectFormat(text: string): FileFormat {
  const [line = ''] = text.split(/\r?\n/, 1);
  try {
    return isEnvelope(JSON.parse(line)) ? 'json' : 'ndjson';
  } catch {
    // Of a line longer than the sample only its beginning is known.
    if (line.length === text.length) return beginsEnvelope(line) ? 'json' : 'ndjson';
    return /^\{\s*("|$)/.test(line) && !line.trimEnd().endsWith('}') ? 'json' : 'ndjson';
  }
}

/** `{"data": […]}`, also deeper: an object around a list of receipts or of rows. */
function isEnvelope(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const lists = Object.values(value).filter(isListOfObjects);
  const inner = lists.flatMap(([first]) => Object.keys(first!));
  const isNested = lists.some(([first]) => Object.values(first!).some(isListOfObjects));
  if (lists.length === 0) return Object.values(value).some(isEnvelope);
  return isAround(Object.keys(value), inner, isNested);
}

function isListOfObjects(value: unknown): value is object[] {
  return Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null;
}

function beginsEnvelope(line: string): boolean {
  const match = /^([^[]*)\[\s*\{([^}]*)/.exec(line);
  if (match === null) return false;
  const [outer, inner] = [match[1]!, match[2]!].map((part) =>
    [...part.matchAll(/"([^"]+)"\s*:/g)].map(([, name]) => name!),
  );
  return isAround(outer!, inner!, match[2]!.includes('['));
}

/** Whether an object with these names is only around its list, and no receipt with its lines. */
function isAround(outer: readonly string[], inner: readonly string[], isNested: boolean): boolean {
  const has = (names: readonly string[], ...roles: readonly ColumnRole[]) =>
    names.some((name) => rolesOf(name).some(({ role }) => roles.includes(role)));
  if (outer.includes('lines') || has(outer, 'purchaseId')) return false;
  return isNested || has(inner, 'purchaseId') || !has(outer, 'occurredAt', 'memberId', 'storeId');
}

function textOf(head: Buffer): string {
  const isWide = head[0] === 0xff || head[0] === 0xfe;
  const encoding = isWide ? (head[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  return new TextDecoder(encoding).decode(head).trimStart();
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
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

function isUtf8(encoding: string): boolean {
  return new TextDecoder(encoding).encoding === 'utf-8';
}
