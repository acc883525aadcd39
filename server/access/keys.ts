// The API keys of a running server: each ready to be compared, and read anew when the file changes.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { EngineError } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { networksOf } from '../networks.ts';
import type { Caller } from '../operations/caller.ts';
import { watchFiles } from '../watch-files.ts';
import { readKeyFile, type StoredKey } from './key-file.ts';

/** One key, as it is compared. Nothing of its secret is here. */
export interface LiveKey {
  readonly caller: Caller;
  readonly hash: Buffer;
  readonly before: { readonly hash: Buffer; readonly validUntilMs: number } | undefined;
  readonly isRevoked: boolean;
  readonly expiresAtMs: number;
  readonly ratePerSecond: number | undefined;
  /** Absent: it may come from anywhere. */
  readonly mayComeFrom: ((address: string) => boolean) | undefined;
}

export interface Keys {
  /** A key was made here at some time, so that every door asks for one from then on. */
  readonly wereMade: boolean;
  readonly byId: ReadonlyMap<string, LiveKey>;
}

export interface WatchedKeys {
  readonly current: () => Keys;
  stop(): void;
}

const noKeys: Keys = { wereMade: false, byId: new Map() };

export const keyFileIn = (folder: string): string => join(folder, 'keys.json');

/**
 * Reads the keys of a folder, and again within a second of a change. A file that cannot be used, or
 * is gone, leaves those in force that were read last. Throws FAILED_PRECONDITION at first.
 */
export function watchKeys(
  folder: string,
  log: Logger,
  everyMs: number = doorLimits.keysEveryMs,
): WatchedKeys {
  const path = keyFileIn(folder);
  let wereMade = false;
  const readOrThrow = (): Keys => {
    const stored = readKeyFile(path);
    if (stored === undefined) {
      if (!wereMade) return noKeys;
      // Without its keys a server would stand open.
      throw new EngineError('FAILED_PRECONDITION', `${path} is gone`, { reason: 'KEY_FILE' });
    }
    wereMade = true;
    return { wereMade, byId: new Map(stored.map((key) => [key.id, liveKeyOf(key)])) };
  };
  let isRunning = false;
  const read = (): Keys => {
    try {
      return readOrThrow();
    } catch (error) {
      if (!isRunning || wereMade) throw error;
      // Somebody has made a key: a server that cannot read it must not go on to ask for none.
      log.error({ err: error }, 'the API keys cannot be read, so that nobody is let in');
      return { wereMade: true, byId: new Map() };
    }
  };
  const watched = watchFiles({ paths: [path], read, everyMs, log });
  isRunning = true;
  return watched;
}

/** Whether a key is there that somebody could get in with. */
export function canAnybodyEnter({ byId }: Keys, nowMs: number): boolean {
  return [...byId.values()].some(({ isRevoked, expiresAtMs }) => !isRevoked && expiresAtMs > nowMs);
}

function liveKeyOf(key: StoredKey): LiveKey {
  const { id, stores, scenarios, ratePerSecond, membersPerMinute, addresses, rotatedFrom } = key;
  return {
    caller: {
      keyId: id,
      scopes: new Set(key.scopes),
      stores: stores === 'all' ? stores : new Set(stores),
      scenarios: scenarios === 'all' ? scenarios : new Set(scenarios),
      ...(membersPerMinute !== undefined && { membersPerMinute }),
    },
    hash: Buffer.from(key.sha256, 'hex'),
    before: rotatedFrom && {
      hash: Buffer.from(rotatedFrom.sha256, 'hex'),
      validUntilMs: Date.parse(rotatedFrom.validUntil),
    },
    isRevoked: key.revokedAt !== undefined,
    expiresAtMs: key.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt),
    ratePerSecond,
    mayComeFrom: addresses && networksOf(addresses),
  };
}
