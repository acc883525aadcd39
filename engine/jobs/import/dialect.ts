// Dialect of a CSV text: its delimiter, and lines that are for spreadsheets only.
import { parse } from 'csv-parse/sync';

export interface Dialect {
  readonly delimiter: string;
  /** Whether the first line is `sep=;`, which is no row. */
  readonly hasSeparatorLine: boolean;
  /** Whether quotes are signs like others, as in tables by tabs that programs write by hand. */
  readonly hasPlainQuotes?: boolean | undefined;
}

const candidates = [',', '\t', ';', '|', '，', '\u0001', '^'] as const;
const separatorLine = /^\uFEFF?"?sep=(.)"?[^\S\r\n]*(?:\r\n|\r|\n)/i;
const recordsChecked = 200;

/** `stated` wins over what the text looks like, but not over its own `sep=` line. */
export function findDialect(sample: string, stated: string | undefined): Dialect {
  const own = separatorLine.exec(sample);
  if (own !== null) return { delimiter: own[1]!, hasSeparatorLine: true };
  const text = wholeLines(sample);
  if (stated !== undefined) return dialectOf(text, stated);
  let [best, bestScore] = [',', 0];
  for (const delimiter of candidates) {
    if (!text.includes(delimiter)) continue;
    const score = scoreOf(text, delimiter);
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return dialectOf(text, best);
}

function dialectOf(text: string, delimiter: string): Dialect {
  return { delimiter, hasSeparatorLine: false, hasPlainQuotes: hasPlainQuotes(text, delimiter) };
}

/** Where every line is a whole row by itself, a quote that goes on over lines is an inch. */
function hasPlainQuotes(text: string, delimiter: string): boolean {
  if (delimiter !== '\t' || !text.includes('"')) return false;
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '')
    .slice(0, recordsChecked);
  const widths = new Set(lines.map((line) => line.split(delimiter).length));
  return widths.size === 1 && recordsOf(text, delimiter).length < lines.length;
}

/** How many records are of the commonest width, times what that width is worth. */
function scoreOf(text: string, delimiter: string): number {
  const widths = new Map<number, number>();
  let records = 0;
  for (const fields of recordsOf(text, delimiter)) {
    records += 1;
    if (fields.length > 1) widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
  }
  let score = 0;
  for (const [width, count] of widths) {
    // The share counts twice: a comma inside prices parts some rows evenly, never all of them.
    score = Math.max(score, (count / records) ** 2 * Math.log2(width + 1));
  }
  return score;
}

/** The first records of a sample; of one that cannot be parsed, as many as can. */
function recordsOf(text: string, delimiter: string): string[][] {
  const options = {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  };
  try {
    return parse(text, { ...options, to: recordsChecked }) as string[][];
  } catch {
    // The sample may be cut inside a quoted field.
    return text
      .split(/\r\n|\r|\n/)
      .slice(0, recordsChecked)
      .map((line) => line.split(delimiter));
  }
}

function wholeLines(sample: string): string {
  const end = Math.max(sample.lastIndexOf('\n'), sample.lastIndexOf('\r'));
  return end > 0 ? sample.slice(0, end + 1) : sample;
}
