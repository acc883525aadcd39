// Walks one tree of LMDB's file completely and holds every page to what LMDB relies on; see
// pages.ts for the layout.
import {
  Corruption,
  type PageFile,
  pageHeaderBytes,
  pageKinds,
  readU64,
  type TreeRecord,
} from './pages.ts';

const nodeHeaderBytes = 8;
const overflowRecordBytes = 24;
const depthMax = 32;
const nodeFlags = { plain: 0, overflow: 1, tree: 2 } as const;

/** One entry; the buffers are used again for the next. */
export interface TreeEntry {
  readonly page: number;
  /** Key, then value when it lies in the page: value stands right behind key. */
  readonly bytes: Buffer;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The value when it lies in pages of its own. */
  readonly overflow: Buffer | undefined;
  /** The value is the record of a tree of its own. */
  readonly isTree: boolean;
}

export interface Walk {
  readonly file: PageFile;
  readonly name: string;
  readonly record: TreeRecord;
  /** Keys are u64 numbers instead of bytes. */
  readonly hasNumberKeys: boolean;
  readonly visit: (entry: TreeEntry) => void;
}

/** Throws Damage at the first thing that is not as it must be. */
export function walkTree(walk: Walk): void {
  new TreeWalk(walk).run();
}

class TreeWalk {
  private readonly walk: Walk;
  private readonly buffers: Buffer[] = [];
  private overflowBuffer = Buffer.alloc(0);
  private readonly floor = Buffer.alloc(65_536);
  private floorLength = -1;
  private isFloorIncluded = false;
  private branchPages = 0;
  private leafPages = 0;
  private overflowPages = 0;
  private entries = 0;

  constructor(walk: Walk) {
    this.walk = walk;
  }

  run(): void {
    const { record, name } = this.walk;
    if (record.depth > depthMax)
      throw new Corruption(`table ${name} is ${record.depth} pages deep`);
    if (record.root === undefined) {
      if (record.depth !== 0) throw new Corruption(`table ${name} has no root`);
    } else {
      this.page(record.root, record.depth);
    }
    const met = [this.branchPages, this.leafPages, this.overflowPages, this.entries];
    const recorded = [record.branchPages, record.leafPages, record.overflowPages, record.entries];
    if (met.some((count, index) => count !== recorded[index])) {
      throw new Corruption(`table ${name} tells of ${recorded} pages and entries and holds ${met}`);
    }
  }

  private corruption(page: number, what: string): Corruption {
    return new Corruption(`table ${this.walk.name}, page ${page}: ${what}`);
  }

  /** `levels`: how many are left, this one included. */
  private page(number: number, levels: number): void {
    const { file, name } = this.walk;
    file.claim(number, 'tree', `table ${name}`);
    this.buffers[levels] ??= Buffer.alloc(file.meta.pageBytes);
    const bytes = this.buffers[levels];
    file.read(number, bytes);
    const kind = levels > 1 ? pageKinds.branch : pageKinds.leaf;
    if (readU64(bytes, 0) !== number) throw this.corruption(number, 'another page stands there');
    if (bytes.readUInt16LE(18) !== kind) throw this.corruption(number, 'a page of the wrong kind');
    if (readU64(bytes, 8) > file.meta.transaction)
      throw this.corruption(number, 'is from the future');
    if (levels > 1) this.branch(number, bytes, levels);
    else this.leaf(number, bytes);
  }

  private branch(page: number, bytes: Buffer, levels: number): void {
    this.branchPages += 1;
    const count = this.frame(page, bytes);
    let used = 0;
    for (let index = 0; index < count; index++) {
      const at = this.nodeAt(page, bytes, index);
      const keyBytes = bytes.readUInt16LE(at + 6);
      const end = at + nodeHeaderBytes + keyBytes;
      if (end > bytes.length) throw this.corruption(page, 'a node runs past its end');
      used += (nodeHeaderBytes + keyBytes + 1) & ~1;
      // The first key of a branch stands for everything below and is never read.
      if (index > 0) this.raiseFloor(page, bytes, at + nodeHeaderBytes, end, true);
      const child = bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 2 ** 32;
      this.page(child, levels - 1);
    }
    this.assertFilled(page, bytes, used);
  }

  private leaf(page: number, bytes: Buffer): void {
    this.leafPages += 1;
    const count = this.frame(page, bytes);
    let used = 0;
    for (let index = 0; index < count; index++) {
      const at = this.nodeAt(page, bytes, index);
      const flags = bytes.readUInt16LE(at + 4);
      const keyStart = at + nodeHeaderBytes;
      const valueStart = keyStart + bytes.readUInt16LE(at + 6);
      const valueBytes = bytes.readUInt32LE(at);
      const isOverflow = flags === nodeFlags.overflow;
      const valueEnd = valueStart + (isOverflow ? overflowRecordBytes : valueBytes);
      if (valueEnd > bytes.length) throw this.corruption(page, 'a node runs past its end');
      if (flags > nodeFlags.tree) throw this.corruption(page, `a node has flags ${flags}`);
      used += (valueEnd - at + 1) & ~1;
      this.raiseFloor(page, bytes, keyStart, valueStart, false);
      const overflow = isOverflow ? this.overflow(page, bytes, valueStart, valueBytes) : undefined;
      this.entries += 1;
      const isTree = flags === nodeFlags.tree;
      this.walk.visit({ page, bytes, keyStart, valueStart, valueEnd, overflow, isTree });
    }
    this.assertFilled(page, bytes, used);
  }

  /** The number of nodes, when the pointers leave room for the nodes. */
  private frame(page: number, bytes: Buffer): number {
    const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
    const room = bytes.length - pageHeaderBytes;
    if (lower === 0 || lower % 2 !== 0 || lower > upper || upper > room) {
      throw this.corruption(page, `a page of ${lower} to ${upper}`);
    }
    return lower / 2;
  }

  private nodeAt(page: number, bytes: Buffer, index: number): number {
    const at = bytes.readUInt16LE(pageHeaderBytes + index * 2);
    const isInside = at >= bytes.readUInt16LE(22) && at + pageHeaderBytes + 8 <= bytes.length;
    if (!isInside || at % 2 !== 0) throw this.corruption(page, `a node at ${at}`);
    return at + pageHeaderBytes;
  }

  /** Nodes stand without gaps at the end of a page, else the next insert would overwrite one. */
  private assertFilled(page: number, bytes: Buffer, used: number): void {
    const wanted = bytes.length - pageHeaderBytes - bytes.readUInt16LE(22);
    if (used !== wanted) throw this.corruption(page, `its nodes take ${used} of ${wanted} bytes`);
  }

  /**
   * Keys rise through the whole tree; a branch's key stands between what is left and right of it.
   */
  private raiseFloor(page: number, bytes: Buffer, start: number, end: number, isBranch: boolean) {
    const order = this.compareWithFloor(bytes, start, end);
    if (order < 0 || (order === 0 && !this.isFloorIncluded)) {
      throw this.corruption(page, 'its keys are out of order');
    }
    bytes.copy(this.floor, 0, start, end);
    this.floorLength = end - start;
    this.isFloorIncluded = isBranch;
  }

  private compareWithFloor(bytes: Buffer, start: number, end: number): number {
    const { floor, floorLength, walk } = this;
    if (walk.hasNumberKeys) {
      if (end - start !== 8) return -1;
      return floorLength < 0 ? 1 : readU64(bytes, start) - readU64(floor, 0);
    }
    const shared = Math.min(end - start, floorLength);
    for (let index = 0; index < shared; index++) {
      const difference = bytes[start + index]! - floor[index]!;
      if (difference !== 0) return difference;
    }
    return end - start - floorLength;
  }

  /** A value in pages of its own, checked against the record that points to it. */
  private overflow(page: number, bytes: Buffer, at: number, valueBytes: number): Buffer {
    const { file, name } = this.walk;
    const first = readU64(bytes, at);
    const count = readU64(bytes, at + 16);
    const wanted = Math.floor((pageHeaderBytes - 1 + valueBytes) / file.meta.pageBytes) + 1;
    if (count !== wanted)
      throw this.corruption(page, `a value of ${valueBytes} bytes in ${count} pages`);
    file.claim(first, 'tree', `table ${name}, page ${page}`, count);
    const length = count * file.meta.pageBytes;
    if (this.overflowBuffer.length < length) this.overflowBuffer = Buffer.alloc(length);
    const value = this.overflowBuffer;
    file.read(first, value, count);
    const isSound =
      readU64(value, 0) === first &&
      value.readUInt16LE(18) === pageKinds.overflow &&
      value.readUInt32LE(20) === count &&
      readU64(value, 8) <= file.meta.transaction;
    if (!isSound) throw this.corruption(first, 'is not the value that it should be');
    this.overflowPages += count;
    return value.subarray(pageHeaderBytes, pageHeaderBytes + valueBytes);
  }
}
