// Export: receipts as kept, in the columns that an import reads without a map.
import type { Item } from '../catalogue/shapes.ts';
import { formatRecord } from './csv.ts';
import { formatFen } from './import/amounts.ts';
import { formatIds } from './import/id-list.ts';
import type { ReceiptRow } from './receipt-rows.ts';

/** What an export needs of the engine. */
export interface ExportSource {
  readonly records: {
    receipts(options?: { readonly gross?: boolean }): IterableIterator<ReceiptRow>;
  };
  readonly catalogue: { item(itemId: string): Item | undefined };
}

export const exportFormats = ['csv', 'ndjson'] as const;

export interface ExportOptions {
  readonly format: (typeof exportFormats)[number];
  /** Take off what was brought back; otherwise receipts stand as they were bought. */
  readonly net: boolean;
}

const columns = [
  'purchaseId',
  'memberId',
  'occurredAt',
  'itemId',
  'quantity',
  'unitPrice',
  'discount',
  'lineTotal',
  'isGift',
  'paid',
  'couponIds',
  'storeId',
  'channel',
  'terminalId',
  'cashierId',
  'itemName',
  'timeUnknown',
] as const;

type Values = Readonly<Record<(typeof columns)[number], string>>;

/** The text line by line, each with its line break; for CSV the header comes first. */
export function* exportReceipts(source: ExportSource, options: ExportOptions): Generator<string> {
  const { records, catalogue } = source;
  const csv = options.format === 'csv';
  if (csv) yield `${formatRecord(columns)}\n`;
  for (const row of records.receipts({ gross: !options.net })) {
    const values = valuesOf(row, catalogue.item(row.itemId)?.name ?? '');
    yield csv ? `${formatRecord(columns.map((column) => values[column]))}\n` : toJson(values, row);
  }
}

function valuesOf(row: ReceiptRow, itemName: string): Values {
  return {
    purchaseId: row.purchaseId,
    memberId: row.memberId,
    occurredAt: row.occurredAt,
    itemId: row.itemId,
    quantity: String(row.quantity),
    unitPrice: priceText(row.unitPriceFen),
    discount: priceText(row.discountFen),
    lineTotal: priceText(row.lineTotalFen),
    isGift: row.isGift ? 'true' : '',
    paid: priceText(row.paidFen),
    couponIds: formatIds(row.couponIds),
    storeId: row.storeId,
    channel: row.channel,
    terminalId: row.terminalId,
    cashierId: row.cashierId,
    itemName,
    timeUnknown: row.timeUnknown ? 'true' : '',
  };
}

function priceText(fen: number | undefined): string {
  return fen === undefined ? '' : formatFen(fen);
}

/** One object a line. Prices stay texts, so that no reader makes a float of them. */
function toJson(values: Values, row: ReceiptRow): string {
  const filled = Object.entries(values).filter(([, value]) => value !== '');
  return `${JSON.stringify({ ...Object.fromEntries(filled), quantity: row.quantity })}\n`;
}
