// One seeded workload for all benchmarks: Zipf items, real basket sizes, members who buy again,
// stores and dayparts.
import {
  createRandom,
  type Purchase,
  type PurchaseInput,
  purchaseSchema,
} from '../engine/index.ts';

export interface WorkloadOptions {
  readonly seed: number;
  readonly items: number;
  readonly members: number;
  readonly stores: number;
  /** Mean lines of a receipt; sizes are geometric, at least 1. */
  readonly meanLines: number;
  /** Every receipt has that many lines. */
  readonly exactLines?: boolean;
  /** Share of lines that the member has bought before. */
  readonly repeatShare: number;
  /** Share of receipts without a member. */
  readonly anonymousShare: number;
  /** The newest receipt's time; earlier ones lie evenly over the `days` before it. */
  readonly endMs: number;
  readonly days: number;
}

export const defaultWorkload: WorkloadOptions = {
  seed: 1,
  items: 10_000,
  members: 5_000,
  stores: 20,
  meanLines: 10,
  repeatShare: 0.4,
  anonymousShare: 0.2,
  endMs: Date.UTC(2026, 5, 1),
  days: 180,
};

const zipfExponent = 0.9;

/**
 * Draws ranks 0 … n-1 with probability falling as rank^-exponent, by inverting the continuous law.
 */
function zipf(random: () => number, n: number): number {
  const power = 1 - zipfExponent;
  return Math.min(n - 1, Math.floor(((n ** power - 1) * random() + 1) ** (1 / power)) - 1);
}

/** All of one length, so that lists of other items are as long. */
export function itemIdAt(rank: number, { items }: WorkloadOptions): string {
  return `item-${String(rank).padStart(String(items - 1).length, '0')}`;
}

function isShort(items: ReadonlySet<string>, { exactLines, meanLines }: WorkloadOptions): boolean {
  return exactLines === true && items.size < meanLines;
}

/** `count` receipts in time order, the same for the same options. */
export function* receipts(count: number, options = defaultWorkload): IterableIterator<Purchase> {
  const random = createRandom(options.seed).next;
  const bought = new Map<number, string[]>();
  const startMs = options.endMs - options.days * 86_400_000;
  for (let index = 0; index < count; index++) {
    const member = Math.floor(random() * options.members);
    const isAnonymous = random() < options.anonymousShare;
    const known = bought.get(member) ?? [];
    const size = options.exactLines
      ? options.meanLines
      : 1 + Math.floor(-Math.log(1 - random()) * (options.meanLines - 1));
    const items = new Set<string>();
    for (let line = 0; line < Math.min(size, 100) || isShort(items, options); line++) {
      const isRepeat = !isAnonymous && known.length > 0 && random() < options.repeatShare;
      items.add(
        isRepeat
          ? known[Math.floor(random() * known.length)]!
          : itemIdAt(zipf(random, options.items), options),
      );
    }
    if (!isAnonymous) bought.set(member, [...known, ...items].slice(-60));
    const input: PurchaseInput = {
      purchaseId: `receipt-${options.seed}-${index}`,
      ...(isAnonymous ? {} : { memberId: `member-${member}` }),
      storeId: `store-${Math.floor(random() * options.stores)}`,
      channel: 'pos',
      occurredAt: new Date(startMs + ((options.endMs - startMs) * index) / count).toISOString(),
      lines: [...items].map((itemId) => ({ itemId, quantity: 1 })),
    };
    yield purchaseSchema.parse(input);
  }
}
