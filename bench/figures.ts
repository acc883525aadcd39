// What every benchmark reports: rows of samples beside a limit of the same run, and tables to read.

export interface Figures {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
}

/** What is asked of a figure; outside of it the summary says `missed`. */
export interface Bar {
  readonly of: 'median' | 'p99' | 'ratio';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One line of the summary. */
export interface Row {
  /** What was measured, e.g. `64 connections`; unique within its part. */
  readonly name: string;
  /** `µs`, `req/s`, … */
  readonly unit: string;
  readonly samples: readonly number[];
  /** What it can at best be, measured in the same run and in the same unit. */
  readonly limit?: { readonly name: string; readonly samples: readonly number[] };
  /** Which figure of both is compared. Default: the medians. */
  readonly compared?: 'median' | 'p99';
  readonly bars?: readonly Bar[];
}

export type RecordRow = (row: Row) => void;

/** One part of the suite; resolves with the line that sums it up. */
export type Part = (record: RecordRow) => Promise<string>;

/** Nearest-rank quantiles of samples in any unit. */
export function figuresOf(samples: readonly number[]): Figures {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { n: sorted.length, min: sorted[0] ?? 0, median: at(0.5), p99: at(0.99) };
}

/** The compared figure divided by its limit; undefined without one. */
export function ratioOf({ samples, limit, compared = 'median' }: Row): number | undefined {
  if (limit === undefined) return undefined;
  return figuresOf(samples)[compared] / figuresOf(limit.samples)[compared];
}

/** Each bar of a row in words, and whether it was kept. */
export function verdictsOf(row: Row): { readonly words: string; readonly kept: boolean }[] {
  return (row.bars ?? []).map(({ of, atLeast, atMost }) => {
    const value = of === 'ratio' ? ratioOf(row)! : figuresOf(row.samples)[of];
    const kept = value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Infinity);
    const words = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
    return { words: `${of} ${words}`, kept };
  });
}

/** Rows of text in aligned columns, the first one the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '))
    .join('\n');
}

export function rounded(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
