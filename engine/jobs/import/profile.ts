// Profiles: what stands in each column of a table, as far as its first rows show.
import { parseThousandths } from './amounts.ts';
import { dateOrders, orderEvidence } from './dates.ts';
import type { TableRow } from './table-row.ts';
import { createTimeReader, type TimeReader } from './times.ts';
import { splitPrice } from './units.ts';

export interface ColumnProfile {
  readonly index: number;
  readonly name: string;
  readonly rows: number;
  readonly filled: number;
  /** Of the filled ones. */
  readonly times: number;
  /** Times that have a time of day. */
  readonly clocks: number;
  /** Times of day alone, such as 09:10 or 0910. */
  readonly clocksAlone: number;
  readonly amounts: number;
  /** Different values with their numbers, as many as are kept. */
  readonly values: ReadonlyMap<string, number>;
  /** Whether there were more different values than are kept. */
  readonly isOpen: boolean;
}

const valuesKept = 2_000;
const half = '上午|下午|凌晨|早上|中午|晚上|[ap]\\.?m\\.?';
const hourMinute = '(?:[01]?\\d|2[0-3])[:：时点h]\\d{2}分?';
const second = '(?:[:：]?\\d{2}(?:\\.\\d+)?秒?)?';
const clockAlone = new RegExp(`^(?:${half})?\\s*${hourMinute}${second}\\s*(?:${half})?$`, 'i');
const clockDigits = /^(?:[01]?\d|2[0-3])[0-5]\d(?:[0-5]\d)?$/;

/** One profile a column, in the order of the header. */
export function profileColumns(
  header: readonly string[],
  rows: readonly TableRow[],
): readonly ColumnProfile[] {
  // Which order is right does not matter here: any that makes a time of it will do.
  const [first, ...others] = dateOrders.map((each) =>
    createTimeReader({ timeZone: 'UTC', dateOrders: each }),
  );
  const readTime: TimeReader = (text) => {
    const time = first!(text);
    if (typeof time === 'object' || !/^\d{1,2}\D/.test(text)) return time;
    return others.map((read) => read(text)).find((each) => typeof each === 'object') ?? time;
  };
  return header.map((name, index) => profileColumn({ name, index }, rows, readTime));
}

function profileColumn(
  { name, index }: { readonly name: string; readonly index: number },
  rows: readonly TableRow[],
  readTime: TimeReader,
): ColumnProfile {
  const values = new Map<string, number>();
  const counts = { filled: 0, times: 0, clocks: 0, clocksAlone: 0, amounts: 0 };
  let isOpen = false;
  for (const { fields } of rows) {
    const text = (fields[index] ?? '').trim();
    if (text === '') continue;
    counts.filled += 1;
    if (values.has(text) || values.size < valuesKept) values.set(text, (values.get(text) ?? 0) + 1);
    else isOpen = true;
    const time = readTime(text);
    if (typeof time === 'object' || orderEvidence(text) !== undefined) {
      counts.times += 1;
      if (typeof time === 'object' ? time.hasTime : /\d:\d/.test(text)) counts.clocks += 1;
    }
    if (clockAlone.test(text) || clockDigits.test(text)) counts.clocksAlone += 1;
    const isAmount = parseThousandths(splitPrice(text)?.money ?? text) !== 'unreadable';
    if (isAmount) counts.amounts += 1;
  }
  return { index, name, rows: rows.length, ...counts, values, isOpen };
}

/** Nearly all of what stands there; a few odd ones are in every file. */
export function isMostly(count: number, { filled }: ColumnProfile): boolean {
  return filled > 0 && count * 10 >= filled * 8;
}
