// Plan of a reading: files looked through once, so that how they are written is known before the
// first row enters. Import, evaluation and inspection read by the same plan.

import { EngineError } from '../../base/errors.ts';
import { createIdRules, type IdRules, type IdSettings } from '../../base/outside-ids.ts';
import { counted } from '../../base/plural.ts';
import type { DecimalMark } from './amounts.ts';
import { holdsReceipts } from './columns.ts';
import type { DateOrder } from './dates.ts';
import { amountRoleOf, Evidence, type UnusedColumn } from './evidence.ts';
import type { ImportFile } from './file.ts';
import {
  openPrepared,
  type PreparedFile,
  plainReading,
  prepareFiles,
  type ReadOptions,
  readRows,
} from './reader.ts';
import type { FileRules, RowRules } from './row.ts';
import { createIdReaders } from './row-ids.ts';
import { type Survey, surveyRows } from './survey.ts';
import { createTimeReader } from './times.ts';
import { rolesOf } from './vocabulary.ts';

export interface PlanOptions extends ReadOptions {
  readonly dateOrder: DateOrder | undefined;
  /** What files of this kind use where neither a person nor another row decides. */
  readonly usualDateOrder: DateOrder | undefined;
  /** `2017-01-01` for files that count days from 1; absent: such numbers are no time. */
  readonly dayOne: string | undefined;
  readonly decimal: DecimalMark;
  /** What ids mean; with the names of nobody that were given for these files. */
  readonly ids: IdSettings;
  /** Columns that are left out on purpose, whatever stands in them. */
  readonly ignore: readonly string[];
  /** Stops at the next chunk; what comes out then is of no use. */
  readonly signal?: AbortSignal | undefined;
}

/** What holds where nobody says anything. */
export const plainPlan: Omit<PlanOptions, 'timeZone'> = {
  ...plainReading,
  dateOrder: undefined,
  usualDateOrder: undefined,
  dayOne: undefined,
  decimal: undefined,
  ids: {},
  ignore: [],
};

export interface ReadingPlan {
  readonly files: readonly PreparedFile[];
  readonly survey: Survey;
  readonly rules: RowRules;
  /** What was found and not told, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads everything once. Throws INVALID_ARGUMENT for columns that are not there, and where rows
 * would be counted as sold of which a column that nobody reads says that they came back.
 */
export async function planReading(
  files: readonly ImportFile[],
  options: PlanOptions,
  onBytes: (bytes: number) => void = () => {},
): Promise<ReadingPlan> {
  checkOccurredAt(options);
  const { prepared: found, leftOut } = await tablesOfReceipts(files, options);
  const prepared = found.map((file) => ({ ...file, dateOrders: options.dateOrder ?? {} }));
  const evidence = new Evidence(options);
  const rows = readRows(prepared, options, onBytes, evidence);
  const ids = createIdRules(options.ids);
  const { timeZone, dateOrder, signal } = options;
  const readTime = createTimeReader({ timeZone, dateOrders: dateOrder });
  const { itemId } = createIdReaders(ids);
  const readItemId = (text: string) => itemId(text).id;
  const surveying = { isNobody: ids.isNobody, readTime, readItemId, signal };
  const first = await surveyRows(rows, surveying);
  const read = withOrders(prepared, evidence);
  // Ids with a day in them are others now that it is known which day a text means.
  const survey = hasOtherIds(options, prepared, read)
    ? await surveyRows(readRows(read, options), surveying)
    : first;
  const unused = evidence.unused();
  const rules = rowRules(evidence, ids, options);
  if (options.signal?.aborted !== true) refuseHiddenReturns(unused, options);
  const notes = [...leftOut, ...evidence.notes(), ...unusedNotes(unused, options)];
  return { files: read, survey, rules, notes };
}

function withOrders(files: readonly PreparedFile[], evidence: Evidence): readonly PreparedFile[] {
  return files.map((file) => ({ ...file, dateOrders: evidence.styleOf(file.number).dateOrders }));
}

function hasOtherIds(
  { columns, signal }: PlanOptions,
  before: readonly PreparedFile[],
  after: readonly PreparedFile[],
): boolean {
  const ordersOf = (files: readonly PreparedFile[]) =>
    JSON.stringify(files.map(({ dateOrders }) => dateOrders));
  const isJoined = columns.map?.purchaseId?.includes('+') === true;
  return isJoined && ordersOf(before) !== ordersOf(after) && signal?.aborted !== true;
}

/**
 * Sheets of remarks and lists of members lie beside sales in workbooks, zips and folders. What has
 * neither number nor time of a receipt is left out; a table with only one of them is refused later.
 */
async function tablesOfReceipts(
  files: readonly ImportFile[],
  options: PlanOptions,
): Promise<{ prepared: readonly PreparedFile[]; leftOut: readonly string[] }> {
  const all = await prepareFiles(files, options);
  const others = new Set<PreparedFile>();
  for (const file of files.length > 1 ? all : []) {
    if (file.isFound !== true) continue;
    const table = await openPrepared(file, options);
    await table.close();
    const names = [...table.header, ...options.joined.flatMap(({ header }) => header)];
    if (!holdsReceipts(names, options.columns)) others.add(file);
  }
  // Where none is one of receipts, the first of them says which column it lacks.
  if (others.size === all.length) return { prepared: all, leftOut: [] };
  const leftOut = [...others].map(
    ({ label }) => `${label}: left out, as it has neither the number nor the time of a receipt`,
  );
  return { prepared: all.filter((file) => !others.has(file)), leftOut };
}

function checkOccurredAt({ columns, timeZone }: PlanOptions): void {
  const { occurredAt } = columns;
  if (occurredAt === undefined) return;
  if (typeof createTimeReader({ timeZone })(occurredAt) === 'object') return;
  const message = `"${occurredAt}" is no time such as 2026-05-01 09:10 from 1970 on`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'occurredAt' });
}

function rowRules(evidence: Evidence, ids: IdRules, options: PlanOptions): RowRules {
  const { timeZone, columns, dayOne } = options;
  const dayOneMs = dayOne === undefined ? undefined : Date.parse(`${dayOne}T00:00:00Z`);
  const known = new Map<number, FileRules>();
  const ofFile = (file: number): FileRules => {
    let rules = known.get(file);
    if (rules === undefined) {
      const { dateOrders, mark } = evidence.styleOf(file);
      rules = { readTime: createTimeReader({ timeZone, dateOrders, dayOneMs }), mark };
      known.set(file, rules);
    }
    return rules;
  };
  return { ofFile, ids: createIdReaders(ids), occurredAt: columns.occurredAt };
}

/** Counted as sold while the file says that they came back: wrong counts are worse than none. */
function refuseHiddenReturns(unused: readonly UnusedColumn[], { ignore }: PlanOptions): void {
  const hidden = unused.filter(
    ({ name, negativeSold }) =>
      negativeSold > 0 && amountRoleOf(name) !== undefined && !ignore.includes(name),
  );
  const [worst] = hidden.toSorted((one, other) => weight(one) - weight(other));
  if (worst === undefined) return;
  const { file, name, negativeSold } = worst;
  const role = amountRoleOf(name);
  const message =
    `${counted(negativeSold, 'row')} of ${file} with an amount below zero in the column ` +
    `"${name}", which no field reads: that would be counted as sold. ` +
    `Map it, e.g. --map ${role}="${name}", name ` +
    `rows that bring goods back with --returns COLUMN=VALUE, or say --ignore "${name}"`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'map' });
}

/** Pieces first: they are what says it best. */
function weight({ name }: UnusedColumn): number {
  return amountRoleOf(name) === 'quantity' ? 0 : 1;
}

function unusedNotes(unused: readonly UnusedColumn[], { columns, ignore }: PlanOptions): string[] {
  const mapped = new Set(Object.keys(columns.map ?? {}));
  const byFile = new Map<string, string[]>();
  for (const { file, name, filled } of unused) {
    if (filled === 0 || ignore.includes(name)) continue;
    const guess = rolesOf(name).find(({ role }) => !mapped.has(role));
    const text = guess === undefined ? name : `${name} (${guess.role}?)`;
    byFile.set(file, [...(byFile.get(file) ?? []), text]);
  }
  // Files of one kind have the same columns: one sentence is enough.
  const sentences = new Map<string, string>();
  for (const [file, names] of byFile) {
    const words = names.join(', ');
    if (!sentences.has(words)) sentences.set(words, `${file}: columns that are not used: ${words}`);
  }
  return [...sentences.values()];
}
