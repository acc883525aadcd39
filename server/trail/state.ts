// How far the trail is, as a process knows it: read from the files at the start, and again when
// another process has written. What a process that was killed has left half written is cut off.

import { type Entry, entryOf, textOf } from './entry.ts';
import {
  countSegments,
  cutTo,
  damaged,
  entriesPath,
  fillTo,
  linesIn,
  nodesPath,
  openNodes,
  readRange,
  readWhole,
  segmentOf,
  sizeOf,
  subjectsPath,
  writeNodes,
} from './files.ts';
import { trailLimits } from './limits.ts';
import { encodeSlot, slotBytes } from './slots.ts';
import { Frontier, hashBytes, leafHash, nodeCount } from './tree.ts';

const { segmentEntries } = trailLimits;

export interface TrailState {
  /** The whole tree, whose size is that of the trail. */
  readonly frontier: Frontier;
  /** Of the segment that is being written. */
  entriesBytes: number;
  slots: number;
}

/** What was cut off, for whoever is to be told. */
export type OnCut = (what: string) => void;

/** To be called while nobody else writes. Throws DATA_LOSS for files that were changed. */
export function readState(folder: string, onCut: OnCut): TrailState {
  const last = Math.max(0, countSegments(folder) - 1);
  const nodes = sizeOf(nodesPath(folder));
  // Nodes of full segments are on disk before the next segment begins.
  const isUsable = nodes >= nodeCount(last * segmentEntries) * hashBytes;
  const size = isUsable ? last * segmentEntries : 0;
  const state = { frontier: frontierAt(folder, size), entriesBytes: 0, slots: 0 };
  catchUp(folder, state, onCut);
  return state;
}

function frontierAt(folder: string, size: number): Frontier {
  if (size === 0) return new Frontier(0, () => Buffer.alloc(0));
  const nodes = openNodes(folder);
  try {
    return new Frontier(size, nodes.read);
  } finally {
    nodes.close();
  }
}

/** Whether another process has written since. */
export function isBehind(folder: string, state: TrailState): boolean {
  const segment = segmentOf(state.frontier.size);
  return sizeOf(entriesPath(folder, segment)) !== state.entriesBytes;
}

/** Takes in what others have written; the same conditions as for `readState`. */
export function catchUp(folder: string, state: TrailState, onCut: OnCut): void {
  for (let isFull = true; isFull; ) {
    isFull = readSegment(folder, state, onCut);
  }
  const bytes = nodeCount(state.frontier.size) * hashBytes;
  if (sizeOf(nodesPath(folder)) > bytes) {
    // Nodes are written after their entries are on disk.
    throw damaged(folder, `had more than ${state.frontier.size} entries, and they are gone`);
  }
}

/** From where the state is to the end of the segment; whether that is full. */
function readSegment(folder: string, state: TrailState, onCut: OnCut): boolean {
  const { frontier } = state;
  const before = frontier.size;
  const segment = segmentOf(before);
  const path = entriesPath(folder, segment);
  const { lines, rest } = linesIn(readWhole(path).subarray(state.entriesBytes));
  const nodes: Buffer[] = [];
  let isFull = false;
  for (const [index, line] of lines.entries()) {
    const text = isFull ? undefined : textOf(line);
    const entry = text && entryOf(text);
    if (text === undefined || entry === undefined) {
      assertLast(folder, segment, lines.slice(index + 1));
      break;
    }
    nodes.push(...frontier.push(leafHash(text)));
    state.entriesBytes += line.length + 1;
    state.slots += slotsOf(entry);
    isFull = frontier.size % segmentEntries === 0;
  }
  if (rest.length > 0) assertLast(folder, segment, []);
  cutTorn(path, state.entriesBytes, onCut);
  settleSlots(folder, state, segment, onCut);
  settleNodes(folder, before, nodes);
  if (isFull) [state.entriesBytes, state.slots] = [0, 0];
  return isFull;
}

const slotsOf = ({ subjects = [] }: Pick<Entry, 'subjects'>): number => subjects.length;

/** What is damaged with whole entries behind it was not left by a process that was killed. */
function assertLast(folder: string, segment: number, behind: readonly Buffer[]): void {
  const hasMore = behind.some((line) => textOf(line) !== undefined);
  if (!hasMore && countSegments(folder) === segment + 1) return;
  throw damaged(entriesPath(folder, segment), 'is not what was written');
}

function cutTorn(path: string, bytes: number, onCut: OnCut): void {
  const torn = sizeOf(path) - bytes;
  if (torn <= 0) return;
  cutTo(path, bytes);
  onCut(`${torn} bytes of an entry that was cut short when it was written`);
}

/** Slots are written before their entries: there may be more, and never less of their own. */
function settleSlots(folder: string, state: TrailState, segment: number, onCut: OnCut): void {
  const { slots, frontier } = state;
  const path = subjectsPath(folder, segment);
  const found = sizeOf(path);
  cutTo(path, slots * slotBytes);
  if (found >= slots * slotBytes) return;
  const whole = Math.floor(found / slotBytes);
  cutTo(path, whole * slotBytes);
  const missing = slots - whole;
  const gone = encodeSlot({ leafIndex: frontier.size - 1, ordinal: 255 });
  fillTo(path, Buffer.concat(Array.from({ length: missing }, () => gone)));
  onCut(`${missing} subjects of segment ${segment} are gone, and count as destroyed`);
}

/** Writes those that are missing. Others must be the same: else an entry is another than it was. */
function settleNodes(folder: string, size: number, nodes: readonly Buffer[]): void {
  if (nodes.length === 0) return;
  const at = nodeCount(size) * hashBytes;
  const known = readRange(nodesPath(folder), at, nodes.length * hashBytes);
  let isWhole = known.length >= nodes.length * hashBytes;
  for (const [index, node] of nodes.entries()) {
    const found = known.subarray(index * hashBytes, (index + 1) * hashBytes);
    if (found.length < hashBytes || found.equals(node)) continue;
    // What the disk had not got when the power failed reads as zeros.
    if (found.some((byte) => byte !== 0)) {
      throw damaged(folder, `has another entry than was written, from number ${size} on`);
    }
    isWhole = false;
  }
  if (!isWhole) writeNodes(folder, size, nodes);
}
