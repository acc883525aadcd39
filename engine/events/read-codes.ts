// Lines that name items by their codes, read as lines that name them by their ids: the log holds
// ids alone, so that a code which goes to another item later changes no receipt.
import { quantityOf } from '../base/shapes.ts';
import type { ItemCodes, ReadCode } from '../catalogue/item-codes.ts';
import { type IngestResult, type IngestWarning, type ResolvedLine, rejected } from './result.ts';
import { limited } from './warnings.ts';

interface Line {
  readonly itemId: string;
  readonly quantity: number;
  readonly lineTotalFen?: number | undefined;
}

export interface ReadLines<Given> {
  /** Those that can be used. */
  readonly lines: readonly Given[];
  /** Where they stood; undefined: where they stand. */
  readonly kept: readonly number[] | undefined;
  /** What was named by a code, and what it was read as. */
  readonly resolved: readonly ResolvedLine[];
  readonly warnings: readonly IngestWarning[];
  /** Codes that cannot be used, by their places. */
  readonly wrong: ReadonlyMap<number, string>;
}

/** The lines themselves where each names its item by an id: then undefined. */
export function readCodes<Given extends Line>(
  codes: ItemCodes,
  given: readonly Given[],
): ReadLines<Given> | undefined {
  if (codes.isIdle) return undefined;
  const resolved: ResolvedLine[] = [];
  const warnings: IngestWarning[] = [];
  const wrong = new Map<number, string>();
  const kept: number[] = [];
  const lines: Given[] = [];
  for (const [index, line] of given.entries()) {
    const code = codes.read(line.itemId);
    if (code !== undefined && 'problem' in code) {
      wrong.set(index, code.problem);
      continue;
    }
    kept.push(index);
    lines.push(code === undefined ? line : readLine(line, index, code, { resolved, warnings }));
  }
  if (resolved.length === 0 && wrong.size === 0) return undefined;
  return { lines, kept: wrong.size === 0 ? undefined : kept, resolved, warnings, wrong };
}

/**
 * A till that scans a label says 1, or -1 for one that is taken back: then the label says how much
 * that is. Whatever else the line says itself holds.
 */
function readLine<Given extends Line>(
  line: Given,
  index: number,
  { itemId, thousandths, totalFen }: ReadCode,
  { resolved, warnings }: { readonly resolved: ResolvedLine[]; readonly warnings: IngestWarning[] },
): Given {
  const isOneLabel = Math.abs(line.quantity) === 1;
  const weighed = thousandths === undefined ? undefined : quantityOf(thousandths);
  const quantity =
    weighed !== undefined && isOneLabel ? Math.sign(line.quantity) * weighed : line.quantity;
  const labels = weighed === undefined && Number.isInteger(quantity) ? Math.abs(quantity) : 1;
  const ofLabels = totalFen === undefined ? undefined : totalFen * labels;
  const lineTotalFen = line.lineTotalFen ?? ofLabels;
  if (weighed !== undefined && Math.abs(quantity) !== weighed) {
    const message = `${quantity} is given and ${weighed} is in the barcode: what is given counts`;
    const field = `lines[${index}].quantity`;
    warnings.push({ reason: 'BARCODE_QUANTITY_DIFFERS', field, message });
  }
  if (ofLabels !== undefined && Math.abs(lineTotalFen!) !== ofLabels) {
    const message = `${lineTotalFen} is given and ${ofLabels} is in the barcode: the first counts`;
    const field = `lines[${index}].lineTotalFen`;
    warnings.push({ reason: 'BARCODE_TOTAL_DIFFERS', field, message });
  }
  const ofCode = {
    ...(weighed !== undefined && { quantity }),
    ...(ofLabels !== undefined && { lineTotalFen }),
  };
  resolved.push({ line: index, itemId, ...ofCode });
  return { ...line, itemId, ...ofCode };
}

/** A rejection for the first code that cannot be used. */
export function refuseWrong(id: string, { wrong }: ReadLines<unknown>): IngestResult | undefined {
  for (const [index, problem] of wrong) {
    const field = `lines[${index}].itemId`;
    return rejected(id, { reason: 'BARCODE_WRONG', field, message: `barcode ${problem}` });
  }
  return undefined;
}

/** An answer that says what was read and what was left out, with places as they were sent. */
export function withRead(
  result: IngestResult,
  { kept, resolved, warnings, wrong }: ReadLines<unknown>,
): IngestResult {
  const moved = (field: string) =>
    field.replace(/^lines\[(\d+)\]/, (_, at: string) => `lines[${kept![Number(at)]}]`);
  const at = (line: number) => kept?.[line] ?? line;
  const { field } = result;
  const answer = {
    ...result,
    ...(kept && field !== undefined && { field: moved(field) }),
    ...(resolved.length > 0 && { resolvedLines: resolved }),
  };
  if (result.status === 'rejected' || result.status === 'conflict') return answer;
  const own = (result.warnings ?? []).map((each) =>
    kept ? { ...each, field: moved(each.field) } : each,
  );
  const all = [...[...wrong].map(leftOut), ...warnings, ...own];
  const without = [...wrong.keys(), ...(result.leftOutLines ?? []).map(at)];
  return {
    ...answer,
    ...(all.length > 0 && { warnings: limited(all) }),
    ...(without.length > 0 && { leftOutLines: without.sort((a, b) => a - b) }),
  };
}

function leftOut([index, problem]: readonly [number, string]): IngestWarning {
  const message = `barcode ${problem}`;
  return { reason: 'LINE_LEFT_OUT', field: `lines[${index}].itemId`, message };
}
