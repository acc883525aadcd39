// Every cell of docs/reference/counts.md, computed from nothing over the whole list of receipts.
import { addHabits } from './habits.ts';
import { compareByHash } from './hash.ts';
import { compareReceipts, type Ledger, type Receipt } from './ledger.ts';
import { type Decay, decayFor, fixed, type HalfLifeDays } from './weights.ts';

const pairBasketItemsMax = 128;
const nextPairsMax = 4_096;
const freshItemsMax = 64;
const firstsMax = 25;
const lagWeights = [1, 0.7, 0.49];

export interface Cell {
  weight: bigint;
  count: number;
}
export type Row = Map<string, Cell>;

/** A receipt of which something is left, with its items in canonical order. */
export interface Basket {
  readonly receipt: Receipt;
  readonly items: readonly string[];
}

export const itemCounterNames = [
  'support',
  'n',
  'in',
  'out',
  'opp',
  'rep',
  'pop',
  'on',
  'on0',
  'gapDays',
  'gaps',
  'last',
  'expected',
  'rebought',
  'expectedOnce',
  'reboughtOnce',
] as const;
export type ItemCounterName = (typeof itemCounterNames)[number];

export interface Habit {
  expected: bigint;
  rebought: bigint;
}

export interface Counts {
  readonly items: Readonly<Record<ItemCounterName, Map<string, bigint>>>;
  readonly next: Map<string, Row>;
  readonly same: Map<string, Row>;
  readonly mem: Map<string, Row>;
  /** By store (`undefined` is the chain), then by daypart 0 to 5, and 6 without one. */
  readonly scopes: Map<string | undefined, readonly Row[]>;
  readonly days: Map<number, number>;
  /** HABITS by cell: what was expected of it in 2^-20, and how often it was bought again. */
  readonly habits: Map<number, Habit>;
  popTotal: bigint;
  shareSum: bigint;
  shareCount: bigint;
}

/** The whole state: baskets by member in canonical order, and every cell. */
export interface State {
  readonly ledger: Ledger;
  readonly decay: Decay;
  readonly popularityDecay: Decay;
  /** By the one name of each member's merged ids (`People.personOf`). */
  readonly histories: ReadonlyMap<string, readonly Basket[]>;
  readonly counts: Counts;
}

export interface CountOptions {
  readonly halfLifeDays: HalfLifeDays;
  readonly popularityHalfLifeDays: HalfLifeDays;
}

/** Counts everything that was accepted. */
export function countAll(ledger: Ledger, options: CountOptions): State {
  const decay = decayFor(options.halfLifeDays, ledger.newestDay);
  const popularityDecay = decayFor(options.popularityHalfLifeDays, ledger.newestDay);
  const counts = noCounts();
  const histories = new Map<string, Basket[]>();
  const nobodies = new Map<string, boolean>();
  const isNobody = (member: string): boolean => {
    const known = nobodies.get(member) ?? ledger.isNobody(member);
    nobodies.set(member, known);
    return known;
  };
  for (const receipt of [...ledger.receipts.values()].sort(compareReceipts)) {
    const items = ledger.itemsLeft(receipt).sort(compareByHash);
    const { memberId } = receipt;
    const member = memberId === undefined ? undefined : ledger.people.personOf(memberId);
    // Whoever opted out keeps the receipts and counts for nothing, not even for popularity.
    const isOptedOut = member !== undefined && ledger.people.isOptedOut(member);
    const person = member !== undefined && isNobody(member) ? undefined : member;
    if (items.length === 0 || isOptedOut) continue;
    const basket = { receipt, items };
    addPopularity(counts, basket, popularityDecay);
    addTogether(counts, basket, decay);
    if (person === undefined) continue;
    const earlier = histories.get(person) ?? [];
    addSequence(counts, basket, { earlier, decay });
    addShare(counts, basket, earlier);
    addFirsts(counts, basket, { earlier, decay });
    addGaps(counts, basket, earlier);
    addHabits(counts, basket, { earlier, decay });
    histories.set(person, [...earlier, basket]);
  }
  for (const history of histories.values()) addLast(counts, history.at(-1), popularityDecay);
  return { ledger, decay, popularityDecay, histories, counts };
}

/** The baskets of a member in canonical order, whichever of the merged ids is given. */
export function historyOf(state: State, memberId: string | undefined): readonly Basket[] {
  if (memberId === undefined) return [];
  return state.histories.get(state.ledger.people.personOf(memberId)) ?? [];
}

function noCounts(): Counts {
  const counter = () => new Map<string, bigint>();
  return {
    items: {
      support: counter(),
      n: counter(),
      in: counter(),
      out: counter(),
      opp: counter(),
      rep: counter(),
      pop: counter(),
      on: counter(),
      on0: counter(),
      gapDays: counter(),
      gaps: counter(),
      last: counter(),
      expected: counter(),
      rebought: counter(),
      expectedOnce: counter(),
      reboughtOnce: counter(),
    },
    next: new Map(),
    same: new Map(),
    mem: new Map(),
    scopes: new Map(),
    days: new Map(),
    habits: new Map(),
    popTotal: 0n,
    shareSum: 0n,
    shareCount: 0n,
  };
}

function addPopularity(counts: Counts, { receipt, items }: Basket, decay: Decay): void {
  const weight = fixed(decay.weightOf(receipt.day));
  const scopes = receipt.storeId === undefined ? [undefined] : [undefined, receipt.storeId];
  for (const itemId of items) {
    add(counts.items.support, itemId, 1n);
    add(counts.items.pop, itemId, weight);
    for (const scope of scopes) {
      const row = scopeRows(counts, scope)[receipt.daypart];
      if (row !== undefined) addToRow(row, itemId, { weight, count: 1 });
    }
  }
  counts.popTotal += weight;
  counts.days.set(receipt.day, (counts.days.get(receipt.day) ?? 0) + 1);
}

function addTogether(counts: Counts, { receipt, items }: Basket, decay: Decay): void {
  if (items.length > pairBasketItemsMax) return;
  const weight = fixed(decay.weightOf(receipt.day) / Math.sqrt(Math.max(1, items.length - 1)));
  for (const anchor of items) {
    add(counts.items.n, anchor, weight);
    for (const itemId of items) {
      if (itemId !== anchor) addToTable(counts.same, anchor, itemId, { weight, count: 1 });
    }
  }
}

function addSequence(
  counts: Counts,
  basket: Basket,
  { earlier, decay }: { readonly earlier: readonly Basket[]; readonly decay: Decay },
): void {
  // An anchor that stands in several of the last three baskets is counted once for this basket.
  const counted = new Set<string>();
  for (const [lag, lagWeight] of lagWeights.entries()) {
    const before = earlier.at(-1 - lag);
    if (before === undefined) return;
    if (Math.max(before.items.length, basket.items.length) > pairBasketItemsMax) continue;
    const sizes = before.items.length * basket.items.length;
    if (sizes > nextPairsMax) continue;
    const whole = lagWeight * decay.weightOf(basket.receipt.day);
    const weight = fixed(whole / Math.sqrt(Math.sqrt(sizes)));
    for (const itemId of basket.items) add(counts.items.in, itemId, weight);
    for (const anchor of before.items) {
      add(counts.items.out, anchor, weight);
      add(counts.items.opp, anchor, fixed(whole));
      if (basket.items.includes(anchor)) add(counts.items.rep, anchor, fixed(whole));
      for (const itemId of basket.items) {
        if (itemId === anchor) continue;
        const count = counted.has(anchor) ? 0 : 1;
        addToTable(counts.next, anchor, itemId, { weight, count });
      }
    }
    for (const anchor of before.items) counted.add(anchor);
  }
}

function addShare(counts: Counts, basket: Basket, earlier: readonly Basket[]): void {
  if (earlier.length === 0) return;
  const seen = new Set(earlier.flatMap((before) => before.items));
  const again = basket.items.filter((itemId) => seen.has(itemId)).length;
  counts.shareSum += fixed(again / basket.items.length);
  counts.shareCount += 1n;
}

/** What a basket of one member says of the items that were new to the member. */
function addFirsts(
  counts: Counts,
  { receipt, items }: Basket,
  { earlier, decay }: { readonly earlier: readonly Basket[]; readonly decay: Decay },
): void {
  const seen = new Set<string>();
  const firsts: string[] = [];
  for (const before of earlier) {
    const found = before.items.filter((itemId) => !seen.has(itemId));
    for (const itemId of found) seen.add(itemId);
    if (before.items.length <= pairBasketItemsMax) firsts.push(...found);
  }
  if (items.length > pairBasketItemsMax) return;
  const known = firsts.slice(-firstsMax);
  const fresh = items.filter((itemId) => !seen.has(itemId));
  if (fresh.length > freshItemsMax) return;
  const together = Math.sqrt(Math.max(1, known.length + fresh.length - 1));
  const weight = fixed(decay.weightOf(receipt.day) / together);
  for (const itemId of fresh) {
    add(counts.items.on, itemId, weight);
    add(counts.items.on0, itemId, fixed(1 / together));
    for (const other of known) {
      addToTable(counts.mem, itemId, other, { weight, count: 1 });
      addToTable(counts.mem, other, itemId, { weight, count: 1 });
    }
    for (const other of fresh) {
      if (other !== itemId) addToTable(counts.mem, itemId, other, { weight, count: 1 });
    }
  }
}

/** What each member bought last. */
function addLast(counts: Counts, latest: Basket | undefined, decay: Decay): void {
  for (const itemId of latest?.items ?? []) {
    add(counts.items.last, itemId, fixed(decay.weightOf(latest?.receipt.day ?? 0)));
  }
}

/** Who comes back later than this was away, or a clock was wrong. */
const usualGapDaysMax = 400;

/** The days since the member last bought an item of the basket. */
function addGaps(counts: Counts, { receipt, items }: Basket, earlier: readonly Basket[]): void {
  for (const itemId of items) {
    const before = earlier.findLast((basket) => basket.items.includes(itemId));
    const gap = before === undefined ? 0 : receipt.day - before.receipt.day;
    if (gap === 0 || gap > usualGapDaysMax) continue;
    add(counts.items.gapDays, itemId, BigInt(gap));
    add(counts.items.gaps, itemId, 1n);
  }
}

function scopeRows(counts: Counts, scope: string | undefined): readonly Row[] {
  const known = counts.scopes.get(scope);
  if (known !== undefined) return known;
  const rows = Array.from({ length: 7 }, (): Row => new Map());
  counts.scopes.set(scope, rows);
  return rows;
}

function add(counter: Map<string, bigint>, itemId: string, amount: bigint): void {
  counter.set(itemId, (counter.get(itemId) ?? 0n) + amount);
}

function addToTable(table: Map<string, Row>, anchor: string, itemId: string, amount: Cell): void {
  const row = table.get(anchor) ?? new Map();
  table.set(anchor, row);
  addToRow(row, itemId, amount);
}

function addToRow(row: Row, itemId: string, { weight, count }: Cell): void {
  const cell = row.get(itemId) ?? { weight: 0n, count: 0 };
  row.set(itemId, { weight: cell.weight + weight, count: cell.count + count });
}
