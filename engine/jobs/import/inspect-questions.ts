// Questions of an inspection: what only a person can say of a file.
import { counted } from '../../base/plural.ts';
import { orderEvidence } from './dates.ts';
import type { PlanOptions } from './plan.ts';
import type { ColumnProfile } from './profile.ts';
import { createTimeReader } from './times.ts';
import type { Trial } from './trial.ts';
import { rolesOf } from './vocabulary.ts';

/** What was seen of the first rows. */
interface Looked {
  readonly header: readonly string[];
  readonly profiles: readonly ColumnProfile[];
}

/** Dates that fit two orders are a person's to decide: all that a file can say is how they lie. */
export function orderQuestions(
  { refusals }: Trial,
  { columns }: PlanOptions,
  { profiles }: Looked,
): string[] {
  const open = refusals.find(({ reason }) => reason === 'DATE_ORDER_UNKNOWN');
  if (open === undefined) return [];
  const name = columns.map?.occurredAt?.split('+')[0];
  const values = profiles.find((profile) => profile.name === name)?.values.keys() ?? [];
  const texts = [...values].filter((text) => orderEvidence(text)?.order === 'either');
  const spans = (['dmy', 'mdy'] as const).map((dateOrders) => {
    const read = createTimeReader({ timeZone: 'UTC', dateOrders });
    const days = texts.map(read).flatMap((time) => (typeof time === 'object' ? time.text : []));
    const [from, to] = [days.toSorted()[0], days.toSorted().at(-1)];
    const lie = from === undefined ? '' : ` (then they lie from ${dayIn(from)} to ${dayIn(to!)})`;
    return `--date-order ${dateOrders}${lie}`;
  });
  return [
    `${counted(open.rows, 'row')} with dates that fit two orders: tell ${spans.join(' or ')}`,
  ];
}

interface LookedSheet extends Looked {
  readonly file: { readonly label: string };
}

/** Heads and lines of receipts on two sheets of one workbook. */
export function sheetQuestions(sheets: readonly LookedSheet[]): string[] {
  const has = ({ profiles }: Looked, role: string) =>
    profiles.some(({ name, filled }) => filled > 0 && rolesOf(name).some((as) => as.role === role));
  const lines = sheets.find((sheet) => has(sheet, 'itemId') || has(sheet, 'itemName'));
  const heads = sheets.find((sheet) => sheet !== lines && has(sheet, 'occurredAt'));
  const key = lines?.header.find(
    (name) =>
      heads?.header.includes(name) === true &&
      rolesOf(name).some(({ role }) => role === 'purchaseId'),
  );
  if (lines === undefined || heads === undefined || key === undefined) return [];
  const sheet = lines.file.label.slice(lines.file.label.lastIndexOf('#') + 1);
  const how = `tell --sheet "${sheet}" --join "${heads.file.label}" --on "${key}"`;
  return [`the lines of receipts stand on "${sheet}" and their heads elsewhere: ${how}`];
}

/** Items side by side, `item1`, `item2`: all but the first would be lost without a word. */
export function besideQuestions({ header }: Looked): string[] {
  const stems = new Map<string, string[]>();
  for (const name of header) {
    const stem = /^(.*?\D)[\s_-]?\d{1,2}$/.exec(name)?.[1];
    if (stem === undefined) continue;
    const isItem = rolesOf(stem).some(({ role }) => role === 'itemId' || role === 'itemName');
    if (isItem) stems.set(stem, [...(stems.get(stem) ?? []), name]);
  }
  // Levels of a shelf, such as CODE_10 and CODE_20, do not count from 1.
  const several = [...stems.values()].find((names) =>
    [/\D0?1$/, /\D0?2$/].every((end) => names.some((name) => end.test(name))),
  );
  if (several === undefined) return [];
  return [`items stand side by side in ${several.join(', ')}: make a row of each of them`];
}

/** A zone in words is no name that a computer knows. */
export function zoneQuestions({ profiles }: Looked): string[] {
  return profiles
    .filter(({ name, values }) => /time ?zone|时区/i.test(name) && values.size > 0)
    .map(({ name, values }) => {
      const [zone = ''] = values.keys();
      return `times are those of "${zone}" (${name}): tell --time-zone, e.g. America/New_York`;
    });
}

function dayIn(text: string): string {
  return text.slice(0, 'yyyy-mm-dd'.length);
}
