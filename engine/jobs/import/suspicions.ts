// Suspicions: what looks odd over all receipts of an import, though each of them alone is right. It
// is counted and told, and nothing is refused for it. Memory stays small for any number of rows.
import { millisecondsPerMinute } from '../../base/clock.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { Batch } from './batches.ts';
import { repeatReasons } from './receipts.ts';
import type { Row } from './row.ts';
import { hashId } from './survey.ts';

/** Each with what it counts. docs/guides/import.md says what to do about it. */
const suspicionKinds = [
  /** Members with more than 1 % of the receipts. */
  'bigMembers',
  /** Rows that were refused because their receipt number was given more than once. */
  'numbersRepeated',
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
  /** Receipts later than now. */
  'ahead',
] as const;

export type SuspicionKind = (typeof suspicionKinds)[number];

export interface Suspicion {
  readonly kind: SuspicionKind;
  readonly count: number;
  /** The id of one of them; of refused rows, where the first one stands. */
  readonly example: string;
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

interface Place {
  count: number;
  example: string;
}

/** Hears the batches of an import, also those that a former run has brought in. */
export class Suspicions {
  private readonly nowMs: number;
  private receipts = 0;
  private readonly members = new Map<string, number>();
  private readonly stores = new Set<string>();
  private readonly items = new Map<string, { atMs: number; stores: Set<string>; most: number }>();
  private readonly hours = new Map<number, Place>();
  private readonly years = new Map<number, Place>();
  private readonly sales = new HashSet();
  private readonly twice: Place = { count: 0, example: '' };
  private readonly ahead: Place = { count: 0, example: '' };
  private readonly repeated: Place = { count: 0, example: '' };

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  add({ receipts, refusals }: Batch): void {
    for (const { purchase, rows } of receipts) this.addReceipt(purchase, rows);
    const reasons: readonly string[] = Object.values(repeatReasons);
    for (const { reason, origin } of refusals) {
      if (reasons.includes(reason)) record(this.repeated, `line ${origin.line}`);
    }
  }

  /** What there is, in the order of the kinds. */
  list(): readonly Suspicion[] {
    const found: Readonly<Record<SuspicionKind, Place>> = {
      bigMembers: this.bigMembers(),
      numbersRepeated: this.repeated,
      soldTwice: this.twice,
      soldEverywhere: this.soldEverywhere(),
      outsideHours: this.outsideHours(),
      atNight: this.atNight(),
      yearsApart: this.yearsApart(),
      ahead: this.ahead,
    };
    return suspicionKinds.flatMap((kind) => {
      const { count, example } = found[kind];
      return count === 0 ? [] : [{ kind, count, example }];
    });
  }

  private addReceipt(purchase: Purchase, rows: readonly Row[]): void {
    const { purchaseId, memberId, storeId, occurredAt } = purchase;
    const moment = rows.find(({ moment: { text } }) => text === occurredAt)!.moment;
    this.receipts += 1;
    if (storeId !== undefined) this.stores.add(storeId);
    if (memberId !== undefined) {
      this.countMember(memberId);
      if (!this.sales.add(saleOf(purchase, moment.epochMs))) record(this.twice, purchaseId);
    }
    recordIn(this.years, Number(occurredAt.slice(0, 4)), purchaseId);
    if (moment.epochMs > this.nowMs) record(this.ahead, purchaseId);
    // A midnight to the second is a day that some program wrote as a time.
    if (!moment.hasTime || occurredAt.slice(11, 19) === '00:00:00') return;
    recordIn(this.hours, Number(occurredAt.slice(11, 13)), purchaseId);
    if (storeId === undefined) return;
    for (const { itemId } of rows) this.addSale(itemId, storeId, moment.epochMs);
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
    if (known === undefined || known.atMs !== atMs) {
      const most = known?.most ?? 1;
      this.items.set(itemId, { atMs, stores: new Set([storeId]), most });
      return;
    }
    known.stores.add(storeId);
    known.most = Math.max(known.most, known.stores.size);
  }

  private bigMembers(): Place {
    const least = Math.max(receiptsMin, this.receipts * bigShare);
    return placeOf([...this.members].flatMap(([id, count]) => (count > least ? [id] : [])));
  }

  private soldEverywhere(): Place {
    const all = this.stores.size;
    if (all < storesMin) return placeOf([]);
    return placeOf([...this.items].flatMap(([id, { most }]) => (most === all ? [id] : [])));
  }

  private outsideHours(): Place {
    const all = sum(this.hours.values());
    if (all.count < receiptsMin) return placeOf([]);
    return sum([...this.hours.values()].filter(({ count }) => count < all.count * openingShare));
  }

  private atNight(): Place {
    const all = sum(this.hours.values()).count;
    const night = [...this.hours].flatMap(([hour, place]) => (hour < nightHours ? [place] : []));
    const found = sum(night);
    return all >= receiptsMin && found.count >= all * nightShare ? found : placeOf([]);
  }

  private yearsApart(): Place {
    const usual = [...this.years].flatMap(([year, { count }]) =>
      count >= this.receipts * yearShare ? [year] : [],
    );
    const isApart = (year: number) => usual.every((each) => Math.abs(each - year) >= yearsApart);
    if (this.receipts < receiptsMin) return placeOf([]);
    return sum([...this.years].flatMap(([year, place]) => (isApart(year) ? [place] : [])));
  }
}

/** What makes a sale, whatever number a system gave it. */
function saleOf({ memberId, storeId, lines }: Purchase, epochMs: number): string {
  const goods = lines.map(({ itemId, quantity }) => `${itemId}\t${quantity}`).sort();
  const minute = Math.floor(epochMs / millisecondsPerMinute);
  return [memberId, storeId ?? '', minute, ...goods].join('\n');
}

function record(place: Place, example: string): void {
  if (place.count === 0) place.example = example;
  place.count += 1;
}

function recordIn(places: Map<number, Place>, key: number, example: string): void {
  const known = places.get(key);
  if (known === undefined) places.set(key, { count: 1, example });
  else known.count += 1;
}

function placeOf(ids: readonly string[]): Place {
  return { count: ids.length, example: ids.toSorted()[0] ?? '' };
}

function sum(places: Iterable<Place>): Place {
  const total: Place = { count: 0, example: '' };
  for (const { count, example } of places) {
    if (total.count === 0) total.example = example;
    total.count += count;
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
