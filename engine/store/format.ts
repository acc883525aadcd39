// What lies in a chain's folder: the version of its format, the names of its tables, the file that
// says it was made.

/**
 * Raised with every change of what lies on disk; a folder of another version is refused by name.
 */
export const formatVersion = 1;

/** Bytes after each value: the CRC-32 of its key and itself. */
export const crcBytes = 4;

export const dataFileName = 'data.mdb';

/**
 * Written when the store is first made. With it, a data file that is gone, empty or without a
 * format is damage and not a
 * new chain.
 */
export const formatFileName = 'format';

export const tableNames = [
  'log',
  'ids',
  'items',
  'stores',
  'histories',
  'members',
  'returns',
  'residues',
  'tombstones',
  'origins',
  'meta',
] as const;

export type TableName = (typeof tableNames)[number];
