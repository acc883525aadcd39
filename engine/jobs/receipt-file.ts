// Receipts of a file, whole and in memory, by the import's own rules of what a row and a receipt
// are.
import { EngineError } from '../base/errors.ts';
import type { GuessRole } from '../catalogue/role-names.ts';
import type { Purchase } from '../events/purchase.ts';
import { type ColumnMap, type ColumnRules, namesOf } from './import/columns.ts';
import { isPaid, isWorthless } from './import/names.ts';
import { type PlanOptions, plainPlan, planReading } from './import/plan.ts';
import { openPrepared, prepareFiles, readRows } from './import/reader.ts';
import { addToDraft, closeDraft, type Draft, openDraft } from './import/receipts.ts';
import { isRefusal, type Refusal, type Row, readRow } from './import/row.ts';
import { findFiles, findTables } from './import/sources.ts';

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
  /** Rows of what is no goods by its name, left out too. */
  readonly others: number;
}

/** How the file is read, as for an import; what is left out is as there. */
export type ReceiptReading = Partial<Omit<PlanOptions, 'columns' | 'signal'>> & {
  readonly sheet?: string | undefined;
};

export interface ReadReceiptsOptions {
  readonly path: string;
  /** Which column is what; absent: the columns have the names of their fields. */
  readonly columns?: ColumnRules | undefined;
  readonly reading?: ReceiptReading | undefined;
  /** What an item is by its name. */
  readonly guessRole: GuessRole;
  /** Whether a file without times may be read, in file order. */
  readonly timesOptional: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (done: number, total: number) => void;
}

/** What rows without a time get, so that their order is that of the file. */
const onlyTime = '2000-01-01T00:00:00Z';

/** Throws NOT_FOUND or DATA_LOSS for the file, INVALID_ARGUMENT for columns that are not there. */
export async function readReceipts(options: ReadReceiptsOptions): Promise<ReceiptFile> {
  const { signal, reading: { sheet, ...reading } = {} } = options;
  const tables = await findTables(findFiles([options.path]), sheet);
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const given: PlanOptions = { ...plainPlan, timeZone: 'UTC', ...reading, signal };
  const [first] = await prepareFiles(tables.slice(0, 1), given);
  const table = await openPrepared(first!, given);
  await table.close();
  const rules = { ...given, columns: columnsFor(table.header, options) };
  const plan = await planReading(tables, rules);
  const collector = new Collector(options.guessRole);
  const onBytes = (bytes: number) => options.onBytes(bytes, total);
  for await (const chunk of readRows(plan.files, rules, onBytes)) {
    signal?.throwIfAborted();
    for (const source of chunk) {
      if (source.skipped === undefined) collector.add(readRow(source, plan.rules));
    }
  }
  const read = collector.finish();
  if (read.receipts.length > 0) return read;
  const why = read.firstRefusal === undefined ? '' : `: ${read.firstRefusal}`;
  throw new EngineError('FAILED_PRECONDITION', `${options.path} holds no receipt${why}`);
}

/** Tickets of anonymous buyers often come as two columns, a number and what was bought. */
const ticketColumns: ColumnMap = { purchaseId: 'id', itemId: 'Goods', memberId: '' };

function columnsFor(header: readonly string[], options: ReadReceiptsOptions): ColumnRules {
  const { map: given, occurredAt } = options.columns ?? {};
  const isTickets =
    header.includes('id') && header.includes('Goods') && !header.includes('purchaseId');
  const map = given ?? (isTickets ? ticketColumns : undefined);
  const names = namesOf({ map: { occurredAt: map?.occurredAt ?? 'occurredAt' } });
  if (occurredAt !== undefined) return { map, occurredAt };
  if (!options.timesOptional || names.every((name) => header.includes(name))) return { map };
  return { map, occurredAt: onlyTime };
}

/** Puts rows together to receipts, also where they lie apart. */
class Collector {
  private readonly drafts = new Map<string, Draft>();
  /** By item: its first name on a row sold at a price, on one given away, and its rows. */
  private readonly names = new Map<string, string>();
  private readonly spareNames = new Map<string, string>();
  private hasPrices = false;
  private readonly rows = new Map<string, number>();
  private readonly guessRole: GuessRole;
  private refused = 0;
  private returned = 0;
  private first: string | undefined;

  constructor(guessRole: GuessRole) {
    this.guessRole = guessRole;
  }

  private readonly refuse = ({ origin, message }: Refusal): void => {
    this.refused += 1;
    this.first ??= `line ${origin.line}: ${message}`;
  };

  add(row: Row | Refusal): void {
    if (isRefusal(row)) {
      this.refuse(row);
      return;
    }
    if (row.thousandths < 0) {
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
    this.recordName(row);
  }

  private recordName(row: Row): void {
    const { itemId, itemName } = row;
    this.rows.set(itemId, (this.rows.get(itemId) ?? 0) + 1);
    this.hasPrices ||= isPaid(row);
    if (itemName === undefined) return;
    const names = isWorthless(row) ? this.spareNames : this.names;
    if (!names.has(itemId)) names.set(itemId, itemName);
  }

  /** Items that an import would take for no goods: neither learnt nor predicted. */
  private others(): ReadonlySet<string> {
    const others = new Set<string>();
    for (const [itemId, name] of this.names) {
      if (this.guessRole({ name }) !== undefined) others.add(itemId);
    }
    const free = this.hasPrices ? { priceFen: 0 } : {};
    for (const [itemId, name] of this.spareNames) {
      if (this.names.has(itemId)) continue;
      if (this.guessRole({ name, ...free }) !== undefined) others.add(itemId);
    }
    return others;
  }

  finish(): ReceiptFile {
    const receipts: FileReceipt[] = [];
    const others = this.others();
    for (const draft of this.drafts.values()) {
      const { receipt } = closeDraft(draft, this.refuse);
      if (receipt === undefined) continue;
      const lines = receipt.purchase.lines.filter(({ itemId }) => !others.has(itemId));
      if (lines.length === 0) continue;
      const purchase = { ...receipt.purchase, lines };
      const itemIds = [...new Set(purchase.lines.map(({ itemId }) => itemId))];
      const { epochMs } = draft.firstSale!;
      receipts.push({ purchase, memberId: purchase.memberId, epochMs, itemIds });
    }
    return {
      receipts,
      refused: this.refused,
      firstRefusal: this.first,
      returned: this.returned,
      others: [...others].reduce((sum, itemId) => sum + this.rows.get(itemId)!, 0),
    };
  }
}
