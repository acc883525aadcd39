// Suspicions: what looks odd over all receipts of an import or a chain, though each of them alone
// is right. It is counted and told, and nothing is refused for it. Memory stays small for any
// number.
import { millisecondsPerMinute } from '../../base/clock.ts';
import { ShardedMap } from '../../base/sharded-map.ts';
import type { Batch } from './batches.ts';
import { type Receipt, repeatReasons } from './receipts.ts';
import { hashId } from './survey.ts';

/** Each with what it counts. docs/guides/import.md says what to do about it. */
export const suspicionKinds = [
  /** Members with more than 1 % of the receipts. */
  'bigMembers',
  /** Cards that cannot be one person, whose receipts count as tickets. Of a chain only. */
  'sharedCards',
  /** Rows that were refused because their receipt number was given more than once. */
  'numbersRepeated',
  /** Receipts with an id that begins or ends with a blank. Of a chain only. */
  'blankIds',
  /** Receipts of the same member, store, minute and lines as one with another id. */
  'soldTwice',
  /** Items that all stores sold at the same moment. */
  'soldEverywhere',
  /** Receipts of hours in which hardly anything is sold. */
  'outsideHours',
  /** Receipts from midnight to five, where they are a fifth of all or more. */
  'atNight',
  /** Receipts that lie years away from all others. */
  'yearsApart',
  /** Receipts later than now, or of a till whose clock ran ahead. */
  'ahead',
] as const;

export type SuspicionKind = (typeof suspicionKinds)[number];

export interface Suspicion {
  readonly kind: SuspicionKind;
  readonly count: number;
  /** Ids of the first of them; of refused rows, where they stand. */
  readonly examples: readonly string[];
}

/** One receipt, from wherever it comes. */
export interface SeenReceipt {
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  readonly storeId: string | undefined;
  readonly epochMs: number;
  /** RFC 3339 with the offset of its place. */
  readonly localTime: string;
  readonly hasTimeOfDay: boolean;
  readonly isAhead: boolean;
  readonly lines: readonly { readonly itemId: string; readonly quantity: number }[];
}

/** Whoever has 1 % of the receipts is among those that are kept: they have 0.1 % each. */
const membersKept = 1_000;
const bigShare = 0.01;
/** Shares of a handful of receipts say nothing. */
const receiptsMin = 100;
const storesMin = 3;
const openingShare = 0.001;
const nightHours = 5;
const nightShare = 0.2;
const yearsApart = 2;
const yearShare = 0.01;
const examplesMax = 5;

/** How many there are, and the ids of the first. */
export class Place {
  count = 0;
  readonly examples: string[] = [];

  add(example: string): void {
    this.count += 1;
    if (this.examples.length < examplesMax) this.examples.push(example);
  }
}

/** What becomes of a batch of an import, also of one that a former run has brought in. */
export function addBatch(suspicions: Suspicions, { receipts, refusals }: Batch, nowMs: number) {
  for (const receipt of receipts) suspicions.add(seenOf(receipt, nowMs));
  const reasons: readonly string[] = Object.values(repeatReasons);
  for (const { reason, origin } of refusals) {
    if (reasons.includes(reason)) suspicions.repeated.add(`line ${origin.line}`);
  }
}

function seenOf({ purchase, rows }: Receipt, nowMs: number): SeenReceipt {
  const { purchaseId, memberId, storeId, occurredAt, lines } = purchase;
  const { epochMs, hasTime } = rows.find(({ moment: { text } }) => text === occurredAt)!.moment;
  const when = { epochMs, localTime: occurredAt, hasTimeOfDay: hasTime, isAhead: epochMs > nowMs };
  return { purchaseId, memberId, storeId, ...when, lines };
}

/** The last moment at which an item was sold. */
interface Moment {
  atMs: number;
  /** The first store that sold it then, and all of them where there are others. */
  storeId: string;
  stores: Set<string> | undefined;
}

/** Hears receipts one by one. */
export class Suspicions {
  readonly repeated = new Place();
  private receipts = 0;
  private readonly members = new Map<string, number>();
  private readonly stores = new Set<string>();
  private readonly items = new ShardedMap<Moment>();
  /** Items that several stores sold at one moment, and how many at most. */
  private readonly wide = new Map<string, number>();
  private readonly hours = new Map<number, Place>();
  private readonly years = new Map<number, Place>();
  private readonly sales: HashSet | undefined;
  private readonly twice = new Place();
  private readonly ahead = new Place();

  /** Without `findsTwice` no memory grows with the receipts. */
  constructor({ findsTwice }: { readonly findsTwice: boolean }) {
    this.sales = findsTwice ? new HashSet() : undefined;
  }

  /** What there is, in the order of the kinds; `others` are places that somebody else counted. */
  list(others: Partial<Record<SuspicionKind, Place>> = {}): readonly Suspicion[] {
    const found: Readonly<Partial<Record<SuspicionKind, Place>>> = {
      bigMembers: this.bigMembers(),
      numbersRepeated: this.repeated,
      soldTwice: this.twice,
      soldEverywhere: this.soldEverywhere(),
      outsideHours: this.outsideHours(),
      atNight: this.atNight(),
      yearsApart: this.yearsApart(),
      ahead: this.ahead,
      ...others,
    };
    return suspicionKinds.flatMap((kind) => {
      const { count = 0, examples = [] } = found[kind] ?? {};
      return count === 0 ? [] : [{ kind, count, examples }];
    });
  }

  add(receipt: SeenReceipt): void {
    const { purchaseId, memberId, storeId, epochMs, localTime } = receipt;
    this.receipts += 1;
    if (storeId !== undefined) this.stores.add(storeId);
    if (memberId !== undefined) {
      this.countMember(memberId);
      if (this.sales?.add(saleOf(receipt)) === false) this.twice.add(purchaseId);
    }
    placeIn(this.years, Number(localTime.slice(0, 4))).add(purchaseId);
    if (receipt.isAhead) this.ahead.add(purchaseId);
    // A midnight to the second is a day that some program wrote as a time.
    if (!receipt.hasTimeOfDay || localTime.slice(11, 19) === '00:00:00') return;
    placeIn(this.hours, Number(localTime.slice(11, 13))).add(purchaseId);
    if (storeId === undefined) return;
    for (const { itemId } of receipt.lines) this.addSale(itemId, storeId, epochMs);
  }

  /** Misra and Gries: whoever has more than one of so many shares is still there at the end. */
  private countMember(memberId: string): void {
    this.members.set(memberId, (this.members.get(memberId) ?? 0) + 1);
    if (this.members.size <= membersKept) return;
    for (const [id, count] of this.members) {
      if (count === 1) this.members.delete(id);
      else this.members.set(id, count - 1);
    }
  }

  private addSale(itemId: string, storeId: string, atMs: number): void {
    const known = this.items.get(itemId);
    if (known === undefined) {
      this.items.set(itemId, { atMs, storeId, stores: undefined });
      return;
    }
    if (known.atMs !== atMs) {
      known.atMs = atMs;
      known.storeId = storeId;
      known.stores = undefined;
      return;
    }
    if (known.storeId === storeId) return;
    known.stores ??= new Set([known.storeId]);
    known.stores.add(storeId);
    const { size } = known.stores;
    if (size >= storesMin && size > (this.wide.get(itemId) ?? 0)) this.wide.set(itemId, size);
  }

  private bigMembers(): Place {
    const least = Math.max(receiptsMin, this.receipts * bigShare);
    return placeOf([...this.members].flatMap(([id, count]) => (count > least ? [id] : [])));
  }

  private soldEverywhere(): Place {
    const all = this.stores.size;
    return placeOf([...this.wide].flatMap(([id, most]) => (most === all ? [id] : [])));
  }

  private outsideHours(): Place {
    const all = sum(this.hours.values());
    if (all.count < receiptsMin) return new Place();
    return sum([...this.hours.values()].filter(({ count }) => count < all.count * openingShare));
  }

  private atNight(): Place {
    const all = sum(this.hours.values()).count;
    const night = [...this.hours].flatMap(([hour, place]) => (hour < nightHours ? [place] : []));
    const found = sum(night);
    return all >= receiptsMin && found.count >= all * nightShare ? found : new Place();
  }

  private yearsApart(): Place {
    const usual = [...this.years].flatMap(([year, { count }]) =>
      count >= this.receipts * yearShare ? [year] : [],
    );
    const isApart = (year: number) => usual.every((each) => Math.abs(each - year) >= yearsApart);
    if (this.receipts < receiptsMin) return new Place();
    return sum([...this.years].flatMap(([year, place]) => (isApart(year) ? [place] : [])));
  }
}

/** What makes a sale, whatever number a system gave it. */
function saleOf({ memberId, storeId, epochMs, lines }: SeenReceipt): string {
  const goods = lines.map(({ itemId, quantity }) => `${itemId}\t${quantity}`).sort();
  const minute = Math.floor(epochMs / millisecondsPerMinute);
  return [memberId, storeId ?? '', minute, ...goods].join('\n');
}

function placeIn(places: Map<number, Place>, key: number): Place {
  const known = places.get(key) ?? new Place();
  places.set(key, known);
  return known;
}

function placeOf(ids: readonly string[]): Place {
  const place = new Place();
  for (const id of ids.toSorted()) place.add(id);
  return place;
}

function sum(places: Iterable<Place>): Place {
  const total = new Place();
  for (const { count, examples } of places) {
    total.count += count;
    total.examples.push(...examples.slice(0, examplesMax - total.examples.length));
  }
  return total;
}

const initialSlots = 1 << 12;
const highBits = 1 << 21;

/**
 * Texts as 53 bits of a hash, 16 to 32 bytes each: five million receipts take 134 MB at most, and
 * one in a thousand imports of that size finds a pair that is none.
 */
class HashSet {
  private slots = new Float64Array(initialSlots);
  private size = 0;

  /** Whether the text was new. */
  add(text: string): boolean {
    if (this.size * 2 >= this.slots.length) this.grow();
    // An empty slot is 0, so a hash of 0 is kept as 1.
    return this.insert((hashId(`+${text}`) % highBits) * 2 ** 32 + hashId(text) || 1);
  }

  private insert(value: number): boolean {
    const mask = this.slots.length - 1;
    let at = value % this.slots.length;
    while (this.slots[at] !== 0 && this.slots[at] !== value) at = (at + 1) & mask;
    if (this.slots[at] !== 0) return false;
    this.slots[at] = value;
    this.size += 1;
    return true;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Float64Array(old.length * 2);
    this.size = 0;
    for (const value of old) if (value !== 0) this.insert(value);
  }
}
