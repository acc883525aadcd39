// LMDB's data file read without LMDB, trusting nothing: damage becomes a sentence here, where LMDB
// would get a signal.
//
//   page   number u64 | transaction u64 | pad u16 | flags u16 | lower u16 | upper u16
// (overflow: pages u32 at 20)
//          then, from byte 24: u16 pointers to nodes, free room, nodes; pointers, lower and upper
// count from byte 24
//   meta   page 0 and 1: page header | magic u32 | version u32 | address u64 | map size u64 |
// freelist | main tree
//          | last page u64 | transaction u64; the newer one of the two stands
//   tree   pad u32 | flags u16 | depth u16 | branch, leaf, overflow pages, entries, root u64 each
//
// It is the format of lmdb-js 3 (data version 2), little-endian.
import { fstatSync, readSync } from 'node:fs';

export const pageHeaderBytes = 24;
export const treeRecordBytes = 48;
export const pageKinds = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;

const magic = 0xbeefc0de;
const dataVersion = 2;
const noRoot = 0xffff_ffff_ffff_ffffn;
const metaBytes = 168;
/** Larger maps than this are refused by the processor: 47 bits of address. */
const mapBytesMax = 2 ** 46;
const integerKeyFlag = 8;
const stillAttempts = 1_000;

/** What is wrong and where, in words that fit into one line. */
export class Corruption extends Error {}

export interface TreeRecord {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined: the tree is empty. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly transaction: number;
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly freelist: TreeRecord;
  readonly main: TreeRecord;
}

/** A u64 as a number; what is past 2^53 stays large and fails every bound. */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

export function readTreeRecord(bytes: Buffer, at: number): TreeRecord {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readU64(bytes, at + 8),
    leafPages: readU64(bytes, at + 16),
    overflowPages: readU64(bytes, at + 24),
    entries: readU64(bytes, at + 32),
    root: bytes.readBigUInt64LE(at + 40) === noRoot ? undefined : readU64(bytes, at + 40),
  };
}

/** The file's pages, each of which may be used once; `claim` keeps the books. */
export class PageFile {
  readonly meta: Meta;
  private readonly descriptor: number;
  /** One byte a page: 0 not seen, 1 in a tree, 2 free. */
  private readonly uses: Uint8Array;

  /** Throws Damage when the two meta pages do not fit each other or the file. */
  constructor(descriptor: number) {
    this.descriptor = descriptor;
    this.meta = readMetas(descriptor);
    const { lastPage, pageBytes } = this.meta;
    // Pages at the end may be missing when they are free, but not many: a commit writes them before
    // it frees them.
    if (lastPage * pageBytes > fstatSync(descriptor).size * 4 + 2 ** 24) {
      throw new Corruption(`the file is cut short: it ends before page ${lastPage}`);
    }
    this.uses = new Uint8Array(lastPage + 1);
  }

  /** Reads whole pages from `page` on into the start of `into`. */
  read(page: number, into: Buffer, count = 1): void {
    const length = count * this.meta.pageBytes;
    if (readFully(this.descriptor, into, length, page * this.meta.pageBytes) < length) {
      throw new Corruption(`the file is cut short at page ${page}`);
    }
  }

  /** Marks pages as used; throws when there is no such page or it was used before. */
  claim(page: number, use: 'tree' | 'free', where: string, count = 1): void {
    const { lastPage } = this.meta;
    if (!(page >= 2 && count >= 1 && page + count - 1 <= lastPage)) {
      throw new Corruption(`${where} names page ${page}, the file has ${lastPage + 1}`);
    }
    for (let at = page; at < page + count; at++) {
      if (this.uses[at] !== 0)
        throw new Corruption(`${where} names page ${at}, which is used twice`);
      this.uses[at] = use === 'tree' ? 1 : 2;
    }
  }

  /** Begins the books anew, for who reads some pages twice. */
  forget(): void {
    this.uses.fill(0);
  }

  /** Pages that are neither used nor free: lost room, no lost data. */
  lostPages(): number {
    let lost = 0;
    for (const use of this.uses.subarray(2)) if (use === 0) lost += 1;
    return lost;
  }
}

function readFully(descriptor: number, into: Buffer, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, into, done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

function readMeta(descriptor: number, page: 0 | 1, pageBytes: number): Meta & { mapBytes: number } {
  const bytes = Buffer.alloc(metaBytes);
  if (readFully(descriptor, bytes, metaBytes, page * pageBytes) < metaBytes) {
    throw new Corruption(`the file is cut short in meta page ${page}`);
  }
  const isMeta = bytes.readUInt16LE(18) === pageKinds.meta && readU64(bytes, 0) === page;
  if (!isMeta || bytes.readUInt32LE(24) !== magic) {
    throw new Corruption(`meta page ${page} is none`);
  }
  const version = bytes.readUInt32LE(28);
  if (version !== dataVersion) throw new Corruption(`meta page ${page} has LMDB format ${version}`);
  return {
    pageBytes: bytes.readUInt32LE(48),
    mapBytes: readU64(bytes, 40),
    freelist: readTreeRecord(bytes, 48),
    main: readTreeRecord(bytes, 96),
    lastPage: readU64(bytes, 144),
    transaction: readU64(bytes, 152),
  };
}

/** The newer meta page, when both are whole. */
function readMetas(descriptor: number): Meta {
  const { pageBytes } = readMeta(descriptor, 0, 0);
  if (![4096, 8192, 16384, 32768, 65536].includes(pageBytes)) {
    throw new Corruption(`meta page 0 tells of pages of ${pageBytes} bytes`);
  }
  const [first, second] = readStill(() => [
    readMeta(descriptor, 0, pageBytes),
    readMeta(descriptor, 1, pageBytes),
  ]);
  for (const [page, meta] of [first, second].entries()) {
    const isSound =
      meta.pageBytes === pageBytes &&
      meta.freelist.flags === integerKeyFlag &&
      meta.main.flags === 0 &&
      meta.lastPage >= 1 &&
      meta.mapBytes >= (meta.lastPage + 1) * pageBytes &&
      meta.mapBytes <= mapBytesMax;
    if (!isSound) throw new Corruption(`meta page ${page} contradicts itself`);
  }
  const [newer, older] = first.transaction > second.transaction ? [first, second] : [second, first];
  assertNeighbours(newer, older, newer === first ? 0 : 1);
  return newer;
}

/** Somebody may be committing: read until it is the same twice, and so not half-way written. */
function readStill<Pair extends readonly [object, object]>(read: () => Pair): Pair {
  let before = read();
  for (let attempt = 0; attempt < stillAttempts; attempt++) {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
  throw new Corruption('the meta pages do not keep still');
}

/**
 * Transactions take turns between the two pages. Otherwise a wrong number would make an older state
 * the current one, and
 * that would look whole in every other way.
 */
function assertNeighbours(newer: Meta, older: Meta, page: 0 | 1): void {
  const isUnused = older.transaction === 0 && older.main.root === undefined;
  const isFirst = newer.transaction === 0 && isUnused;
  const isAfter = newer.transaction === older.transaction + 1 && newer.transaction % 2 === page;
  // A compacting copy begins with one state in page 1 and nothing in page 0.
  const isCopy = isUnused && page === 1 && newer.transaction % 2 === 1;
  const forgets = newer.main.root === undefined && older.main.root !== undefined;
  if (forgets || !(isFirst || isAfter || isCopy)) {
    throw new Corruption(
      `the meta pages do not follow each other: ${older.transaction}, ${newer.transaction}`,
    );
  }
}
