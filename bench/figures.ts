// What every benchmark reports: n, min, median and p99 of its samples, and a table to read.

export interface Figures {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
}

/** Nearest-rank quantiles of samples in any unit. */
export function figuresOf(samples: readonly number[]): Figures {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { n: sorted.length, min: sorted[0] ?? 0, median: at(0.5), p99: at(0.99) };
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
