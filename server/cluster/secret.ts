// What nodes of one chain know of each other: one secret, and the keys that are made of it.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { EngineError } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';

const nonceBytes = 12;
const tagBytes = 16;

export interface NodeSecret {
  /** Of what goes over a line between two nodes. */
  readonly linkKey: Buffer;
  /** Tells chains apart that share a Redis; says nothing of the secret. */
  readonly chain: string;
  /** Of the ledger of a node whose folder is new, so that all know erased members alike. */
  readonly ledgerKey: Buffer;
  /** HMAC-SHA-256 (RFC 2104). */
  mac(bytes: Uint8Array): Buffer;
  isMac(bytes: Uint8Array, mac: Uint8Array): boolean;
  /** What a caller shows; `path` is the call. */
  sign(path: string, nowMs: number): NodeProof;
  /** Throws UNAUTHENTICATED. */
  check(path: string, proof: NodeProof, nowMs: number): void;
}

export interface NodeProof {
  readonly timeMs: string;
  readonly nonce: string;
  readonly mac: string;
}

/** One key for each use, by HKDF (RFC 5869), so that none can stand for another. */
export function nodeSecretOf(secret: string): NodeSecret {
  const keyFor = (use: string) => Buffer.from(hkdfSync('sha256', secret, 'caini', use, 32));
  const [linkKey, macKey, proofKey] = [keyFor('link'), keyFor('frame'), keyFor('proof')];
  const macWith = (key: Buffer, bytes: Uint8Array) =>
    createHmac('sha256', key).update(bytes).digest();
  const proofOf = (path: string, { timeMs, nonce }: Omit<NodeProof, 'mac'>) =>
    macWith(proofKey, Buffer.from(`${path}\n${timeMs}\n${nonce}`));
  return {
    linkKey,
    ledgerKey: keyFor('ledger'),
    chain: keyFor('name').toString('hex', 0, 6),
    mac: (bytes) => macWith(macKey, bytes),
    isMac: (bytes, mac) => isEqual(macWith(macKey, bytes), mac),
    sign(path, nowMs) {
      const header = { timeMs: String(nowMs), nonce: randomBytes(12).toString('hex') };
      return { ...header, mac: proofOf(path, header).toString('hex') };
    },
    check(path, proof, nowMs) {
      const isTimely = Math.abs(Number(proof.timeMs) - nowMs) <= clusterLimits.proofAgeMsMax;
      if (isTimely && isEqual(proofOf(path, proof), Buffer.from(proof.mac, 'hex'))) return;
      const why = 'the caller does not know the node secret, or its clock is minutes off';
      throw new EngineError('UNAUTHENTICATED', why, { reason: 'NODE_SECRET' });
    },
  };
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(key: Buffer, plain: Uint8Array, authenticated = ''): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(authenticated));
  const sealed = cipher.update(plain);
  return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when it was sealed under another key, or is not what was sealed. */
export function unseal(key: Buffer, sealed: Uint8Array, authenticated = ''): Buffer | undefined {
  const end = sealed.length - tagBytes;
  if (end < nonceBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(authenticated));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}
