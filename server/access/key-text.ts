// An API key as its holder has it: `ck_`, ten characters that name it, `_`, 32 random bytes.
import { hash, randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
/** 50 bits: no two of thousands are alike, which is looked for all the same. */
const idCharacters = 10;
const secretBytes = 32;

const pattern = /^ck_([a-z2-7]{10})_[\w-]{43}$/;

export const keyIdPattern = /^[a-z2-7]{10}$/;

export function newKeyId(): string {
  return Array.from(randomBytes(idCharacters), (byte) => alphabet[byte % 32]).join('');
}

/** With a new secret. */
export function newKeyText(id: string): string {
  return `ck_${id}_${randomBytes(secretBytes).toString('base64url')}`;
}

/** Undefined for what is no key. */
export function keyIdIn(text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

/** The key of `authorization: Bearer KEY`; undefined for another scheme. */
export function bearerOf(authorization: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

/**
 * What is kept of a key. A secret of 256 random bits needs no slow hash: nobody can try so many.
 */
export function hashOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
