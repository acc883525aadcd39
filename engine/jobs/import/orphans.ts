// Orphans: goods that nobody we know brings back, on a receipt of their own. They are taken off the
// one sale of the file that they can have come from; where there are several, nobody knows which.
import { millisecondsPerDay } from '../../base/clock.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { Row } from './row.ts';

/** Goods come back within weeks; what was sold before that says nothing. */
const returnDaysMax = 30;
/** Sales held in memory, some 150 B each: 75 MB. Beyond them no orphan is matched. */
const salesMax = 500_000;

interface Sale {
  readonly purchaseId: string;
  readonly storeId: string | undefined;
  readonly soldMs: number;
  readonly unitPriceFen: number | undefined;
  /** What is left of it after orphans that were matched. */
  thousandths: number;
}

export interface Orphan {
  readonly row: Row;
  /** Which of the equal items of its own receipt it is. */
  readonly nth: number;
}

export type OrphanMatch = { readonly purchaseId: string } | { readonly candidates: number };

/** Sales without a member of those items that somebody without one brings back. */
export class OrphanSales {
  private readonly items: ReadonlySet<string>;
  private readonly sales = new Map<string, Sale[]>();
  private size = 0;

  /** `items` are those that are brought back so, as the first pass has found them. */
  constructor(items: ReadonlySet<string>) {
    this.items = items;
  }

  add(purchase: Purchase, rows: readonly Row[]): void {
    if (this.items.size === 0 || purchase.memberId !== undefined || this.size >= salesMax) return;
    for (const { itemId, thousandths, unitPriceFen, moment } of rows) {
      if (!this.items.has(itemId)) continue;
      const { purchaseId, storeId } = purchase;
      const sale = { purchaseId, storeId, soldMs: moment.epochMs, unitPriceFen, thousandths };
      const known = this.sales.get(itemId);
      if (known === undefined) this.sales.set(itemId, [sale]);
      else known.push(sale);
      this.size += 1;
    }
  }

  /** Takes the goods off the only sale that fits. Orphans come in the order of time. */
  match({ row }: Orphan): OrphanMatch {
    if (this.size >= salesMax) return { candidates: 0 };
    const fits = (this.sales.get(row.itemId) ?? []).filter((sale) => isFitting(sale, row));
    const [only] = fits;
    if (only === undefined || fits.length > 1) return { candidates: fits.length };
    only.thousandths += row.thousandths;
    return { purchaseId: only.purchaseId };
  }
}

function isFitting(sale: Sale, row: Row): boolean {
  const ageMs = row.moment.epochMs - sale.soldMs;
  // A correction of the stock looks like a return, but for the money that nobody got.
  const prices = [sale.unitPriceFen, row.unitPriceFen];
  const isSamePrice = prices.includes(undefined) || prices[0] === prices[1];
  return (
    row.unitPriceFen !== 0 &&
    isSamePrice &&
    sale.storeId === row.storeId &&
    sale.thousandths >= -row.thousandths &&
    ageMs >= 0 &&
    ageMs <= returnDaysMax * millisecondsPerDay
  );
}
