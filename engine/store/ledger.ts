// Who was erased, as keyed hashes, outside of what a restore replaces: an erased member never comes back.
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** 16 bytes: one in 2^64 that two of four billion ids meet. */
const hashBytes = 16;
const keyBytes = 32;

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function readOrMakeKey(folder: string): Buffer {
  const path = join(folder, 'key');
  if (existsSync(path)) return readFileSync(path);
  const key = randomBytes(keyBytes);
  const descriptor = openSync(path, 'wx', 0o600);
  writeSync(descriptor, key);
  fsyncSync(descriptor);
  closeSync(descriptor);
  syncFolder(folder);
  return key;
}

export class Ledger {
  private readonly key: Buffer;
  private readonly descriptor: number;
  private readonly hashes: Set<string>;

  /** Opens or makes the ledger of a folder. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.key = readOrMakeKey(folder);
    const path = join(folder, 'ledger');
    if (!existsSync(path)) writeFileSync(path, '');
    // A line cut short by a crash was never acknowledged; it is closed off so that the next stands alone.
    const text = readFileSync(path, 'utf8');
    this.hashes = new Set(text.split('\n').filter((line) => line.length === hashBytes * 2));
    this.descriptor = openSync(path, 'a');
    if (text !== '' && !text.endsWith('\n')) writeSync(this.descriptor, '\n');
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

  /** Durable when it returns. */
  add(hashes: readonly Buffer[]): void {
    const fresh = hashes
      .map((hash) => hash.toString('hex'))
      .filter((hash) => !this.hashes.has(hash));
    if (fresh.length === 0) return;
    writeSync(this.descriptor, fresh.map((hash) => `${hash}\n`).join(''));
    fsyncSync(this.descriptor);
    for (const hash of fresh) this.hashes.add(hash);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
