// The keys that member tokens are verified with, of a running server: read anew when the file
// changes.
import type { Logger } from 'pino';
import { EngineError } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { type WatchedFiles, watchFiles } from '../watch-files.ts';
import { readJwksFile, type TokenKey, tokenKeyOf } from './jwks-file.ts';

/** By `kid`; another map after each change. Undefined: there is no issuer, and never was one. */
export type TokenKeys = ReadonlyMap<string, TokenKey> | undefined;

interface TokenKeysPlace {
  readonly path: string;
  /** Whether a setting names the file, so that it has to be there. */
  readonly isRequired: boolean;
}

/**
 * Reads the keys, and again within a second of a change. A file that cannot be used, or is gone,
 * leaves those in force that were read last. Throws FAILED_PRECONDITION at first.
 */
export function watchTokenKeys(
  { path, isRequired }: TokenKeysPlace,
  log: Logger,
  everyMs: number = doorLimits.keysEveryMs,
): WatchedFiles<TokenKeys> {
  let wereMade = isRequired;
  let isRunning = false;
  const read = (): TokenKeys => {
    try {
      const jwks = readJwksFile(path);
      if (jwks === undefined) {
        if (!wereMade) return undefined;
        throw new EngineError('FAILED_PRECONDITION', `${path} is not there`, {
          reason: 'TOKEN_KEYS',
        });
      }
      wereMade = true;
      return new Map(jwks.map((jwk) => [jwk.kid, tokenKeyOf(jwk)]));
    } catch (error) {
      if (!isRunning || wereMade) throw error;
      // Somebody has made an issuer: a server that cannot read it must not stand open.
      log.error({ err: error }, 'the keys of member tokens cannot be read; no token is taken');
      return new Map();
    }
  };
  const watched = watchFiles({ paths: [path], read, everyMs, log });
  isRunning = true;
  return watched;
}
