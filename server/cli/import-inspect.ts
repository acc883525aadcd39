// `caini import --inspect`: what a file is and how it would be read, for a person to check.

import { counted, type Inspection } from '../../engine/index.ts';

export interface Shown extends Inspection {
  /** As a shell takes it; null where nothing could be read by it yet. */
  readonly command: string | null;
}

const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
};
const samplesWidth = 44;

/** A page of text; the last part is the command to run. */
export function describeInspection(found: Shown): string {
  const parts = [
    fileLines(found),
    columnLines(found),
    rowLines(found),
    countLines(found),
    found.notes.length === 0 ? [] : ['notes', ...found.notes.map((note) => `  - ${note}`)],
    found.open.length === 0 ? [] : ['to decide', ...found.open.map((each) => `  ! ${each}`)],
    found.command === null
      ? ['no command yet: add what is to be decided, and look again']
      : ['the command', `  ${found.command}`],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Options that are no part of an import; `--map` is told anew with what was added to it. */
const leftOut = new Set(['inspect', 'dryRun', 'json', 'map']);

/** The options of the command, those that were told as they were, and the whole of it. */
export function commandWords(
  paths: readonly string[],
  stated: object,
  { flags, isReady }: Inspection,
): { readonly flags: readonly string[]; readonly command: string | null } {
  const kept = Object.entries(stated as Readonly<Record<string, FlagValue>>).flatMap(
    ([name, value]) => (leftOut.has(name) ? [] : wordsOfFlag(name, value)),
  );
  const all = [...kept, ...flags];
  const words = ['caini', 'import', ...[...paths, ...all].map(quoteForShell)];
  return { flags: all, command: isReady ? words.join(' ') : null };
}

type FlagValue = string | boolean | readonly string[] | undefined;

function wordsOfFlag(name: string, value: FlagValue): string[] {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (typeof value === 'object') return value.flatMap((each) => [flag, each]);
  if (typeof value === 'string') return [flag, value];
  return value === true ? [flag] : [];
}

function fileLines({ file, preset }: Inspection): string[] {
  const { label, format, encoding, encodingNote, delimiter, headerLine } = file;
  const because = encodingNote === undefined ? '' : ` (${encodingNote})`;
  const fields =
    delimiter === undefined ? '' : `, fields by ${delimiterNames[delimiter] ?? delimiter}`;
  const header = headerLine > 0 ? `, header in line ${headerLine}` : '';
  const text = format === 'xlsx' || format === 'parquet' ? '' : `, ${encoding}${because}`;
  const kind = preset === undefined ? [] : [`the layout is that of --preset ${preset}`];
  return [`${label}: ${format}${text}${fields}${header}`, ...kind];
}

function columnLines({ columns }: Inspection): string[] {
  const names = columns.map(({ name }) => widthOf(name));
  const nameWidth = Math.min(30, Math.max(6, ...names));
  const fields = columns.map(({ field }) => (field ?? '-').length);
  const fieldWidth = Math.max(5, ...fields);
  return [
    'columns',
    ...columns.map(({ name, field, samples }) => {
      const some = samples.join(' · ').replaceAll(/\s+/g, ' ').slice(0, samplesWidth);
      const what = (field ?? '-').padEnd(fieldWidth);
      return `  ${padded(name, nameWidth)}  ${what}  ${some}`.trimEnd();
    }),
  ];
}

function rowLines({ rows }: Inspection): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((row) => {
    const { purchaseId, memberId, moment, itemId, itemName, thousandths, unitPriceFen, storeId } =
      row;
    const name = itemName === undefined || itemName === itemId ? '' : ` ${itemName}`;
    const price = unitPriceFen === undefined ? '' : ` at ${(unitPriceFen / 100).toFixed(2)}`;
    const store = storeId === undefined ? '' : `, store ${storeId}`;
    const what = thousandths < 0 ? 'brings back' : 'buys';
    const goods = `${Math.abs(thousandths) / 1_000} × ${itemId}${name}${price}`;
    const who = memberId ?? 'nobody';
    return `  receipt ${purchaseId}, ${moment.text}${store}: ${who} ${what} ${goods}`;
  });
  return ['the first rows, as they would be understood', ...lines];
}

function countLines({ counts, refusals }: Inspection): string[] {
  const { rows, refused, skipped, returned, receipts, members, items, from, to } = counts;
  if (rows === 0) return [];
  const what = [
    counted(receipts, 'receipt'),
    counted(members, 'member'),
    counted(items, 'item'),
  ].join(', ');
  const span = from === undefined ? '' : `, ${from} to ${to}`;
  return [
    `${counted(rows, 'row')}: ${what}${span}`,
    `  ${counted(returned, 'row brings', 'rows bring')} goods back, ` +
      `${skipped} would be left out, ${refused} refused`,
    ...refusals.map(
      ({ reason, rows: count, line, message }) =>
        `  ${reason} ${count} ×, first in line ${line}: ${message}`,
    ),
  ];
}

function quoteForShell(word: string): string {
  return /^[\w./:=+,@%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Chinese characters take two places. */
function widthOf(text: string): number {
  return [...text].reduce((sum, sign) => sum + (/[\u2E80-\uFFEF]/.test(sign) ? 2 : 1), 0);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
