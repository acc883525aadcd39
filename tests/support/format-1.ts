// Data folders of format 1, from the fixtures that the last version which wrote it has left.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const fixtures = join(import.meta.dirname, '../fixtures/format-1');

export const formatOneNames = ['alone', 'named', 'several'] as const;
export type FormatOneName = (typeof formatOneNames)[number];

/** What the version that wrote a fixture counted in it. */
export interface Facts {
  readonly events: number;
  readonly members: number;
  readonly items: number;
  readonly stores: number;
  /** Lines of receipts, as an export writes them. */
  readonly rows: number;
  readonly erased: readonly string[];
  readonly merged: readonly (readonly [memberId: string, fromMemberId: string])[];
  readonly withdrawn: readonly string[];
  readonly watermark: string;
  readonly digestOfFormat1: string;
}

export function factsOf(name: FormatOneName): Facts {
  return JSON.parse(readFileSync(join(fixtures, name, 'facts.json'), 'utf8'));
}

/** Makes the data folder as it lay there; `format` says that a chain was made in it. */
export function makeFormatOne(dataDir: string, name: FormatOneName): void {
  const from = join(fixtures, name);
  const [chain, erased] = [join(dataDir, 'chain'), join(dataDir, 'erased')];
  for (const folder of [chain, erased]) mkdirSync(folder, { recursive: true });
  const packed = readFileSync(join(from, 'data.mdb.br'));
  writeFileSync(join(chain, 'data.mdb'), brotliDecompressSync(packed));
  writeFileSync(join(chain, 'format'), '1\n');
  for (const file of ['key', 'ledger']) copyFileSync(join(from, file), join(erased, file));
}
