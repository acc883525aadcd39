// Import: reads files of receipts into the engine, once, however often it is interrupted. The
// conductor of this room.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, dayOf } from '../../base/clock.ts';
import { assert, EngineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Item } from '../../catalogue/shapes.ts';
import type { Event } from '../../events/index.ts';
import type { IngestResult } from '../../events/result.ts';
import { holdCopy } from '../../store/leftovers.ts';
import { amendShort } from './amend.ts';
import { type Batch, makeBatches } from './batches.ts';
import {
  type Bookmark,
  decodeBookmark,
  encodeBookmark,
  fingerprintOf,
  isLater,
} from './bookmark.ts';
import type { ImportFile } from './file.ts';
import { NameCollector } from './names.ts';
import { type PlanOptions, planReading, type ReadingPlan } from './plan.ts';
import { readRows } from './reader.ts';
import { RejectsFile, rejectsBytes } from './rejects.ts';
import type { Refusal, Row } from './row.ts';
import type { SourceRow } from './source-row.ts';
import { countRefusal, emptyTally, rowsAccountedFor, settleBatch, type Tally } from './summary.ts';
import type { Survey } from './survey.ts';
import { addBatch, type Suspicion, Suspicions } from './suspicions.ts';
import type { ImportTarget } from './target.ts';

export interface ImportProgress {
  /** `check` counts bytes of the files, `import` counts rows. */
  readonly step: 'check' | 'import';
  readonly done: number;
  readonly total: number;
}

export interface ImportOptions extends PlanOptions {
  readonly files: readonly ImportFile[];
  /** A folder of ours for spill files. */
  readonly workFolder: string;
  /** Where the rejects go unless `rejectsPath` is given; outside of what an erase must reach. */
  readonly rejectsFolder: string;
  readonly rejectsPath?: string | undefined;
  readonly clock: Clock;
  /** Stops after the batch under way. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** Hears, a sentence each, what was found out about the files and not told. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Hears how many batches a former run has brought in, when there was one. */
  readonly onResume?: ((batches: number) => void) | undefined;
}

/** docs/guides/import.md defines each. */
export interface ImportSummary extends Tally {
  readonly finished: boolean;
  readonly rowsRead: number;
  readonly items: number;
  readonly members: number;
  readonly seconds: number;
  readonly rejects: string | null;
  /** Each with one of them. */
  readonly suspicions: readonly (Omit<Suspicion, 'examples'> & { readonly example: string })[];
}

interface Run {
  readonly target: ImportTarget;
  readonly options: ImportOptions;
  readonly key: string;
  readonly resumed: Bookmark | undefined;
  readonly rejects: RejectsFile;
  readonly names: NameCollector;
  readonly suspicions: Suspicions;
  readonly startMs: number;
  readonly tally: Tally;
}

/**
 * Imports all files as one job. Throws INVALID_ARGUMENT for columns that are not there, DATA_LOSS
 * for a file that cannot be read to its end (nothing of it is in then).
 */
export async function runImport(
  target: ImportTarget,
  options: ImportOptions,
): Promise<ImportSummary> {
  const startMs = options.clock();
  const spillFolder = join(options.workFolder, 'spill');
  rmSync(spillFolder, { recursive: true, force: true });
  const total = options.files.reduce((sum, file) => sum + file.bytes, 0);
  const plan = await planReading(options.files, options, (done) =>
    options.onProgress?.({ step: 'check', done: Math.min(done, total), total }),
  );
  for (const note of plan.notes) options.onNote?.(note);
  const { survey, rules } = plan;
  const run = openRun(target, options, { survey, startMs });
  const release = holdCopy(spillFolder);
  target.expectDay(dayOf(Math.min(survey.newestMs, startMs)));
  try {
    const batches = makeBatches({ chunks: countRows(run, plan), survey, rules, spillFolder });
    const finished = !options.signal?.aborted && (await bringIn(run, batches, survey.rows));
    return summarise(run, finished);
  } finally {
    target.expectDay(0);
    run.rejects.close();
    rmSync(spillFolder, { recursive: true, force: true });
    release();
  }
}

function openRun(
  target: ImportTarget,
  options: ImportOptions,
  { survey, startMs }: { readonly survey: Survey; readonly startMs: number },
): Run {
  const { files } = options;
  const fingerprint = fingerprintOf(identityOf(options));
  const key = `import:${fingerprint}`;
  const path =
    options.rejectsPath ??
    join(options.rejectsFolder, `${files[0]!.name}.${fingerprint.slice(0, 8)}.rejects.csv`);
  const bookmark = decodeBookmark(target.bookmark(key));
  // Without the rejects written so far the list would have a hole, so that the import starts over.
  const lost = bookmark !== undefined && rejectsBytes(path) < bookmark.rejectsBytes;
  const resumed = lost ? undefined : bookmark;
  const labels = files.map((file) => file.label);
  return {
    target,
    options,
    key,
    resumed,
    rejects: new RejectsFile(path, labels, resumed?.rejectsBytes ?? 0),
    names: new NameCollector({
      item: (itemId) => target.item(itemId),
      itemIdOf: (code) => target.itemIdOf(code),
      guessRole: target.guessRole,
      isGivenAway: (itemId) => survey.givenAway.has(itemId),
    }),
    suspicions: new Suspicions({ findsTwice: true }),
    startMs,
    tally: resumed?.tally ?? emptyTally(),
  };
}

/** The content of the files and all that says how to read them, whatever they are called. */
function identityOf({ files, joined, ...options }: ImportOptions): unknown {
  const { columns, encoding, delimiter, headerLine, timeZone, dateOrder, decimal } = options;
  const { fillDown, skip, returns, thousandths, ids, usualDateOrder, dayOne } = options;
  const { split, piecesInName } = options;
  return [
    files.map((file) => file.fingerprint),
    joined.map(({ header, keyColumn, rows }) => [header, keyColumn, rows.size]),
    [columns, encoding, delimiter, headerLine, timeZone, dateOrder, decimal],
    [fillDown, skip, returns, thousandths, split, piecesInName, ids, usualDateOrder, dayOne],
  ];
}

/**
 * The rows for the second time. A file that grew or shrank meanwhile would make a wrong summary.
 */
async function* countRows(
  run: Run,
  { files, survey }: ReadingPlan,
): AsyncGenerator<readonly SourceRow[]> {
  let rows = 0;
  for await (const chunk of readRows(files, run.options)) {
    rows += chunk.length;
    yield chunk;
  }
  if (rows !== survey.rows) {
    const counted = `the file had ${survey.rows} rows, then ${rows}`;
    throw new EngineError('FAILED_PRECONDITION', `${counted}: it was changed while it was read`);
  }
}

/**
 * Sends batch after batch; the next one is read while the former commits. False when it was
 * stopped.
 */
async function bringIn(run: Run, batches: AsyncIterable<Batch>, rows: number): Promise<boolean> {
  const { resumed, options, names } = run;
  if (resumed !== undefined) options.onResume?.(resumed.batch);
  let number = 0;
  let pending: Promise<void> = Promise.resolve();
  const report = () =>
    options.onProgress?.({
      step: 'import',
      done: rowsAccountedFor(run.tally),
      total: rows,
    });
  try {
    for await (const batch of batches) {
      if (options.signal?.aborted) return false;
      number += 1;
      addBatch(run.suspicions, batch, run.startMs);
      if (number < (resumed?.batch ?? 0)) {
        names.collect(rowsOf(batch));
        continue;
      }
      await pending;
      report();
      pending = sendBatch(run, batch, number);
      // It is awaited after the next batch is read; until then a failure must not count as
      // unhandled.
      pending.catch(() => {});
    }
  } finally {
    // Whatever ends the reading, the batch under way is settled before the files are closed.
    await pending;
  }
  await finish(run, number);
  assert(rowsAccountedFor(run.tally) === rows, 'the summary must account for every row');
  report();
  return true;
}

async function sendBatch(run: Run, batch: Batch, number: number): Promise<void> {
  const { target, resumed, names } = run;
  const repeated = resumed?.batch === number ? resumed : undefined;
  const before = repeated?.before ?? target.status().watermark;
  const items = names.take(rowsOf(batch));
  const value = bookmarkValue(run, { finished: false, batch: number, before });
  // The names go first, so that no receipt is seen with an item that has none.
  const named = sendItems(target, items);
  const sent = target.ingest(eventsOf(batch), {
    bookmark: { key: run.key, value },
    trustsDays: true,
  });
  const [answers] = await Promise.all([sent, named]);
  const { results, amended } = await amendShort(target, batch, answers);
  const isOwn = (result: IngestResult) =>
    repeated !== undefined &&
    result.status === 'duplicate' &&
    result.watermark !== undefined &&
    isLater(result.watermark, before);
  const refusals: Refusal[] = [];
  const refuse = (refusal: Refusal) => {
    refusals.push(refusal);
    countRefusal(run.tally, refusal.kind);
  };
  settleBatch(batch, results, { tally: run.tally, refuse, isOwn });
  run.tally.amended += amended.size;
  run.rejects.write(refusals);
}

function rowsOf(batch: Batch): Row[] {
  return batch.receipts.flatMap((receipt) => [...receipt.rows]);
}

function eventsOf(batch: Batch): Event[] {
  return [
    ...batch.receipts.map(({ purchase }): Event => ({ kind: 'purchase', purchase })),
    ...batch.returns.map(({ event }): Event => event),
  ];
}

async function sendItems(target: ImportTarget, items: readonly Item[]): Promise<void> {
  const events = items.map((item): Event => ({ kind: 'item', item }));
  const sent: Promise<unknown>[] = [];
  for (let start = 0; start < events.length; start += limits.ingestBatchEventsMax) {
    const some = events.slice(start, start + limits.ingestBatchEventsMax);
    sent.push(target.ingest(some, { trustsDays: true }));
  }
  await Promise.all(sent);
}

/** The last names, and the bookmark that sends a second run back to the beginning. */
async function finish(run: Run, batches: number): Promise<void> {
  await sendItems(run.target, run.names.leftovers());
  run.target.expectDay(0);
  const before = run.target.status().watermark;
  const value = bookmarkValue(run, { finished: true, batch: batches, before });
  await run.target.ingest([], { bookmark: { key: run.key, value } });
}

function bookmarkValue(run: Run, place: Pick<Bookmark, 'finished' | 'batch' | 'before'>): string {
  return encodeBookmark({ ...place, tally: run.tally, rejectsBytes: run.rejects.bytes });
}

function summarise(run: Run, finished: boolean): ImportSummary {
  const { items, members } = run.target.status();
  return {
    finished,
    rowsRead: rowsAccountedFor(run.tally),
    ...run.tally,
    items,
    members,
    seconds: Math.round((run.options.clock() - run.startMs) / 1_000),
    rejects: run.rejects.bytes === 0 ? null : run.rejects.path,
    suspicions: run.suspicions
      .list()
      .map(({ kind, count, examples }) => ({ kind, count, example: examples[0]! })),
  };
}
