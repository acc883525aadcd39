// Receipts of a file, whole and in memory, by the import's own rules of what a row and a receipt
// are.
import { EngineError } from '../base/errors.ts';
import type { Purchase } from '../events/purchase.ts';
import { type ColumnMap, type ColumnRules, parseColumnMap } from './import/columns.ts';
import { inspectFile } from './import/file.ts';
import { type ReadOptions, readHeader, readRows } from './import/reader.ts';
import { addToDraft, closeDraft, type Draft, openDraft } from './import/receipts.ts';
import { isRefusal, type Refusal, type Row, type RowRules, readRow } from './import/row.ts';
import { createTimeReader } from './import/times.ts';

export interface FileReceipt {
  readonly purchase: Purchase;
  readonly memberId: string | undefined;
  readonly epochMs: number;
  /** Distinct, in the order of the file. */
  readonly itemIds: readonly string[];
}

export interface ReceiptFile {
  /** In the order in which the file first names them. */
  readonly receipts: readonly FileReceipt[];
  /** Rows that could not be read, and what is wrong with the first of them. */
  readonly refused: number;
  readonly firstRefusal: string | undefined;
  /** Rows of goods brought back, which are left out. */
  readonly returned: number;
}

export interface ReadReceiptsOptions {
  readonly path: string;
  /** FIELD=COLUMN pairs; absent: the columns have the names of their fields. */
  readonly map: readonly string[] | undefined;
  /** Whether a file without times may be read, in file order. */
  readonly timesOptional: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (done: number, total: number) => void;
}

/** What rows without a time get, so that their order is that of the file. */
const onlyTime = '2000-01-01T00:00:00Z';

/** Throws NOT_FOUND or DATA_LOSS for the file, INVALID_ARGUMENT for columns that are not there. */
export async function readReceipts(options: ReadReceiptsOptions): Promise<ReceiptFile> {
  const file = inspectFile(options.path, 1);
  const format = { encoding: 'utf-8', delimiter: ',' };
  const header = await readHeader(file, format);
  const reading: ReadOptions = { ...format, columns: columnsFor(header, options) };
  const rules: RowRules = {
    readTime: createTimeReader('UTC'),
    occurredAt: reading.columns.occurredAt,
  };
  const collector = new Collector();
  const hear = (bytes: number) => options.onBytes(bytes, file.bytes);
  for await (const chunk of readRows([file], reading, hear)) {
    options.signal?.throwIfAborted();
    for (const source of chunk) collector.add(readRow(source, rules));
  }
  const read = collector.finish();
  if (read.receipts.length > 0) return read;
  const why = read.firstRefusal === undefined ? '' : `: ${read.firstRefusal}`;
  throw new EngineError('FAILED_PRECONDITION', `${options.path} holds no receipt${why}`);
}

/** Tickets of anonymous buyers often come as two columns, a number and what was bought. */
const ticketColumns: ColumnMap = { purchaseId: 'id', itemId: 'Goods', memberId: '' };

function columnsFor(header: readonly string[], options: ReadReceiptsOptions): ColumnRules {
  const given = options.map === undefined ? undefined : parseColumnMap(options.map);
  const isTickets =
    header.includes('id') && header.includes('Goods') && !header.includes('purchaseId');
  const map = given ?? (isTickets ? ticketColumns : undefined);
  const timeColumn = map?.occurredAt ?? 'occurredAt';
  if (!options.timesOptional || header.includes(timeColumn)) return { map };
  return { map, occurredAt: onlyTime };
}

/** Puts rows together to receipts, also where they lie apart. */
class Collector {
  private readonly drafts = new Map<string, Draft>();
  private refused = 0;
  private returned = 0;
  private first: string | undefined;

  private readonly refuse = ({ origin, message }: Refusal): void => {
    this.refused += 1;
    this.first ??= `line ${origin.line}: ${message}`;
  };

  add(row: Row | Refusal): void {
    if (isRefusal(row)) {
      this.refuse(row);
      return;
    }
    if (row.quantity < 0) {
      this.returned += 1;
      return;
    }
    // Receipts in one object each are complete in themselves, and never go together.
    const key = row.whole > 0 ? `${row.whole} ${row.purchaseId}` : row.purchaseId;
    let draft = this.drafts.get(key);
    if (draft === undefined) {
      draft = openDraft(row);
      this.drafts.set(key, draft);
    }
    addToDraft(draft, row, this.refuse);
  }

  finish(): ReceiptFile {
    const receipts: FileReceipt[] = [];
    for (const draft of this.drafts.values()) {
      const { receipt } = closeDraft(draft, this.refuse);
      if (receipt === undefined) continue;
      const { purchase } = receipt;
      const itemIds = [...new Set(purchase.lines.map(({ itemId }) => itemId))];
      const { epochMs } = draft.earliest;
      receipts.push({ purchase, memberId: purchase.memberId, epochMs, itemIds });
    }
    return {
      receipts,
      refused: this.refused,
      firstRefusal: this.first,
      returned: this.returned,
    };
  }
}
