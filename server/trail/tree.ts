// The Merkle tree of RFC 9162, section 2.1 (the same as that of RFC 6962): hashes, proofs, and how
// they are checked. Pure: no file.
import { hash } from 'node:crypto';

/** SHA-256, HASH of the RFC. */
export const hashBytes = 32;

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);

/** MTH of no leaf at all. */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

export function leafHash(data: Buffer): Buffer {
  return hash('sha256', Buffer.concat([leafPrefix, data]), 'buffer');
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

/** The root of the 2^level leaves from index · 2^level on, which are all there. */
export type ReadNode = (level: number, index: number) => Buffer;

/** MTH(D_n), section 2.1.1. */
export function rootOf(size: number, read: ReadNode): Buffer {
  return size === 0 ? emptyRoot : rootOfRange(0, size, read);
}

/** MTH(D[start:end]); `start` is where such a range begins in the tree. */
function rootOfRange(start: number, end: number, read: ReadNode): Buffer {
  const size = end - start;
  const split = splitOf(size);
  // A whole power of two is kept; else it is made of what stands below it.
  if (split * 2 === size || size === 1) return read(Math.log2(size), start / size);
  return nodeHash(rootOfRange(start, start + split, read), rootOfRange(start + split, end, read));
}

/** k of the RFC: the largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** PATH(m, D_n), section 2.1.3.1: that leaf `leafIndex` is in the tree of the first `size`. */
export function inclusionPath(leafIndex: number, size: number, read: ReadNode): Buffer[] {
  const path: Buffer[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (leafIndex < middle) {
      path.push(rootOfRange(middle, end, read));
      end = middle;
    } else {
      path.push(rootOfRange(start, middle, read));
      start = middle;
    }
  }
  return path.reverse();
}

/** PROOF(m, D_n), section 2.1.4.1: that the first `first` leaves are those of before. */
export function consistencyPath(first: number, second: number, read: ReadNode): Buffer[] {
  if (first === 0 || first === second) return [];
  const path: Buffer[] = [];
  // SUBPROOF(m, D[start:end], b), from the root down.
  let [start, end, isWhole] = [0, second, true];
  while (first !== end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      path.push(rootOfRange(middle, end, read));
      end = middle;
    } else {
      path.push(rootOfRange(start, middle, read));
      start = middle;
      isWhole = false;
    }
  }
  if (!isWhole) path.push(rootOfRange(start, end, read));
  return path.reverse();
}

export interface Inclusion {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly leafHash: Buffer;
  readonly rootHash: Buffer;
  readonly path: readonly Buffer[];
}

/** Section 2.1.3.2, step by step. */
export function verifyInclusion(proof: Inclusion): boolean {
  const { leafIndex, treeSize, path } = proof;
  if (leafIndex >= treeSize) return false;
  let [fn, sn] = [leafIndex, treeSize - 1];
  let root = proof.leafHash;
  for (const node of path) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      root = nodeHash(node, root);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      root = nodeHash(root, node);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && root.equals(proof.rootHash);
}

export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Buffer;
  readonly secondRoot: Buffer;
  readonly path: readonly Buffer[];
}

/** Section 2.1.4.2; every tree goes on from the empty one. */
export function verifyConsistency(proof: Consistency): boolean {
  const { first, second, firstRoot, secondRoot, path } = proof;
  if (first > second) return false;
  if (first === 0) return path.length === 0 && firstRoot.equals(emptyRoot);
  if (first === second) return path.length === 0 && firstRoot.equals(secondRoot);
  // The root of before stands in no proof about itself.
  const nodes = isPowerOfTwo(first) ? [firstRoot, ...path] : [...path];
  let [fn, sn] = [first - 1, second - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  const [begin, ...rest] = nodes;
  if (begin === undefined) return false;
  let [firstFound, secondFound] = [begin, begin];
  for (const node of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      firstFound = nodeHash(node, firstFound);
      secondFound = nodeHash(node, secondFound);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      secondFound = nodeHash(secondFound, node);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && firstFound.equals(firstRoot) && secondFound.equals(secondRoot);
}

/**
 * The tree while it grows: the roots of its whole powers of two, from the largest on. A leaf costs
 * two hashes on average.
 */
export class Frontier {
  private readonly peaks: Buffer[];
  private leaves: number;

  constructor(size: number, read: ReadNode) {
    this.leaves = size;
    this.peaks = [];
    let start = 0;
    for (let level = Math.floor(Math.log2(Math.max(1, size))); level >= 0; level--) {
      const width = 2 ** level;
      if (size - start < width) continue;
      this.peaks.push(read(level, start / width));
      start += width;
    }
  }

  get size(): number {
    return this.leaves;
  }

  /** The nodes that are whole now, from the leaf upwards: in the order in which they are kept. */
  push(leaf: Buffer): Buffer[] {
    const whole = [leaf];
    for (let left = this.leaves; isOdd(left); left = half(left)) {
      whole.push(nodeHash(this.peaks.pop()!, whole.at(-1)!));
    }
    this.peaks.push(whole.at(-1)!);
    this.leaves += 1;
    return whole;
  }

  root(): Buffer {
    return this.peaks.length === 0
      ? emptyRoot
      : this.peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}

/**
 * Where a node is kept when each leaf is followed by the nodes that it makes whole: a leaf comes
 * after 2m − (ones of m) others.
 */
export function nodePosition(level: number, index: number): number {
  const lastLeaf = (index + 1) * 2 ** level - 1;
  return nodeCount(lastLeaf) + level;
}

/** How many nodes are kept of so many leaves. */
export function nodeCount(leaves: number): number {
  let count = 0;
  for (let left = leaves; left > 0; left = half(left)) count += left;
  return count;
}

/** Numbers go beyond 32 bits here, so that bits are taken by arithmetic. */
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return splitOf(value) * 2 === value || value === 1;
}
