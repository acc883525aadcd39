// Why items are in a list, and how often they were sold where: asked of the kernel about all items
// of a list at once.
import { assert } from '../base/errors.ts';
import type { Kernel, PairTable } from './kernel.ts';

/** What the reasons of an item tell. */
export interface Explained {
  /** The item of the anchor that gave it most; -1: none did. */
  readonly anchorItem: number;
  /** What that one gave; when not squared, before IN[j]^-0.3 and before the mix. */
  readonly term: number;
  /** Receipts or members in the cell of the two. */
  readonly count: number;
  /**
   * The result's own place among the anchors, -1 when it is none; what is known of it there: its
   * receipts and the repeat term that it was selected by.
   */
  readonly own: number;
  readonly receipts: number;
  readonly again: number;
  readonly inFactor: number;
  /** Receipts that hold it, and POP[j] in baskets at the landmark. */
  readonly support: number;
  readonly popularity: number;
}

type Items = readonly { readonly number: number }[];

function writeAsked(kernel: Kernel, items: Items): void {
  const { run } = kernel;
  assert(items.length <= run.RESULTS_MAX.value, 'more items than can be asked about at once');
  const asked = run.explainInput() >>> 0;
  const memory = kernel.memory();
  for (let place = 0; place < items.length; place++) {
    memory.setUint32(asked + place * 4, items[place]!.number, true);
  }
}

/**
 * Why items of the last request are there, by what a table's rows gave them. In the order of the
 * items, each of which may be asked about once.
 */
export function explained(kernel: Kernel, table: PairTable, items: Items): Explained[] {
  writeAsked(kernel, items);
  const explanations = kernel.run.explainItems(kernel.layout.tables[table], items.length) >>> 0;
  const memory = kernel.memory();
  const { explanation: offsets, one } = kernel.layout;
  const found: Explained[] = [];
  for (let place = 0; place < items.length; place++) {
    const at = explanations + place * offsets.bytes;
    found.push({
      anchorItem: memory.getInt32(at, true) < 0 ? -1 : memory.getUint32(at + offsets.item, true),
      term: memory.getFloat32(at + offsets.term, true),
      count: memory.getInt32(at + offsets.count, true),
      own: memory.getInt32(at + offsets.own, true),
      receipts: memory.getUint32(at + offsets.receipts, true),
      again: memory.getFloat64(at + offsets.again, true),
      inFactor: memory.getFloat32(at + offsets.inFactor, true),
      support: kernel.wholeAt(at + offsets.support),
      popularity: kernel.wholeAt(at + offsets.popularity) / one,
    });
  }
  return found;
}

/** What is asked of `termsFrom`. */
export interface AnchorPart {
  readonly table: number;
  /** Whether the table was accumulated as squares. */
  readonly squared: boolean;
  /** What a neighbour's share is multiplied by at selection, and whether by IN[j]^-0.3 too. */
  readonly scale: number;
  readonly byInFactor: boolean;
}

export interface AnchorTerms {
  /** The anchors that gave the item most, by their own items, the most first. */
  readonly named: readonly { readonly anchorItem: number; readonly score: number }[];
  /** What all other anchors gave. */
  readonly rest: number;
}

/** What each item got from the anchors of the last request. Each may be asked about once. */
export function termsFrom(kernel: Kernel, items: Items, part: AnchorPart): AnchorTerms[] {
  const { table, squared, scale, byInFactor } = part;
  const offsets = kernel.layout.terms;
  writeAsked(kernel, items);
  const terms = kernel.run.explainTerms(table, squared, scale, byInFactor, items.length) >>> 0;
  const memory = kernel.memory();
  return items.map((_, place) => {
    const at = terms + place * offsets.bytes;
    const count = memory.getUint32(at + offsets.named, true);
    const named = Array.from({ length: count }, (_, index) => {
      const term = at + index * offsets.termBytes;
      const score = memory.getFloat32(term + offsets.score, true);
      return { anchorItem: memory.getUint32(term, true), score };
    });
    return { named, rest: memory.getFloat64(at + offsets.rest, true) };
  });
}

/** Receipts of each item in these places and dayparts together. */
export function receiptsIn(kernel: Kernel, scopes: readonly number[], items: Items): number[] {
  const { run } = kernel;
  writeAsked(kernel, items);
  const sums = run.startCounting(items.length) >>> 0;
  for (const scope of scopes) run.countScope(scope, items.length);
  run.endCounting(items.length);
  return items.map((_, place) => kernel.wholeAt(sums + place * 8));
}
