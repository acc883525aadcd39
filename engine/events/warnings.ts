// Warnings: what was taken as it stands, and does not look right.
import { limits } from '../base/limits.ts';
import { quantityOf } from '../base/shapes.ts';
import { addsUp } from './line-money.ts';
import type { LoggedPurchase, LoggedPurchaseLine } from './logged-purchase.ts';
import type { IngestWarning } from './result.ts';

/** Of a receipt; for most an empty object, which costs an answer nothing. */
export function warningsOf({ lines }: Pick<LoggedPurchase, 'lines'>): {
  readonly warnings?: readonly IngestWarning[];
} {
  if (lines.every(addsUp)) return {};
  const wrong = [...lines.entries()].filter(([, line]) => !addsUp(line));
  return { warnings: limited(wrong.map(([index, line]) => totalDiffers(index, line))) };
}

function totalDiffers(index: number, line: LoggedPurchaseLine): IngestWarning {
  const { thousandths, unitPriceFen, discountFen, totalFen } = line;
  const less = discountFen === undefined ? '' : ` less ${discountFen}`;
  const message = `${quantityOf(thousandths)} × ${unitPriceFen} fen${less} is not ${totalFen}`;
  return { reason: 'TOTAL_DIFFERS', field: `lines[${index}].lineTotalFen`, message };
}

function limited(warnings: readonly IngestWarning[]): readonly IngestWarning[] {
  const more = warnings.length - limits.warningsMax;
  if (more <= 0) return warnings;
  const { reason } = warnings[limits.warningsMax]!;
  const last = { reason, field: 'lines', message: `${more} more lines of the receipt` };
  return [...warnings.slice(0, limits.warningsMax), last];
}
