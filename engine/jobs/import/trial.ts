// Trials: files read as an import would read them, down to receipts and refusals, of which only
// counts are kept. What --inspect says is what an import into an empty chain does.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, makeBatches } from './batches.ts';
import type { ImportFile } from './file.ts';
import { type PlanOptions, planReading, type ReadingPlan } from './plan.ts';
import { readRows } from './reader.ts';
import { isRefusal, type Refusal, type Row, readRow } from './row.ts';
import type { SourceRow } from './source-row.ts';
import type { Moment } from './times.ts';

/** Rows that would not enter for one reason. */
export interface RefusalCount {
  readonly reason: string;
  readonly rows: number;
  /** The first of them that was found. */
  readonly line: number;
  readonly message: string;
}

export interface TrialCounts {
  readonly rows: number;
  readonly refused: number;
  readonly skipped: number;
  /** Rows that bring goods back; whether a member bought them only an import knows. */
  readonly returned: number;
  readonly receipts: number;
  readonly members: number;
  readonly items: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export interface Trial {
  readonly counts: TrialCounts;
  readonly refusals: readonly RefusalCount[];
  /** The first rows that can be read. */
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** Why nothing can be read so. */
  readonly problem: string | undefined;
}

export interface TrialPlace {
  /** A folder of ours, for rows that are put in order. */
  readonly workFolder: string;
  /** Hears how far the first of two readings is. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const rowsShown = 5;

/** Reads everything twice, as an import does. What cannot be read at all is a `problem`. */
export async function tryReading(
  files: readonly ImportFile[],
  options: PlanOptions,
  { workFolder, onBytes }: TrialPlace,
): Promise<Trial> {
  const counter = new TrialCounter();
  const spillFolder = join(workFolder, 'trial');
  try {
    const plan = await planReading(files, options, onBytes);
    const { survey, rules } = plan;
    const chunks = counter.listen(readRows(plan.files, options), plan);
    for await (const batch of makeBatches({ chunks, survey, rules, spillFolder })) {
      counter.add(batch);
    }
    return counter.result(plan.notes);
  } catch (error) {
    return { ...counter.result([]), problem: error instanceof Error ? error.message : `${error}` };
  } finally {
    rmSync(spillFolder, { recursive: true, force: true });
  }
}

class TrialCounter {
  private readonly first: Row[] = [];
  private readonly refusals = new Map<string, RefusalCount>();
  private readonly members = new Set<string>();
  private readonly items = new Set<string>();
  private readonly counts = { rows: 0, refused: 0, skipped: 0, returned: 0, receipts: 0 };
  private span: { readonly from: Moment; readonly to: Moment } | undefined;

  async *listen(
    chunks: AsyncIterable<readonly SourceRow[]>,
    { rules }: ReadingPlan,
  ): AsyncGenerator<readonly SourceRow[]> {
    for await (const chunk of chunks) {
      this.counts.rows += chunk.length;
      for (const source of chunk) {
        if (this.first.length >= rowsShown) break;
        const row = source.skipped === undefined ? readRow(source, rules) : undefined;
        if (row !== undefined && !isRefusal(row)) this.first.push(row);
      }
      yield chunk;
    }
  }

  add({ receipts, returns, refusals, skipped }: Batch): void {
    this.counts.skipped += skipped;
    this.counts.receipts += receipts.length;
    this.counts.returned += returns.length;
    for (const { purchase, rows } of receipts) {
      if (purchase.memberId !== undefined) this.members.add(purchase.memberId);
      for (const { itemId, moment } of rows) {
        this.items.add(itemId);
        this.stretch(moment);
      }
    }
    for (const refusal of refusals) this.refuse(refusal);
  }

  result(notes: readonly string[]): Trial {
    const sizes = { members: this.members.size, items: this.items.size };
    return {
      counts: { ...this.counts, ...sizes, from: this.span?.from.text, to: this.span?.to.text },
      refusals: [...this.refusals.values()].sort((one, other) => other.rows - one.rows),
      rows: this.first,
      notes,
      problem: undefined,
    };
  }

  private stretch(moment: Moment): void {
    const { from = moment, to = moment } = this.span ?? {};
    this.span = {
      from: moment.epochMs < from.epochMs ? moment : from,
      to: moment.epochMs > to.epochMs ? moment : to,
    };
  }

  private refuse({ kind, reason, message, origin }: Refusal): void {
    if (kind === 'returnsUnmatched') this.counts.returned += 1;
    else this.counts.refused += 1;
    const known = this.refusals.get(reason) ?? { reason, rows: 0, line: origin.line, message };
    this.refusals.set(reason, { ...known, rows: known.rows + 1 });
  }
}
