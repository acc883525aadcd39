// What is done to API keys: made, revoked, given another secret. Each answers what stands then.
import { type Clock, EngineError, type Scenario } from '../../engine/index.ts';
import type { Scope } from '../operations/caller.ts';
import { quoteValue } from '../quote-value.ts';
import { changeKeyFile, readKeyFile, type StoredKey } from './key-file.ts';
import { hashOf, newKeyId, newKeyText } from './key-text.ts';

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly stores: readonly string[] | 'all';
  readonly scenarios: readonly Scenario[] | 'all';
  readonly ratePerSecond?: number;
  readonly membersPerMinute?: number;
  readonly expiresAt?: string;
  readonly addresses?: readonly string[];
}

/** A key as it is kept, and as its holder has it: the text is nowhere else. */
export interface ShownKey {
  readonly key: StoredKey;
  readonly text: string;
}

/** Throws FAILED_PRECONDITION, and RESOURCE_EXHAUSTED when there are too many. */
export function createKey(path: string, asked: NewKey, clock: Clock): ShownKey {
  return changeKeyFile(path, (keys) => {
    const { scopes, stores, scenarios, addresses, ...rest } = asked;
    let id = newKeyId();
    while (keys.some((other) => other.id === id)) id = newKeyId();
    const text = newKeyText(id);
    const key: StoredKey = {
      id,
      ...rest,
      scopes: [...scopes],
      stores: stores === 'all' ? stores : [...stores],
      scenarios: scenarios === 'all' ? scenarios : [...scenarios],
      ...(addresses && { addresses: [...addresses] }),
      createdAt: timeOf(clock),
      sha256: hashOf(text).toString('hex'),
    };
    return { keys: [...keys, key], result: { key, text } };
  });
}

/** Those that were revoked among them, in the order in which they were made. */
export function listKeys(path: string): readonly StoredKey[] {
  return readKeyFile(path) ?? [];
}

/** It is not taken any more. One that is revoked already stays as it is. Throws NOT_FOUND. */
export function revokeKey(path: string, id: string, clock: Clock): StoredKey {
  return changeOne(path, id, (key) => {
    const { rotatedFrom: _, ...rest } = key;
    const changed = key.revokedAt === undefined ? { ...rest, revokedAt: timeOf(clock) } : key;
    return { changed, result: changed };
  });
}

/**
 * Another secret under the same id; the one of now is taken for `overlapMs` yet, and one before
 * that no more. Throws NOT_FOUND, and FAILED_PRECONDITION for a key that is revoked.
 */
export function rotateKey(path: string, id: string, overlapMs: number, clock: Clock): ShownKey {
  return changeOne(path, id, (key) => {
    if (key.revokedAt !== undefined) {
      const message = `the API key ${id} was revoked at ${key.revokedAt}; make another one`;
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'KEY_REVOKED' });
    }
    const text = newKeyText(id);
    const changed = {
      ...key,
      sha256: hashOf(text).toString('hex'),
      rotatedAt: timeOf(clock),
      rotatedFrom: {
        sha256: key.sha256,
        validUntil: new Date(clock() + overlapMs).toISOString(),
      },
    };
    return { changed, result: { key: changed, text } };
  });
}

interface Changed<T> {
  readonly changed: StoredKey;
  readonly result: T;
}

function changeOne<T>(path: string, id: string, change: (key: StoredKey) => Changed<T>): T {
  return changeKeyFile(path, (keys) => {
    const found = keys.find((key) => key.id === id);
    if (found === undefined) {
      const value = quoteValue(id);
      const limit = 'an id of caini keys list';
      throw new EngineError('NOT_FOUND', `${value} is no API key of ${path}`, {
        violations: [{ field: 'id', value, limit, message: `must be ${limit}` }],
      });
    }
    const { changed, result } = change(found);
    return { keys: keys.map((key) => (key === found ? changed : key)), result };
  });
}

function timeOf(clock: Clock): string {
  return new Date(clock()).toISOString();
}
