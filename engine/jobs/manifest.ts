// The manifest of a backup: what the copy is, so that a damaged or foreign one is found before it
// is used.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { EngineError } from '../base/errors.ts';

/** What lies where in the folder of a backup; `erased` is as in a data folder. */
export const backupNames = { data: 'data.mdb', manifest: 'manifest.json', erased: 'erased' };

const kindOfBackup = 'caini backup';

const manifestSchema = z.object({
  kind: z.literal(kindOfBackup),
  /** Of the store, as it names it itself. */
  formatVersion: z.int(),
  /** The newest event in it; the origin's log goes on from here. */
  sequence: z.int().min(0),
  takenAt: z.iso.datetime({ offset: true }),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** With what the chain was run: times without an offset and weights depend on them. */
  settings: z.object({
    timeZone: z.string(),
    halfLifeDays: z.number().nullable(),
    popularityHalfLifeDays: z.number().nullable(),
  }),
});

export type Manifest = z.output<typeof manifestSchema>;

export function encodeManifest(manifest: Omit<Manifest, 'kind'>): string {
  return `${JSON.stringify({ kind: kindOfBackup, ...manifest }, undefined, 2)}\n`;
}

/** Throws FAILED_PRECONDITION when the folder is no whole backup. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, backupNames.manifest);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `${folder} is no backup: it has no ${backupNames.manifest} that can be read`;
    throw new EngineError('FAILED_PRECONDITION', message, { reason: 'NO_BACKUP', cause });
  }
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw corruptedError(`${path} is not the manifest of a backup`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads the whole copy. Throws DATA_LOSS when it is not what the manifest says. */
export async function checkCopy(
  folder: string,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  const path = join(folder, backupNames.data);
  let sum: FileSum;
  try {
    sum = await sumOf(path, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw corruptedError(`${path} cannot be read: ${(cause as Error).message}`, cause);
  }
  if (sum.bytes !== manifest.bytes) {
    throw corruptedError(`${path} has ${sum.bytes} bytes, its manifest says ${manifest.bytes}`);
  }
  if (sum.sha256 !== manifest.sha256) {
    throw corruptedError(`${path} is damaged: its SHA-256 is not that of its manifest`);
  }
}

function corruptedError(message: string, cause?: unknown): EngineError {
  const text = `${message}; use another backup`;
  return new EngineError('DATA_LOSS', text, { reason: 'BACKUP_DAMAGED', cause });
}

export interface FileSum {
  readonly bytes: number;
  readonly sha256: string;
}

/** Length and SHA-256 (FIPS 180-4) of a file, read once, never whole in memory. */
export async function sumOf(path: string, signal?: AbortSignal): Promise<FileSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  const add = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  };
  await pipeline(createReadStream(path), add, { signal });
  return { bytes, sha256: hash.digest('hex') };
}
