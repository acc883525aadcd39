// Lines that name items by their codes, read as lines that name them by their ids: the log holds
// ids alone, so that a code which goes to another item later changes no receipt.
import type { ItemCodes } from '../catalogue/item-codes.ts';
import type { IngestResult, ResolvedLine } from './result.ts';

interface Named {
  readonly itemId: string;
}

export interface ReadLines<Line> {
  readonly lines: readonly Line[];
  /** What was named by a code, and what it was read as. */
  readonly resolved: readonly ResolvedLine[];
}

/** The lines themselves where each names its item by an id. */
export function readCodes<Line extends Named>(
  codes: ItemCodes,
  lines: readonly Line[],
): ReadLines<Line> {
  const resolved: ResolvedLine[] = [];
  if (codes.isIdle) return { lines, resolved };
  const read = lines.map((line, index) => {
    const code = codes.read(line.itemId);
    if (code === undefined) return line;
    const { itemId } = code;
    resolved.push({ line: index, itemId });
    return { ...line, itemId };
  });
  return { lines: resolved.length === 0 ? lines : read, resolved };
}

/** An answer that says what was read. */
export function withResolved(
  result: IngestResult,
  resolved: readonly ResolvedLine[],
): IngestResult {
  return resolved.length === 0 ? result : { ...result, resolvedLines: resolved };
}
