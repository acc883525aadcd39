// What the trail answers: pages of it, its head, and proofs.
import { nextTurn } from '../../engine/index.ts';
import { type Entry, entryOf } from './entry.ts';
import { damaged, entriesPath, openNodes, readSlots, readTexts, segmentOf } from './files.ts';
import { trailLimits } from './limits.ts';
import { decodeSlot, type Secret } from './slots.ts';
import type { Trail } from './trail.ts';
import { consistencyPath, inclusionPath, leafHash, type ReadNode, rootOf } from './tree.ts';

/** The whole trail in 32 bytes. It is not signed: whoever keeps it knows from whom they have it. */
export interface TreeHead {
  readonly treeSize: number;
  /** In hexadecimal, as all hashes here. */
  readonly rootHash: string;
}

/** Whom an entry is about; without salt and id when they were destroyed. */
export interface ShownSubject {
  readonly kind: string;
  readonly commitment: string;
  readonly salt?: string;
  readonly id?: string;
}

export interface ShownEntry extends Omit<Entry, 'subjects'> {
  readonly leafIndex: number;
  readonly subjects?: readonly ShownSubject[];
}

export interface TrailPage extends TreeHead {
  readonly entries: readonly ShownEntry[];
  /** Where the next page begins; absent at the end. */
  readonly next?: number;
}

export function readHead(trail: Trail): Promise<TreeHead> {
  return trail.withState(({ frontier }) => headOf(frontier.size, frontier.root()));
}

function headOf(treeSize: number, root: Buffer): TreeHead {
  return { treeSize, rootHash: root.toString('hex') };
}

/** The entries from `from` on, oldest first. */
export async function readPage(trail: Trail, from: number, limit: number): Promise<TrailPage> {
  const { folder } = trail;
  const head = await readHead(trail);
  const end = Math.min(from + limit, head.treeSize);
  const entries: ShownEntry[] = [];
  for (let at = from; at < end; ) {
    const some = Math.min(end, (segmentOf(at) + 1) * trailLimits.segmentEntries) - at;
    const texts = readTexts(folder, at, some);
    if (texts.length < some) throw damaged(entriesPath(folder, segmentOf(at)), 'is short');
    const secrets = secretsOf(readSlots(folder, at, at + some));
    for (const [index, text] of texts.entries()) {
      entries.push(shown(at + index, text, secrets));
      if (index % trailLimits.turnSubjects === trailLimits.turnSubjects - 1) await nextTurn();
    }
    at += some;
  }
  return { ...head, entries, ...(end < head.treeSize && { next: end }) };
}

/** By entry and ordinal. */
type Secrets = ReadonlyMap<string, Secret>;

function secretsOf(slots: readonly Buffer[]): Secrets {
  const secrets = new Map<string, Secret>();
  for (const bytes of slots) {
    const slot = decodeSlot(bytes);
    if (slot?.secret !== undefined) secrets.set(`${slot.leafIndex} ${slot.ordinal}`, slot.secret);
  }
  return secrets;
}

function shown(leafIndex: number, text: Buffer, secrets: Secrets): ShownEntry {
  const { subjects, ...entry } = entryOf(text)!;
  if (subjects === undefined) return { leafIndex, ...entry };
  return {
    leafIndex,
    ...entry,
    subjects: subjects.map((subject, ordinal) => {
      const secret = secrets.get(`${leafIndex} ${ordinal}`);
      return { ...subject, ...(secret && { salt: secret.salt.toString('hex'), id: secret.id }) };
    }),
  };
}

export interface InclusionProof extends TreeHead {
  readonly leafIndex: number;
  /** What the leaf is made of, as it is kept. */
  readonly entry: string;
  readonly leafHash: string;
  readonly path: readonly string[];
}

/**
 * That an entry is in the tree of the first `treeSize`, default all. The head of the tree where
 * there is no such entry, or no such tree.
 */
export function proveInclusion(
  trail: Trail,
  leafIndex: number,
  asked: number | undefined,
): Promise<InclusionProof | TreeHead> {
  const { folder } = trail;
  return trail.withState(({ frontier }) => {
    const treeSize = asked ?? frontier.size;
    if (treeSize > frontier.size || leafIndex >= treeSize) {
      return headOf(frontier.size, frontier.root());
    }
    return withNodes(folder, (read) => {
      const [text] = readTexts(folder, leafIndex, 1);
      if (text === undefined) throw damaged(folder, `has no entry ${leafIndex}`);
      return {
        ...headOf(treeSize, rootOf(treeSize, read)),
        leafIndex,
        entry: text.toString(),
        leafHash: leafHash(text).toString('hex'),
        path: inclusionPath(leafIndex, treeSize, read).map(hex),
      };
    });
  });
}

export interface ConsistencyProof {
  readonly first: number;
  readonly second: number;
  readonly firstRootHash: string;
  readonly secondRootHash: string;
  readonly path: readonly string[];
}

/** That the tree of the first `second` entries begins with that of the first `first`. */
export function proveConsistency(
  trail: Trail,
  first: number,
  asked: number | undefined,
): Promise<ConsistencyProof | TreeHead> {
  const { folder } = trail;
  return trail.withState(({ frontier }) => {
    const second = asked ?? frontier.size;
    if (second > frontier.size || first > second) return headOf(frontier.size, frontier.root());
    return withNodes(folder, (read) => ({
      first,
      second,
      firstRootHash: hex(rootOf(first, read)),
      secondRootHash: hex(rootOf(second, read)),
      path: consistencyPath(first, second, read).map(hex),
    }));
  });
}

function withNodes<T>(folder: string, look: (read: ReadNode) => T): T {
  const nodes = openNodes(folder);
  try {
    return look(nodes.read);
  } finally {
    nodes.close();
  }
}

const hex = (bytes: Buffer): string => bytes.toString('hex');
