// Whether the data file of a chain is whole: every page, every key, every value's checksum, the
// freelist, the log.
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crcOf } from './crc.ts';
import {
  crcBytes,
  dataFileName,
  formatFileName,
  formatVersion,
  type TableName,
  tableNames,
} from './format.ts';
import {
  Corruption,
  PageFile,
  readTreeRecord,
  readU64,
  type TreeRecord,
  treeRecordBytes,
} from './pages.ts';
import { type TreeEntry, walkTree } from './tree.ts';

export interface Audited {
  readonly pages: number;
  readonly lostPages: number;
  readonly entries: number;
}

/** What is damaged, undefined when nothing is; a read error of the disk is damage too. */
export function findDamage(folder: string): string | undefined {
  try {
    auditFolder(folder);
    return undefined;
  } catch (error) {
    const isExpected =
      error instanceof Corruption || (error as NodeJS.ErrnoException).code === 'EIO';
    if (!isExpected) throw error;
    return (error as Error).message;
  }
}

/** Throws Corruption; where no store was ever made, an absent or an empty file is whole. */
function auditFolder(folder: string): Audited {
  const path = join(folder, dataFileName);
  const wasMade = existsSync(join(folder, formatFileName));
  if (!existsSync(path) || statSync(path).size === 0) {
    if (wasMade) throw new Corruption('the file is gone or empty');
    return { pages: 0, lostPages: 0, entries: 0 };
  }
  const descriptor = openSync(path, 'r');
  try {
    return auditFile(new PageFile(descriptor), wasMade);
  } finally {
    closeSync(descriptor);
  }
}

function auditFile(file: PageFile, wasMade: boolean): Audited {
  const { meta } = file;
  const tables = readTables(file);
  if (wasMade && !tables.has('meta')) throw new Corruption('the tables are gone');
  const record = tables.get('meta');
  const metaRows = record && readMeta(file, record);
  const format = metaRows?.get('formatVersion');
  if (wasMade && format === undefined) throw new Corruption('the format version is gone');
  let entries = 0;
  const numbering = new Numbering(Number(metaRows?.get('behaviourLeft') ?? 0));
  for (const [name, tree] of tables) {
    // What a table of another format holds is for the version that wrote it.
    const isKnown = format === formatVersion && tableNames.includes(name as TableName);
    if (name !== 'meta') walkTable(file, { name, record: tree, isKnown, numbering });
    entries += tree.entries;
  }
  numbering.finish();
  walkFreelist(file);
  return { pages: meta.lastPage + 1, lostPages: file.lostPages(), entries };
}

export function readTables(file: PageFile): Map<string, TreeRecord> {
  const tables = new Map<string, TreeRecord>();
  const visit = ({ bytes, keyStart, valueStart, valueEnd, isTree, page }: TreeEntry) => {
    // lmdb-js ends the names of tables with a zero.
    const name = bytes.toString('utf8', keyStart, valueStart).replace(/\0$/, '');
    if (!isTree || valueEnd - valueStart !== treeRecordBytes) {
      throw new Corruption(`page ${page}: ${JSON.stringify(name)} is no table`);
    }
    const record = readTreeRecord(bytes, valueStart);
    if (record.flags !== 0 || bytes.readUInt32LE(valueStart) !== 0) {
      throw new Corruption(`table ${name} has flags ${record.flags}`);
    }
    tables.set(name, record);
  };
  const record = file.meta.main;
  walkTree({ file, name: 'of tables', record, hasNumberKeys: false, visit });
  return tables;
}

export function readFormat(file: PageFile, record: TreeRecord): unknown {
  return readMeta(file, record).get('formatVersion');
}

const metaNames: readonly string[] = ['formatVersion', 'behaviourLeft'];

/** What the table `meta` says; to be called once, because it claims the pages of the table. */
function readMeta(file: PageFile, record: TreeRecord): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  walkTree({
    file,
    name: 'meta',
    record,
    hasNumberKeys: false,
    visit: (entry) => {
      assertSealedEntry('meta', entry);
      const { bytes, keyStart, valueStart, valueEnd } = entry;
      const name = bytes.toString('utf8', keyStart, valueStart);
      if (!metaNames.includes(name)) return;
      values.set(name, JSON.parse(bytes.toString('utf8', valueStart, valueEnd - crcBytes)));
    },
  });
  return values;
}

interface Walked {
  readonly name: string;
  readonly record: TreeRecord;
  readonly isKnown: boolean;
  readonly numbering: Numbering;
}

function walkTable(file: PageFile, { name, record, isKnown, numbering }: Walked): void {
  const isLog = name === 'log' || name === 'behaviour';
  const visit = (entry: TreeEntry) => {
    if (!isKnown) return;
    assertSealedEntry(name, entry);
    if (isLog) numbering.add(name, entry);
  };
  walkTree({ file, name, record, hasNumberKeys: false, visit });
}

/** Throws Damage when a value is not what was written under its key. */
export function assertSealedEntry(name: string, entry: TreeEntry): void {
  const { bytes, keyStart, valueStart, valueEnd, overflow, page, isTree } = entry;
  const value = overflow ?? bytes;
  const end = (overflow ? overflow.length : valueEnd) - crcBytes;
  const start = overflow ? 0 : valueStart;
  const isSound =
    !isTree &&
    end >= start &&
    (overflow
      ? crcOf(overflow, 0, end, crcOf(bytes, keyStart, valueStart))
      : crcOf(bytes, keyStart, end)) === value.readUInt32LE(end);
  if (isSound) return;
  const key = bytes.toString('hex', keyStart, Math.min(valueStart, keyStart + 32));
  throw new Corruption(`table ${name}, page ${page}: the checksum of key ${key} does not match`);
}

/**
 * Whether the entries of the log, in whichever of its two streams, are numbered from 1 without a
 * gap; up to `left` those of behaviour are gone.
 */
class Numbering {
  private readonly left: number;
  private entries = 0;
  private greatest = 0;
  private firstGap: number | undefined;
  private expected = 1;

  constructor(left: number) {
    this.left = left;
  }

  /** The next entry of one stream. */
  add(name: string, { bytes, keyStart, valueStart, page }: TreeEntry): void {
    if (valueStart - keyStart !== 8) {
      throw new Corruption(`${name}, page ${page}: a key of another kind`);
    }
    const sequence = Number(bytes.readBigUInt64BE(keyStart));
    if (sequence !== this.expected && name === 'log') this.firstGap ??= this.expected;
    this.expected = sequence + 1;
    this.greatest = Math.max(this.greatest, sequence);
    if (sequence > this.left) this.entries += 1;
  }

  finish(): void {
    const missing = Math.max(0, this.greatest - this.left) - this.entries;
    if (missing === 0) return;
    const first = `log: entry ${this.firstGap} is missing`;
    throw new Corruption(missing === 1 ? first : `${first}, or lies among those of behaviour`);
  }
}

/**
 * Pages that may be written over next. One that is named twice, or used, would lose data later.
 * LMDB's list holds runs as
 * a negative length before the first page; zeros are taken ones.
 */
function walkFreelist(file: PageFile): void {
  const { freelist } = file.meta;
  const visit = (entry: TreeEntry) => {
    const { bytes, keyStart, valueStart, valueEnd, overflow, page } = entry;
    const where = `freelist, page ${page}`;
    const [list, start, end] = overflow
      ? [overflow, 0, overflow.length]
      : [bytes, valueStart, valueEnd];
    const transaction = readU64(bytes, keyStart);
    const isSound = transaction > 0 && transaction <= file.meta.transaction;
    if (!isSound || (end - start) % 8 !== 0) throw new Corruption(`${where}: no list of pages`);
    const last = start + readU64(list, start) * 8;
    if (!(last + 8 <= end)) throw new Corruption(`${where}: a list longer than its room`);
    claimListed(file, list.subarray(start + 8, last + 8), where);
  };
  walkTree({ file, name: 'of free pages', record: freelist, hasNumberKeys: true, visit });
}

function claimListed(file: PageFile, list: Buffer, where: string): void {
  for (let at = 0; at < list.length; at += 8) {
    const value = list.readBigInt64LE(at);
    if (value === 0n) continue;
    if (value > 0n) {
      file.claim(Number(value), 'free', where);
      continue;
    }
    at += 8;
    if (at >= list.length) throw new Corruption(`${where}: a run without its page`);
    file.claim(readU64(list, at), 'free', where, Number(-value));
  }
}
