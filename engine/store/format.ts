// What lies in a chain's folder: the version of its format, the names of its tables, the file that
// says it was made.
import { dirname } from 'node:path';
import { EngineError } from '../base/errors.ts';

/**
 * Raised with every change of what lies on disk; a folder of another version is refused by name.
 */
export const formatVersion = 2;

/** Bytes after each value: the CRC-32 of its key and itself. */
export const crcBytes = 4;

export const dataFileName = 'data.mdb';

/**
 * Written when the store is first made. With it, a data file that is gone, empty or without a
 * format is damage and not a
 * new chain.
 */
export const formatFileName = 'format';

/** Of the table `meta`: set by an erase, gone with the next compaction. */
export const compactDueName = 'compactDue';

/**
 * Of the table `meta`: the trees were built by insertion (rebuild.ts). In a folder of an earlier
 * version, deleted keys may stand between the live ones.
 */
export const rebuiltName = 'rebuilt';

export const tableNames = [
  'log',
  'behaviour',
  'ids',
  'items',
  'stores',
  'histories',
  'members',
  'subjects',
  'returns',
  'residues',
  'tombstones',
  'replacements',
  'origins',
  'meta',
] as const;

export type TableName = (typeof tableNames)[number];

/** What a chain's folder of another format, or of none, is refused with. */
export function otherFormat(folder: string, found: unknown): EngineError {
  const has = `${folder} has data format ${found}; this version reads format ${formatVersion}`;
  const cure = found === 1 ? `: caini upgrade --data-dir ${dirname(folder)}` : '';
  const message = found === undefined ? `${folder} holds no chain` : `${has}${cure}`;
  return new EngineError('FAILED_PRECONDITION', message, { reason: 'FORMAT_VERSION' });
}
