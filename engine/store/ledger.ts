// Who was erased, as keyed hashes, outside of what a restore replaces: an erased member never comes
// back.
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
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
import { crc32 } from 'node:zlib';
import { EngineError } from '../base/errors.ts';
import { crcBytes } from './format.ts';

/** 16 bytes: one in 2^64 that two of four billion ids meet. */
const hashBytes = 16;
const keyBytes = 32;

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

function makeKey(folder: string, path: string): Buffer {
  const key = randomBytes(keyBytes);
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

export class Ledger {
  private readonly key: Buffer;
  private readonly descriptor: number;
  private readonly hashes: Set<string>;
  private bytes: number;
  /** Whether its key was made just now: then nobody can have been erased under it. */
  readonly isNew: boolean;

  /** Opens or makes the ledger of a folder. Throws DATA_LOSS when it is damaged. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const [keyPath, path] = [join(folder, 'key'), join(folder, 'ledger')];
    const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
    this.isNew = !existsSync(keyPath);
    if (this.isNew && text !== '') {
      throw ledgerDamaged(keyPath, 'it is gone', 'from the newest backup');
    }
    this.key = this.isNew ? makeKey(folder, keyPath) : readKey(keyPath);
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

  /** Durable when it returns; nothing is left behind when it throws. */
  add(hashes: readonly Buffer[]): void {
    const fresh = hashes
      .map((hash) => hash.toString('hex'))
      .filter((hash) => !this.hashes.has(hash));
    if (fresh.length === 0) return;
    const lines = Buffer.from(fresh.map(lineOf).join(''));
    try {
      writeFully(this.descriptor, lines);
      fsyncSync(this.descriptor);
    } catch (error) {
      ftruncateSync(this.descriptor, this.bytes);
      throw error;
    }
    this.bytes += lines.length;
    for (const hash of fresh) this.hashes.add(hash);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
