// The file of API keys: what is kept of each, read as a whole and written as a whole.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { EngineError, idSchema, scenarios } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { isNetwork } from '../networks.ts';
import { scopes } from '../operations/caller.ts';
import { keyIdPattern } from './key-text.ts';

const timeSchema = z.iso.datetime();
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const allOr = <S extends z.ZodType>(schema: S) =>
  z.literal('all').or(z.array(schema).min(1).max(doorLimits.keyEntriesMax));

const keySchema = z.strictObject({
  id: z.string().regex(keyIdPattern),
  name: z.string().min(1).max(64),
  scopes: z.array(z.enum(scopes)).min(1),
  stores: allOr(idSchema),
  scenarios: allOr(z.enum(scenarios)),
  ratePerSecond: z.exactOptional(z.int().min(1).max(doorLimits.keyRateMax)),
  /** Members that it may ask lists for. */
  membersPerMinute: z.exactOptional(z.int().min(1).max(doorLimits.keyMembersMax)),
  /** Networks that it may come from, as `10.0.0.0/8`. */
  addresses: z.exactOptional(
    z.array(z.string().refine(isNetwork)).min(1).max(doorLimits.keyEntriesMax),
  ),
  createdAt: timeSchema,
  expiresAt: z.exactOptional(timeSchema),
  revokedAt: z.exactOptional(timeSchema),
  /** Of the whole text, `ck_` included. */
  sha256: hashSchema,
  rotatedAt: z.exactOptional(timeSchema),
  /** The secret before a rotation, which is taken for a while yet. */
  rotatedFrom: z.exactOptional(z.strictObject({ sha256: hashSchema, validUntil: timeSchema })),
});
export type StoredKey = z.output<typeof keySchema>;

const fileSchema = z.strictObject({
  format: z.literal(1),
  keys: z.array(keySchema).max(doorLimits.keysMax),
});

/** Undefined where no key was ever made. Throws FAILED_PRECONDITION for what is no file of keys. */
export function readKeyFile(path: string): readonly StoredKey[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if ((statSync(path).mode & 0o022) !== 0) {
    throw unusable(path, 'may be written by others than its owner: chmod 600');
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.keys;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'the file';
  throw unusable(path, `is no file of API keys: ${place}: ${issue?.message ?? 'cannot be read'}`);
}

/** Undefined for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What stands there is not shown: it may be a secret that was put into the wrong file.
    return undefined;
  }
}

function unusable(path: string, why: string): EngineError {
  return new EngineError('FAILED_PRECONDITION', `${path} ${why}`, { reason: 'KEY_FILE' });
}

/**
 * Changes the keys: whoever reads meanwhile has those of before or of after, and whoever changes
 * them meanwhile waits. On disk when it returns. Throws FAILED_PRECONDITION.
 */
export function changeKeyFile<T>(
  path: string,
  change: (keys: readonly StoredKey[]) => {
    readonly keys: readonly StoredKey[];
    readonly result: T;
  },
): T {
  return replaceFile(path, () => {
    const { keys, result } = change(readKeyFile(path) ?? []);
    return { content: fileSchema.parse({ format: 1, keys: withRoom(keys) }), result };
  });
}

/**
 * Puts another JSON file in the place of one that its owner alone may read and write; `make` is
 * called while nobody else changes it. On disk when it returns. Throws FAILED_PRECONDITION.
 */
export function replaceFile<T>(
  path: string,
  make: () => { readonly content: object; readonly result: T },
): T {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  const file = openExclusively(fresh);
  try {
    const { content, result } = make();
    writeFileSync(file, `${JSON.stringify(content, undefined, 1)}\n`);
    fsyncSync(file);
    renameSync(fresh, path);
    syncFolder(dirname(path));
    return result;
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** The file that is being written is the lock as well: it is there for some milliseconds. */
function openExclusively(path: string): number {
  for (let tries: number = doorLimits.keyFileTriesMax; ; tries--) {
    try {
      return openSync(path, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (tries === 0) {
        const why = 'is being written by another command; if none runs, one was killed: remove it';
        throw unusable(path, why);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, doorLimits.keyFileRetryMs);
    }
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Where there are too many, those go first that were revoked first. */
function withRoom(keys: readonly StoredKey[]): readonly StoredKey[] {
  const tooMany = keys.length - doorLimits.keysMax;
  if (tooMany <= 0) return keys;
  const revoked = keys
    .filter(({ revokedAt }) => revokedAt !== undefined)
    .sort((one, other) => (one.revokedAt! < other.revokedAt! ? -1 : 1));
  if (revoked.length < tooMany) {
    const limit = doorLimits.keysMax;
    const message = `there are ${limit} API keys, and no more can be made; revoke some first`;
    throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'KEYS_MAX' });
  }
  const gone = new Set(revoked.slice(0, tooMany));
  return keys.filter((key) => !gone.has(key));
}
