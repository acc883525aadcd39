// Batches: the order in which a file goes in. The same file always makes the same batches, which is
// what a resumed import counts by:
//
//   1. receipts whose rows lie together, in file order
//   2. receipts whose rows are torn apart, part by part from the spill
//   3. receipts that replace others, each behind the one that it replaces
//   4. returns, part by part and member by member in time order: all purchases are in by then, so
// that
//      what is matched does not depend on the order of the file
import { join } from 'node:path';
import { Corrections } from './corrections.ts';
import { type Orphan, OrphanSales } from './orphans.ts';
import {
  addToDraft,
  adoptOrphan,
  belongsTo,
  closeDraft,
  type Draft,
  openDraft,
  orphanRefusal,
  type Receipt,
  type ReturnRow,
} from './receipts.ts';
import { isRefusal, type Refusal, type Row, type RowRules, readRow } from './row.ts';
import type { SourceRow } from './source-row.ts';
import { Spill } from './spill.ts';
import type { Survey } from './survey.ts';

export interface Batch {
  readonly receipts: readonly Receipt[];
  readonly returns: readonly ReturnRow[];
  /** Rows refused before any event was made of them. */
  readonly refusals: readonly Refusal[];
  /** Rows left out on purpose. */
  readonly skipped: number;
}

export interface BatchPlan {
  readonly chunks: AsyncIterable<readonly SourceRow[]>;
  readonly survey: Survey;
  readonly rules: RowRules;
  readonly spillFolder: string;
}

/**
 * A few hundred receipts make one transaction; with their items they stay below one turn's
 * limit.
 */
const eventsMax = 256;
/** Held in memory, some 1 KB each with their text: 100 MB. */
const orphansMax = 100_000;
/** Bounds a batch of long receipts or of refused rows. */
const rowsMax = 4_096;

export async function* makeBatches(plan: BatchPlan): AsyncGenerator<Batch> {
  const batcher = new Batcher();
  const scattered = new Spill<SourceRow>(join(plan.spillFolder, 'rows'), plan.survey.rows);
  const returns = new Spill<ReturnRow>(join(plan.spillFolder, 'returns'), plan.survey.rows);
  const orphans: Orphan[] = [];
  const sales = new OrphanSales(plan.survey.orphanItems);
  const corrections = new Corrections();
  const close = (draft: Draft): void => {
    const { receipt, returns: rows } = closeDraft(draft, batcher.refuse, (orphan) => {
      if (orphans.length < orphansMax) orphans.push(orphan);
      else batcher.refuse(orphanRefusal(orphan.row, 0));
    });
    if (receipt !== undefined) {
      if (!corrections.keep(receipt)) batcher.addReceipt(receipt);
      sales.add(receipt.purchase, receipt.rows);
    }
    for (const row of rows) returns.add(row.key, row);
  };
  try {
    yield* batchesInOrder(plan, { batcher, scattered, close });
    yield* batchesOfScattered(plan, { batcher, scattered, close });
    for (const receipt of corrections.inOrder()) {
      batcher.addReceipt(receipt);
      if (batcher.isFull()) yield batcher.take();
    }
    for (const orphan of orphans.toSorted(byMoment)) {
      const match = sales.match(orphan);
      if ('purchaseId' in match) {
        returns.add(match.purchaseId, adoptOrphan(orphan, match.purchaseId));
      } else {
        batcher.refuse(orphanRefusal(orphan.row, match.candidates));
        if (batcher.isFull()) yield batcher.take();
      }
    }
    yield* batchesOfReturns(batcher, returns);
    if (!batcher.isEmpty()) yield batcher.take();
  } finally {
    scattered.remove();
    returns.remove();
  }
}

interface ImportContext {
  readonly batcher: Batcher;
  readonly scattered: Spill<SourceRow>;
  readonly close: (draft: Draft) => void;
}

async function* batchesInOrder(plan: BatchPlan, desk: ImportContext): AsyncGenerator<Batch> {
  const { batcher, scattered, close } = desk;
  const torn = plan.survey.scattered;
  let draft: Draft | undefined;
  for await (const chunk of plan.chunks) {
    for (const source of chunk) {
      if (source.skipped !== undefined) {
        batcher.skip();
        if (batcher.isFull()) yield batcher.take();
        continue;
      }
      const row = readRow(source, plan.rules);
      if (isRefusal(row)) {
        batcher.refuse(row);
      } else if (row.whole === 0 && torn.has(row.purchaseId)) {
        scattered.add(row.purchaseId, source);
      } else {
        if (draft !== undefined && !belongsTo(draft, row)) {
          close(draft);
          draft = undefined;
        }
        draft ??= openDraft(row);
        addToDraft(draft, row, batcher.refuse);
      }
      if (batcher.isFull()) yield batcher.take();
    }
  }
  if (draft !== undefined) close(draft);
}

function* batchesOfScattered(plan: BatchPlan, desk: ImportContext): Generator<Batch> {
  const { batcher, scattered, close } = desk;
  for (const part of scattered.parts()) {
    const drafts = new Map<string, Draft>();
    for (const source of part) {
      // It was read before it was set aside, so it cannot be refused now.
      const row = readRow(source, plan.rules) as Row;
      let draft = drafts.get(row.purchaseId);
      if (draft === undefined) {
        draft = openDraft(row);
        drafts.set(row.purchaseId, draft);
      }
      addToDraft(draft, row, batcher.refuse);
    }
    for (const draft of drafts.values()) {
      close(draft);
      if (batcher.isFull()) yield batcher.take();
    }
  }
}

function* batchesOfReturns(batcher: Batcher, returns: Spill<ReturnRow>): Generator<Batch> {
  // Purchases of this batch must be in before the first return looks for them.
  if (returns.size > 0 && !batcher.isEmpty()) yield batcher.take();
  for (const part of returns.parts()) {
    for (const row of part.toSorted(byTime)) {
      batcher.addReturn(row);
      if (batcher.isFull()) yield batcher.take();
    }
  }
}

function byMoment({ row: one }: Orphan, { row: other }: Orphan): number {
  return (
    one.moment.epochMs - other.moment.epochMs || one.file - other.file || one.line - other.line
  );
}

function byTime(first: ReturnRow, second: ReturnRow): number {
  return (
    first.occurredAtMs - second.occurredAtMs ||
    first.origin.file - second.origin.file ||
    first.origin.line - second.origin.line
  );
}

/** Collects what the next batch is made of. */
class Batcher {
  private receipts: Receipt[] = [];
  private returns: ReturnRow[] = [];
  private refusals: Refusal[] = [];
  private skipped = 0;
  private rows = 0;

  readonly refuse = (refusal: Refusal): void => {
    this.refusals.push(refusal);
    this.rows += 1;
  };

  addReceipt(receipt: Receipt): void {
    this.receipts.push(receipt);
    this.rows += receipt.rows.length;
  }

  skip(): void {
    this.skipped += 1;
    this.rows += 1;
  }

  addReturn(row: ReturnRow): void {
    this.returns.push(row);
    this.rows += 1;
  }

  isFull(): boolean {
    return this.receipts.length + this.returns.length >= eventsMax || this.rows >= rowsMax;
  }

  isEmpty(): boolean {
    return this.rows === 0;
  }

  take(): Batch {
    const batch = {
      receipts: this.receipts,
      returns: this.returns,
      refusals: this.refusals,
      skipped: this.skipped,
    };
    this.receipts = [];
    this.returns = [];
    this.refusals = [];
    this.skipped = 0;
    this.rows = 0;
    return batch;
  }
}
