// Where the trail is kept. Segments of 4,096 entries: a file of lines, which are the leaves of the
// tree, and a file of slots, which say whom they are about. One more file has the nodes of the
// tree; it is made again from the lines where it is short.
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/index.ts';
import { textOf } from './entry.ts';
import { trailLimits } from './limits.ts';
import { slotBytes } from './slots.ts';
import { hashBytes, nodeCount, nodePosition, type ReadNode } from './tree.ts';

const { segmentEntries } = trailLimits;

const nameOf = (segment: number, kind: string): string =>
  `${String(segment).padStart(9, '0')}.${kind}`;

export const entriesPath = (folder: string, segment: number): string =>
  join(folder, nameOf(segment, 'entries'));

export const subjectsPath = (folder: string, segment: number): string =>
  join(folder, nameOf(segment, 'subjects'));

export const nodesPath = (folder: string): string => join(folder, 'nodes');

export const segmentOf = (leafIndex: number): number => Math.floor(leafIndex / segmentEntries);

/** Made when absent, for its owner alone. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  syncFolder(join(folder, '..'));
}

/** Where a trail that a backup had is made ready. */
export const unplacedName = (folder: string): string => `${folder}.new`;

/** What a restore that was killed has left: it holds ids that may be erased since. */
export function removeUnplaced(folder: string): void {
  rmSync(unplacedName(folder), { recursive: true, force: true });
}

/** Durable when it returns: the names in a folder. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The same while others go on. */
export async function syncFolderSoon(folder: string): Promise<void> {
  const file = await open(folder, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** How many segments there are, the last one included that is not full. */
export function countSegments(folder: string): number {
  if (!existsSync(folder)) return 0;
  const count = entriesNames(folder).length;
  const last = lastSegment(folder);
  if (last + 1 === count) return count;
  throw damaged(folder, `has ${count} segments, but the last one is number ${last}`);
}

/** Its number, from 0; -1: there is none. */
export function lastSegment(folder: string): number {
  return entriesNames(folder).reduce((last, name) => Math.max(last, Number(name.slice(0, 9))), -1);
}

function entriesNames(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /^\d{9}\.entries$/.test(name));
}

/** Nothing where there is no such file. */
export function readWhole(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** `length` bytes from `at` on, or as many as there are. */
export function readRange(path: string, at: number, length: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, at));
  } finally {
    closeSync(descriptor);
  }
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export function cutTo(path: string, bytes: number): void {
  if (sizeOf(path) > bytes) truncateSync(path, bytes);
}

/** The lines of a segment, without their ends; what is left behind the last one. */
export function linesIn(bytes: Buffer): { readonly lines: Buffer[]; readonly rest: Buffer } {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return { lines, rest: bytes.subarray(at) };
}

/** The texts of entries `from` on, `limit` at most, of one segment. */
export function readTexts(folder: string, from: number, limit: number): Buffer[] {
  const segment = segmentOf(from);
  const path = entriesPath(folder, segment);
  const { lines } = linesIn(readWhole(path));
  const first = from - segment * segmentEntries;
  return lines.slice(first, first + limit).map((line, index) => {
    const text = textOf(line);
    if (text !== undefined) return text;
    throw damaged(path, `is not what was written at entry ${from + index}`);
  });
}

/** The slots of entries `from` up to `to`, of one segment. */
export function readSlots(folder: string, from: number, to: number): Buffer[] {
  const bytes = readWhole(subjectsPath(folder, segmentOf(from)));
  const slots: Buffer[] = [];
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    const leafIndex = bytes.readUIntLE(at, 6);
    if (leafIndex >= from && leafIndex < to) slots.push(bytes.subarray(at, at + slotBytes));
  }
  return slots;
}

/** Reads nodes of the tree; `close` when done. */
export function openNodes(folder: string): { readonly read: ReadNode; close(): void } {
  const path = nodesPath(folder);
  const descriptor = openSync(path, 'r');
  return {
    read(level, index) {
      const node = Buffer.alloc(hashBytes);
      const at = nodePosition(level, index) * hashBytes;
      if (readSync(descriptor, node, 0, hashBytes, at) === hashBytes) return node;
      throw damaged(path, `ends before byte ${at + hashBytes}`);
    },
    close: () => closeSync(descriptor),
  };
}

/** Writes the nodes of leaves from `size` on; on disk when it returns. */
export function writeNodes(folder: string, size: number, nodes: readonly Buffer[]): void {
  const descriptor = openSync(nodesPath(folder), existsSync(nodesPath(folder)) ? 'r+' : 'w', 0o600);
  try {
    const bytes = Buffer.concat(nodes);
    const at = nodeCount(size) * hashBytes;
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Zeros at the end of a file, so that slots stand where they belong. */
export function fillTo(path: string, bytes: Buffer): void {
  const descriptor = openSync(path, 'a', 0o600);
  const before = sizeOf(path);
  try {
    writeSync(descriptor, bytes);
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, before);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function damaged(path: string, what: string): EngineError {
  const ways = 'caini audit verify tells more; to go on with a new trail, move the folder away';
  const message = `${path} ${what}: the audit trail is damaged or was changed; ${ways}`;
  return new EngineError('DATA_LOSS', message, { reason: 'TRAIL_DAMAGED' });
}
