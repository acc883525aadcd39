// A file of a test, imported into a real engine.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Engine,
  type ImportSummary,
  inspectFile,
  plainPlan,
  runImport,
} from '../../engine/index.ts';
import type { Chain } from './engines.ts';

interface Imported {
  readonly summary: ImportSummary;
  /** The text of the rejects file; empty when nothing was refused. */
  readonly rejects: string;
}

export async function importText(
  { folder, nowMs }: Pick<Chain, 'folder' | 'nowMs'>,
  engine: Engine,
  text: string,
  timeZone = 'Asia/Shanghai',
): Promise<Imported> {
  const path = join(folder, 'receipts.csv');
  writeFileSync(path, text);
  const summary = await runImport(engine, {
    ...plainPlan,
    files: [inspectFile(path, 1)],
    workFolder: join(folder, 'work'),
    rejectsFolder: join(folder, 'rejects'),
    timeZone,
    clock: () => nowMs,
  });
  const rejects = summary.rejects === null ? '' : readFileSync(summary.rejects, 'utf8');
  return { summary, rejects };
}
