// Who was erased, as keyed hashes, outside of what a restore replaces: an erased member never comes
// back.
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { EngineError } from '../base/errors.ts';
import { crcBytes } from './format.ts';

/** 16 bytes: one in 2^64 that two of four billion ids meet. */
const hashBytes = 16;
const keyBytes = 32;

const syncDescriptor = promisify(fsync);

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/**
 * The key and its CRC-32: with a key that changed by one bit, no erased member would be known
 * again.
 */
function readKey(path: string): Buffer {
  const bytes = readFileSync(path);
  const key = bytes.subarray(0, keyBytes);
  if (bytes.length !== keyBytes + crcBytes || crc32(key) !== bytes.readUInt32LE(keyBytes)) {
    throw ledgerDamaged(path, 'its checksum does not match', 'from the newest backup');
  }
  return key;
}

function makeKey(folder: string, path: string, configured: Buffer | undefined): Buffer {
  const key = configured ?? randomBytes(keyBytes);
  const seal = Buffer.alloc(crcBytes);
  seal.writeUInt32LE(crc32(key));
  writeFileSync(`${path}.new`, Buffer.concat([key, seal]), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  syncFolder(folder);
  return key;
}

/** Each line is a hash and its CRC-32 in hexadecimal. */
function lineOf(hash: string): string {
  return `${hash}${crc32(hash)
    .toString(16)
    .padStart(crcBytes * 2, '0')}\n`;
}

function linesOf(hashes: readonly string[]): Buffer {
  return Buffer.from(hashes.map(lineOf).join(''));
}

function readHashes(path: string, text: string): string[] {
  const lines = text.split('\n');
  // A line cut short by a crash was never acknowledged.
  lines.pop();
  return lines.map((line, index) => {
    const hash = line.slice(0, hashBytes * 2);
    if (`${line}\n` === lineOf(hash)) return hash;
    const cure = 'from the newest backup, or delete it: it is made again from the chain';
    throw ledgerDamaged(path, `line ${index + 1}`, cure);
  });
}

function ledgerDamaged(path: string, what: string, cure: string): EngineError {
  const message = `${path} is damaged (${what}); nothing was changed; put it back ${cure}`;
  return new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}

/** Who was erased, for whoever keeps ids beside the chain. */
export interface ErasedIds {
  /** How many ids were. */
  readonly size: number;
  /** 16 bytes: the same for an id for as long as the ledger has its key. */
  hash(memberId: string): Buffer;
  has(hash: Buffer): boolean;
}

export class Ledger {
  private readonly key: Buffer;
  private readonly descriptor: number;
  private readonly hashes: Set<string>;
  private bytes: number;
  /** Whether its key was made just now: then nobody can have been erased under it. */
  readonly isNew: boolean;

  /**
   * Opens or makes the ledger of a folder, under `newKey` of 32 bytes where there is none. Throws
   * DATA_LOSS when it is damaged.
   */
  constructor(folder: string, newKey?: Buffer) {
    mkdirSync(folder, { recursive: true });
    const [keyPath, path] = [join(folder, 'key'), join(folder, 'ledger')];
    const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
    this.isNew = !existsSync(keyPath);
    if (this.isNew && text !== '') {
      throw ledgerDamaged(keyPath, 'it is gone', 'from the newest backup');
    }
    this.key = this.isNew ? makeKey(folder, keyPath, newKey) : readKey(keyPath);
    this.hashes = new Set(readHashes(path, text));
    this.bytes = text.lastIndexOf('\n') + 1;
    this.descriptor = openSync(path, 'a');
    if (this.bytes < text.length) ftruncateSync(this.descriptor, this.bytes);
    syncFolder(folder);
  }

  /** HMAC-SHA-256 (RFC 2104) of an id under this folder's key, cut to 16 bytes. */
  hash(id: string): Buffer {
    return createHmac('sha256', this.key).update(id).digest().subarray(0, hashBytes);
  }

  has(hash: Buffer): boolean {
    return this.hashes.has(hash.toString('hex'));
  }

  all(): Buffer[] {
    return [...this.hashes].map((hash) => Buffer.from(hash, 'hex'));
  }

  get size(): number {
    return this.hashes.size;
  }

  /** The same by ids, as long as the ledger is open. */
  asIds(): ErasedIds {
    const ledger = this;
    return {
      get size() {
        return ledger.size;
      },
      hash: (memberId) => ledger.hash(memberId),
      has: (hash) => ledger.has(hash),
    };
  }

  /** Durable when it returns; nothing is left behind when it throws. */
  add(hashes: readonly Buffer[]): void {
    const fresh = this.freshOf(hashes);
    if (fresh.length === 0) return;
    const lines = linesOf(fresh);
    try {
      writeFully(this.descriptor, lines);
      fsyncSync(this.descriptor);
    } catch (error) {
      ftruncateSync(this.descriptor, this.bytes);
      throw error;
    }
    this.remember(fresh, lines.length);
  }

  /**
   * The same while others go on; what it could not write is left to `add`. Nothing else may be
   * added until it resolves. It answers how to take back what it has added.
   */
  async addAhead(hashes: readonly Buffer[]): Promise<() => void> {
    const fresh = this.freshOf(hashes);
    if (fresh.length === 0) return () => {};
    const before = this.bytes;
    const lines = linesOf(fresh);
    try {
      writeFully(this.descriptor, lines);
      await syncDescriptor(this.descriptor);
    } catch {
      ftruncateSync(this.descriptor, before);
      return () => {};
    }
    this.remember(fresh, lines.length);
    return () => {
      ftruncateSync(this.descriptor, before);
      fsyncSync(this.descriptor);
      this.bytes = before;
      for (const hash of fresh) this.hashes.delete(hash);
    };
  }

  private freshOf(hashes: readonly Buffer[]): string[] {
    return hashes.map((hash) => hash.toString('hex')).filter((hash) => !this.hashes.has(hash));
  }

  private remember(hashes: readonly string[], bytes: number): void {
    this.bytes += bytes;
    for (const hash of hashes) this.hashes.add(hash);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
