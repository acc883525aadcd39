// Entries on their way into the files: whom they are about first, then what they say, then the
// tree. What is on disk when it resolves was there in that order at any moment before.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ErasedIds } from '../../engine/index.ts';
import {
  commitmentOf,
  type Entry,
  lineOf,
  type NewEntry,
  type Subject,
  saltBytes,
} from './entry.ts';
import { cutTo, entriesPath, nodesPath, segmentOf, subjectsPath, syncFolderSoon } from './files.ts';
import { trailLimits } from './limits.ts';
import { encodeSlot, keyMarkOf, slotBytes } from './slots.ts';
import type { TrailState } from './state.ts';
import { hashBytes, leafHash, nodeCount } from './tree.ts';

const { segmentEntries } = trailLimits;

export interface Writing {
  readonly folder: string;
  readonly state: TrailState;
  /** RFC 3339. */
  readonly time: string;
  /** Nothing is kept of them; undefined: it is not known who they are, and of nobody. */
  readonly erased: ErasedIds | undefined;
}

/** Returns the leaf index of each. Rejects when one of them is not on disk. */
export async function writeEntries(
  writing: Writing,
  entries: readonly NewEntry[],
): Promise<number[]> {
  const written: number[] = [];
  for (let at = 0; at < entries.length; ) {
    const { size } = writing.state.frontier;
    const room = segmentEntries - (size % segmentEntries);
    const some = entries.slice(at, at + room);
    await writeToSegment(writing, some);
    written.push(...some.map((_, index) => size + index));
    at += some.length;
  }
  return written;
}

async function writeToSegment(writing: Writing, entries: readonly NewEntry[]): Promise<void> {
  const { folder, state } = writing;
  const { size } = state.frontier;
  const segment = segmentOf(size);
  const lines: string[] = [];
  const slots: Buffer[] = [];
  for (const [index, entry] of entries.entries()) {
    lines.push(lineOf(JSON.stringify(committed(writing, entry, size + index, slots))));
  }
  const text = Buffer.from(lines.join(''));
  const subjects = { path: subjectsPath(folder, segment), bytes: state.slots * slotBytes };
  const kept = { path: entriesPath(folder, segment), bytes: state.entriesBytes };
  try {
    if (slots.length > 0) await appendTo(folder, subjects.path, Buffer.concat(slots));
    await appendTo(folder, kept.path, text);
  } catch (error) {
    for (const { path, bytes } of [kept, subjects]) cutTo(path, bytes);
    throw error;
  }
  const isFull = (size + entries.length) % segmentEntries === 0;
  const nodes = lines.flatMap((line) =>
    state.frontier.push(leafHash(Buffer.from(line).subarray(9, -1))),
  );
  await writeNodes(folder, size, nodes, isFull);
  state.entriesBytes = isFull ? 0 : state.entriesBytes + text.length;
  state.slots = isFull ? 0 : state.slots + slots.length;
}

/** The entry with commitments in the place of its subjects, which go into slots. */
function committed(
  { time, erased }: Writing,
  { subjects = [], ...entry }: NewEntry,
  leafIndex: number,
  slots: Buffer[],
): Entry {
  if (subjects.length === 0) return { time, ...entry };
  const hashes = keptHashes(subjects, erased);
  const commitments = subjects.map(({ kind, id }, ordinal) => {
    const salt = randomBytes(saltBytes);
    const keyed = hashes?.[ordinal];
    slots.push(encodeSlot({ leafIndex, ordinal, ...(keyed && { secret: { salt, id, keyed } }) }));
    return { kind, commitment: commitmentOf(salt, id) };
  });
  return { time, ...entry, subjects: commitments };
}

/** Undefined where nothing is kept: who was erased takes along what stands beside them. */
function keptHashes(
  subjects: readonly Subject[],
  erased: ErasedIds | undefined,
): readonly Buffer[] | undefined {
  if (erased === undefined) return undefined;
  const mark = keyMarkOf(erased);
  const hashes = subjects.map(({ id }) => erased.hash(id));
  if (hashes.some((hash) => erased.has(hash))) return undefined;
  return hashes.map((hash) => Buffer.concat([mark, hash]));
}

async function appendTo(folder: string, path: string, bytes: Buffer): Promise<void> {
  const isNew = !existsSync(path);
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  if (isNew) await syncFolderSoon(folder);
}

/**
 * Not waited for but at the end of a segment: what a power loss takes of them is made again from
 * the lines.
 */
async function writeNodes(
  folder: string,
  size: number,
  nodes: readonly Buffer[],
  isLast: boolean,
): Promise<void> {
  const path = nodesPath(folder);
  const file = await open(path, existsSync(path) ? 'r+' : 'w', 0o600);
  try {
    await writeFully(file, Buffer.concat(nodes), nodeCount(size) * hashBytes);
    if (isLast) await file.datasync();
  } finally {
    await file.close();
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}
