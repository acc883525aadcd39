// An import into an engine: what it needs of the ports.
import { type ImportOptions, type ImportSummary, runImport as run } from '../jobs/import/import.ts';
import type { CataloguePort } from './catalogue.ts';
import type { RecordsPort } from './records.ts';
import type { EngineStatus } from './status.ts';
import type { WritesPort } from './writes.ts';

export interface ImportInto {
  readonly writes: Pick<WritesPort, 'ingest' | 'expectDay'>;
  readonly catalogue: Pick<CataloguePort, 'item' | 'itemIdOf' | 'guessRole'>;
  readonly records: Pick<RecordsPort, 'bookmark' | 'receipt' | 'replacedBy' | 'isKnown'>;
  status(): EngineStatus;
}

/**
 * Imports all files as one job. Throws INVALID_ARGUMENT for columns that are not there, DATA_LOSS
 * for a file that cannot be read to its end (nothing of it is in then).
 */
export function runImport(engine: ImportInto, options: ImportOptions): Promise<ImportSummary> {
  const { writes, catalogue, records } = engine;
  const target = {
    ingest: writes.ingest,
    expectDay: writes.expectDay,
    item: catalogue.item,
    itemIdOf: catalogue.itemIdOf,
    guessRole: catalogue.guessRole,
    bookmark: records.bookmark,
    receipt: records.receipt,
    replacedBy: records.replacedBy,
    isKnown: records.isKnown,
    status: () => engine.status(),
  };
  return run(target, options);
}
