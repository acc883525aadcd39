// Warnings: what was taken as it stands, and does not look right.
import { limits } from '../base/limits.ts';
import { quantityOf } from '../base/shapes.ts';
import { addsUp } from './line-money.ts';
import type { LoggedPurchaseLine } from './logged-purchase.ts';
import type { IngestWarning } from './result.ts';

/** Of lines whose price, quantity and discount do not come to their total. */
export function totalWarnings(lines: readonly LoggedPurchaseLine[]): IngestWarning[] {
  if (lines.every(addsUp)) return [];
  return lines.flatMap((line, index) => (addsUp(line) ? [] : [totalDiffers(index, line)]));
}

function totalDiffers(index: number, line: LoggedPurchaseLine): IngestWarning {
  const { thousandths, unitPriceFen, discountFen, totalFen } = line;
  const less = discountFen === undefined ? '' : ` less ${discountFen}`;
  const quantity = quantityOf(Math.abs(thousandths));
  const message = `${quantity} × ${unitPriceFen} fen${less} is not ${totalFen}`;
  return { reason: 'TOTAL_DIFFERS', field: `lines[${index}].lineTotalFen`, message };
}

export const nothingReturned: IngestWarning = {
  reason: 'NOTHING_RETURNED',
  field: 'returnOf',
  message: 'no line takes back more than the receipt sells, so that nothing went to returnOf',
};

export function leftOutWarning(index: number, message: string): IngestWarning {
  return { reason: 'LINE_LEFT_OUT', field: `lines[${index}].quantity`, message };
}

/** As many as are shown, and one that says how many more there are. */
export function limited(
  warnings: readonly IngestWarning[],
  of = { field: 'lines', others: 'lines of the receipt' },
): readonly IngestWarning[] {
  const more = warnings.length - limits.warningsMax;
  if (more <= 0) return warnings;
  const { reason } = warnings[limits.warningsMax]!;
  const last = { reason, field: of.field, message: `${more} more ${of.others}` };
  return [...warnings.slice(0, limits.warningsMax), last];
}
