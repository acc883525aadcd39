// An import into memory: a target that answers as the engine does, and files written for a test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import {
  type ColumnRules,
  compileRoles,
  type Event,
  type ImportFile,
  type ImportSummary,
  type IngestResult,
  inspectFile,
  type PlanOptions,
  plainPlan,
  type ReceiptRow,
  runImport,
  shippedRoles,
} from '../../engine/index.ts';

type ImportOptions = { readonly bookmark?: { readonly key: string; readonly value: string } };
type Item = Extract<Event, { kind: 'item' }>['item'];
type Purchase = Extract<Event, { kind: 'purchase' }>['purchase'];

export const folder = mkdtempSync(join(tmpdir(), 'caini-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/**
 * Answers as the engine does; `failAfter` commits that many batches and then dies before it
 * answers.
 */
export class MemoryTarget {
  readonly purchases = new Map<string, { purchase: Purchase; watermark: string }>();
  readonly returns = new Map<string, IngestResult>();
  /** What was brought back: of which receipt or member, pieces and item. */
  readonly returnLines: string[] = [];
  private readonly returnTexts = new Map<string, string>();
  readonly items = new Map<string, Item>();
  readonly takenBack = new Set<string>();
  readonly bookmarks = new Map<string, string>();
  failAfter = Number.POSITIVE_INFINITY;
  private head = 0;

  ingest = async (events: readonly Event[], options: ImportOptions = {}) => {
    await new Promise((resolve) => setImmediate(resolve));
    const results = events.map((event) => this.accept(event));
    const { bookmark } = options;
    if (bookmark !== undefined) {
      this.bookmarks.set(bookmark.key, bookmark.value);
      this.failAfter -= 1;
      if (this.failAfter <= 0) throw new Error('power is out');
    }
    return results;
  };

  expectDay = () => {};
  item = (itemId: string) => this.items.get(itemId);
  itemIdOf = (code: string) => code;
  guessRole = compileRoles(shippedRoles);
  bookmark = (key: string) => this.bookmarks.get(key);
  receipt = (purchaseId: string) => rowsOf(this.purchases.get(purchaseId)?.purchase);
  replacedBy = () => undefined;
  isKnown = (_kind: string, id: string) => this.purchases.has(id);
  status = () => ({ watermark: String(this.head), items: this.items.size, members: 0 });

  private accept(event: Event): IngestResult {
    if (event.kind === 'item') {
      this.items.set(event.item.itemId, event.item);
      return this.created(event.item.itemId);
    }
    if (event.kind === 'purchase') return this.acceptPurchase(event.purchase);
    if (event.kind === 'return') {
      const { returnId, purchaseId, lines = [] } = event.return;
      const known = this.knownReturn(returnId, event.return);
      if (known !== undefined) return known;
      this.takenBack.add(`${purchaseId} ${lines[0]!.itemId} ${lines[0]!.quantity}`);
      this.returnLines.push(`${purchaseId} -${lines[0]!.quantity} ${lines[0]!.itemId}`);
      const result = this.created(returnId);
      this.returns.set(returnId, result);
      return result;
    }
    if (event.kind !== 'unreferencedReturn') throw new Error(`unexpected ${event.kind}`);
    const { returnId, memberId, occurredAt, lines } = event.unreferencedReturn;
    const known = this.knownReturn(returnId, event.unreferencedReturn);
    if (known !== undefined) return known;
    const { itemId, quantity } = lines[0]!;
    const left = [...this.purchases.values()]
      .map(({ purchase }) => purchase)
      .filter((purchase) => purchase.memberId === memberId && purchase.occurredAt <= occurredAt)
      .flatMap((purchase) => purchase.lines)
      .filter((line) => line.itemId === itemId)
      .reduce((sum, line) => sum + line.quantity, 0);
    const unmatchedQuantity = Math.max(0, quantity - left);
    this.returnLines.push(`${memberId} -${quantity} ${itemId}`);
    if (left === 0) return { id: returnId, status: 'rejected', unmatchedQuantity };
    const result = { ...this.created(returnId), unmatchedQuantity };
    this.returns.set(returnId, result);
    return result;
  }

  private acceptPurchase(purchase: Purchase): IngestResult {
    const id = purchase.purchaseId;
    const known = this.purchases.get(id);
    if (known !== undefined) {
      const same = JSON.stringify(known.purchase) === JSON.stringify(purchase);
      if (!same) return { id, status: 'conflict', reason: 'CONTENT_DIFFERS' };
      return { id, status: 'duplicate', watermark: known.watermark };
    }
    const result = this.created(id);
    this.purchases.set(id, { purchase, watermark: result.watermark! });
    return result;
  }

  private knownReturn(returnId: string, content: object): IngestResult | undefined {
    const text = JSON.stringify(content);
    const before = this.returnTexts.get(returnId) ?? text;
    this.returnTexts.set(returnId, before);
    const known = this.returns.get(returnId);
    if (known === undefined) return undefined;
    if (before === text) return { ...known, status: 'duplicate' };
    return { id: returnId, status: 'conflict', reason: 'CONTENT_DIFFERS' };
  }

  private created(id: string): IngestResult {
    this.head += 1;
    return { id, status: 'created', watermark: String(this.head) };
  }
}

/** As an engine has them recorded. */
function rowsOf(purchase: Purchase | undefined): readonly ReceiptRow[] {
  if (purchase === undefined) return [];
  const { lines, memberId = '', storeId = '', terminalId = '', cashierId = '' } = purchase;
  const { purchaseId, occurredAt, channel, paidFen, couponIds = [] } = purchase;
  const ids = { purchaseId, memberId, storeId, terminalId, cashierId };
  return lines.map((line) => ({
    ...{ ...ids, occurredAt, channel, paidFen, couponIds },
    timeUnknown: purchase.timeUnknown ?? false,
    ...{ itemId: line.itemId, quantity: line.quantity, isGift: line.isGift ?? false },
    unitPriceFen: line.unitPriceFen,
    discountFen: line.discountFen,
    lineTotalFen: line.lineTotalFen,
  }));
}

interface Setup {
  readonly target?: MemoryTarget;
  readonly map?: ColumnRules['map'];
  readonly occurredAt?: string;
  readonly workFolder?: string;
  readonly reading?: Partial<PlanOptions>;
}

export function write(content: string | Buffer): string {
  files += 1;
  const path = join(folder, `${files}.txt`);
  writeFileSync(path, content);
  return path;
}

/** The parts of an engine that an import needs. */
function asEngine(target: MemoryTarget): Parameters<typeof runImport>[0] {
  const engine: unknown = {
    writes: target,
    catalogue: target,
    records: target,
    status: target.status,
  };
  return engine as Parameters<typeof runImport>[0];
}

/** Imports files as a reading says. */
export function importInto(
  target: MemoryTarget,
  tables: readonly ImportFile[],
  reading: PlanOptions & { readonly workFolder: string },
): Promise<ImportSummary> {
  const rejectsFolder = reading.workFolder;
  const clock = () => Date.UTC(2026, 11, 1);
  return runImport(asEngine(target), { ...reading, files: tables, rejectsFolder, clock });
}

export async function importFile(path: string, setup: Setup = {}) {
  const target = setup.target ?? new MemoryTarget();
  const summary = await runImport(asEngine(target), {
    files: [inspectFile(path, 1)],
    workFolder: setup.workFolder ?? join(folder, 'work'),
    rejectsFolder: setup.workFolder ?? join(folder, 'work'),
    ...plainPlan,
    ...setup.reading,
    columns: { map: setup.map, occurredAt: setup.occurredAt },
    timeZone: 'Asia/Shanghai',
    clock: () => Date.UTC(2026, 11, 1),
  });
  const { rowsCreated, rowsDuplicate, rowsConflict, rejected, rowsSkipped } = summary;
  const { returns, returnsDuplicate, returnsUnmatched } = summary;
  const receipts = rowsCreated + rowsDuplicate + rowsConflict;
  const back = returns + returnsDuplicate + returnsUnmatched;
  expect(receipts + back + rejected + rowsSkipped).toBe(summary.rowsRead);
  return { target, summary, rejects: rejectsOf(summary) };
}

function rejectsOf({ rejects }: ImportSummary): string[] {
  if (rejects === null) return [];
  return readFileSync(rejects, 'utf8').trimEnd().split('\n').slice(1);
}

export const header = 'purchaseId,memberId,occurredAt,itemId,quantity,unitPrice,storeId,itemName';

export function csv(...rows: string[]): string {
  return write(`${[header, ...rows].join('\n')}\n`);
}
