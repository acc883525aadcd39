// The same request in JavaScript over typed arrays, step for step and laid out the same way.
import { entryBytes, lineBytes, one } from './data.ts';
import { ageDecay, basketsAll, hotBytes, listLength, resultBytes, shares } from './wasm.ts';

const served = 50;
const viewWords = 132;
const millisecondsPerDay = 86_400_000;
const anchorsMax = 4_096;
const least = Math.fround(1.1754943508222875e-38);
const { fround } = Math;
const [stampAt, excludedAt, flagsAt, slotAt] = [0, 1, 2, 3];
const [eligible, popularFlag] = [1, 2];

/** What the twins are given of the chain. */
export interface TwinInput {
  readonly items: number;
  readonly growth: number;
  /** Items outside of `popular` sell less than this. */
  readonly threshold: number;
  readonly repeatShare: number;
  readonly reboughtRate: number;
  /** By (times, age, baskets), in 2^-20 and in purchases. */
  readonly expectedCells: Float64Array;
  readonly reboughtCells: Float64Array;
  readonly hashes: BigUint64Array;
  /** Plain numbers, as the rest of the item's counters that are needed. */
  readonly outs: Float64Array;
  readonly expected: Float64Array;
  readonly rebought: Float64Array;
  readonly expectedOnce: Float64Array;
  readonly reboughtOnce: Float64Array;
  /** acc, IN^-0.3, POP and N^-0.2 of each item. */
  readonly hots: Uint8Array;
  /** Index of an item's view, or -1. */
  readonly rowOf: Int32Array;
  /** All views: count, stale, 0, 0, then 64 × (item, weight). */
  readonly views: Uint8Array;
  readonly popular: Uint32Array;
  readonly histories: readonly Uint8Array[];
}

function power(value: number, exponent: number): number {
  return value <= 0 ? 0 : value ** exponent;
}

function timesBucket(times: number): number {
  if (times <= 4) return times - 1;
  if (times <= 9) return times <= 6 ? 4 : 5;
  if (times <= 14) return 6;
  return times <= 24 ? 7 : 8;
}

function ageBucket(age: number): number {
  if (age <= 3) return age;
  if (age <= 8) return age <= 5 ? 4 : 5;
  if (age <= 13) return 6;
  if (age <= 20) return 7;
  return age <= 34 ? 8 : 9;
}

function cellOf(times: number, age: number, baskets: number): number {
  const last = baskets >= 50 ? 9 : timesBucket(baskets);
  return (timesBucket(times) * 10 + ageBucket(age)) * 10 + last;
}

export class TypedArrays {
  private readonly input: TwinInput;
  private readonly hots: Float32Array;
  private readonly marks: Uint32Array;
  private readonly viewItems: Uint32Array;
  private readonly viewWeights: Float32Array;
  private readonly histories: readonly DataView[];
  private readonly anchorItems = new Uint32Array(anchorsMax);
  private readonly affinities = new Float64Array(anchorsMax);
  private readonly factors = new Float32Array(anchorsMax);
  private readonly lastDays = new Int32Array(anchorsMax);
  private readonly firstDays = new Int32Array(anchorsMax);
  private readonly receipts = new Uint32Array(anchorsMax);
  private readonly days = new Uint32Array(anchorsMax);
  private readonly ages = new Uint32Array(anchorsMax);
  private readonly starts = new Uint32Array(anchorsMax);
  private readonly habits = new Float64Array(anchorsMax);
  private readonly basketDays = new Int32Array(anchorsMax);
  private readonly basketFirsts = new Uint32Array(anchorsMax);
  private readonly basketItems = new Uint32Array(anchorsMax);
  private readonly touched: Uint32Array;
  /** What each anchor gave to whom, for the reasons. */
  private readonly givenItems = new Uint32Array(anchorsMax * served);
  private readonly givenValues = new Float32Array(anchorsMax * served);
  private readonly givenCounts = new Uint32Array(anchorsMax);
  private readonly agains = new Float64Array(anchorsMax);
  private readonly resultItems = new Uint32Array(listLength);
  private readonly resultScores = new Float32Array(listLength);
  private baskets = 0;
  private anchors = 0;
  private touchedCount = 0;
  /** Kept, so that the loads are not left out. */
  touchedSum = 0;
  private found = 0;
  private epoch = 0;
  private affinitySum = 0;
  private habitSum = 0;

  constructor(input: TwinInput) {
    this.input = input;
    this.hots = new Float32Array(input.hots.slice().buffer, 0, (input.items * hotBytes) / 4);
    this.marks = new Uint32Array(input.items * 4);
    this.touched = new Uint32Array(input.items + 1);
    const views = input.views.slice().buffer;
    this.viewItems = new Uint32Array(views);
    this.viewWeights = new Float32Array(views);
    this.histories = input.histories.map((bytes) => new DataView(bytes.buffer));
    for (let item = 0; item < input.items; item++) this.marks[item * 4 + flagsAt] = eligible;
    for (const item of input.popular) this.marks[item * 4 + flagsAt]! |= popularFlag;
  }

  request(member: number): void {
    this.epoch++;
    this.baskets = this.anchors = this.touchedCount = this.found = 0;
    this.affinitySum = this.habitSum = 0;
    this.readHistory(this.histories[member]!);
    this.weighHistory();
    this.accumulateNext();
    const share = this.ownRepeatShare();
    const odds = (1 - share) / share;
    const taste = Math.sqrt(shares.tasteUsual * this.affinitySum);
    this.select((shares.neighbours * odds) / taste, (shares.popularity * odds) / basketsAll);
  }

  results(): Uint8Array {
    const bytes = new Uint8Array(this.found * resultBytes);
    const view = new DataView(bytes.buffer);
    for (let k = 0; k < this.found; k++) {
      view.setUint32(k * resultBytes, this.resultItems[k]!, true);
      view.setFloat32(k * resultBytes + 4, this.resultScores[k]!, true);
    }
    return bytes;
  }

  private readHistory(view: DataView): void {
    let item = 0;
    for (let at = 0; at < view.byteLength; ) {
      const lines = view.getUint16(at + 38, true);
      const first = item;
      if (view.getFloat64(at + 24, true) === 0) {
        for (let line = at + entryBytes; line < at + entryBytes + lines * lineBytes; line += 12) {
          if (view.getUint32(line + 4, true) <= view.getUint32(line + 8, true)) continue;
          this.basketItems[item++] = view.getUint32(line, true);
        }
      }
      if (item > first) {
        this.basketDays[this.baskets] = Math.floor(view.getFloat64(at, true) / millisecondsPerDay);
        this.basketFirsts[this.baskets++] = first;
      }
      at += entryBytes + lines * lineBytes + ((view.getUint8(at + 37) + 3) & ~3);
    }
    this.basketFirsts[this.baskets] = item;
  }

  /** What will be needed is on its way before the first of it is. */
  private touchItems(): void {
    const { marks, hots, basketItems } = this;
    const { rowOf, outs, rebought } = this.input;
    let sum = 0;
    for (let at = 0; at < this.basketFirsts[this.baskets]!; at++) {
      const item = basketItems[at]!;
      sum += marks[item * 4]! + hots[item * 4]! + rowOf[item]! + outs[item]! + rebought[item]!;
    }
    this.touchedSum = sum;
  }

  private touchViews(): void {
    const { viewItems } = this;
    const { rowOf } = this.input;
    let sum = 0;
    for (let k = 0; k < this.anchors; k++) {
      const row = rowOf[this.anchorItems[k]!]!;
      if (row < 0) continue;
      const from = row * viewWords;
      for (let at = from; at < from + 4 + served * 2; at += 16) sum += viewItems[at]!;
    }
    this.touchedSum += sum;
  }

  private weighHistory(): void {
    let weight = 1;
    this.touchItems();
    for (let k = this.baskets - 1; k >= 0; k--) {
      const from = this.basketFirsts[k]!;
      const end = this.basketFirsts[k + 1]!;
      const day = this.basketDays[k]!;
      const habit = weight / Math.sqrt(Math.sqrt(end - from));
      for (let at = from; at < end; at++) {
        const anchor = this.weighItem(this.basketItems[at]!, weight, day, this.baskets - 1 - k);
        this.habits[anchor]! += habit;
        this.starts[anchor] = k;
      }
      this.habitSum += habit;
      weight *= ageDecay;
    }
  }

  private weighItem(item: number, affinity: number, day: number, age: number): number {
    const { marks } = this;
    this.affinitySum += affinity;
    if (marks[item * 4 + stampAt] === this.epoch) {
      const anchor = marks[item * 4 + slotAt]!;
      this.affinities[anchor]! += affinity;
      this.receipts[anchor]!++;
      if (this.firstDays[anchor] !== day) this.days[anchor]!++;
      this.firstDays[anchor] = day;
      return anchor;
    }
    const anchor = this.anchors++;
    marks[item * 4 + stampAt] = this.epoch;
    marks[item * 4 + slotAt] = anchor;
    this.anchorItems[anchor] = item;
    this.affinities[anchor] = affinity;
    this.receipts[anchor] = 1;
    this.lastDays[anchor] = day;
    this.firstDays[anchor] = day;
    this.days[anchor] = 1;
    this.ages[anchor] = age;
    this.habits[anchor] = 0;
    return anchor;
  }

  private ownRepeatShare(): number {
    const later = Math.max(0, this.baskets - 1);
    let bought = later;
    for (let k = 0; k < this.anchors; k++) {
      const start = this.starts[k]!;
      if (start > 0) bought -= 1 / (this.basketFirsts[start + 1]! - this.basketFirsts[start]!);
    }
    const share = (bought + 30 * this.input.repeatShare) / (later + 30);
    return Math.min(0.9, Math.max(0.05, share));
  }

  private accumulateNext(): void {
    const { hots, touched, viewItems, viewWeights, givenItems, givenValues } = this;
    const { rowOf, outs } = this.input;
    const growth = fround(this.input.growth);
    for (let k = 0; k < this.anchors; k++) {
      this.factors[k] = this.affinities[k]! * power(outs[this.anchorItems[k]!]!, -0.7);
    }
    this.touchViews();
    let touchedCount = 0;
    for (let k = 0; k < this.anchors; k++) {
      const item = this.anchorItems[k]!;
      const row = rowOf[item]!;
      this.givenCounts[k] = 0;
      if (row < 0) continue;
      let gift = k * served;
      const factor = this.factors[k]!;
      const from = row * viewWords;
      const end = from + 4 + Math.min(viewItems[from]!, served) * 2;
      for (let at = from + 4; at < end; at += 2) {
        const weight = viewWeights[at + 1]!;
        if (weight <= 0) continue;
        const share = fround(fround(weight * weight) / fround(weight + growth));
        const value = Math.max(fround(factor * share), least);
        givenItems[gift] = viewItems[at]!;
        givenValues[gift++] = value;
        const place = viewItems[at]! * 4;
        const old = hots[place]!;
        if (old === 0) touched[touchedCount++] = viewItems[at]!;
        hots[place] = old + value;
      }
      this.givenCounts[k] = gift - k * served;
    }
    this.touchedCount = touchedCount;
  }

  private repeatTerm(anchor: number): number {
    const { input } = this;
    const k0 = input.reboughtRate;
    const item = this.anchorItems[anchor]!;
    const times = this.receipts[anchor]!;
    const now = fround(input.growth);
    const [allBought, allExpected] = [input.rebought[item]!, input.expected[item]!];
    const whole = (allBought + 5 * now * k0) / (allExpected + 5 * now);
    const [onceBought, onceExpected] = [input.reboughtOnce[item]!, input.expectedOnce[item]!];
    const rebought = times === 1 ? onceBought : allBought - onceBought;
    const expected = times === 1 ? onceExpected : allExpected - onceExpected;
    const rate = (rebought + 20 * now * whole) / (expected + 20 * now);
    const cell = cellOf(times, this.ages[anchor]!, this.baskets);
    const lift = (input.reboughtCells[cell]! + 35 * k0) / (input.expectedCells[cell]! / one + 35);
    const root = Math.sqrt(lift / k0);
    return (this.habits[anchor]! / (this.habitSum + 0.5)) * rate * root * Math.sqrt(root);
  }

  private select(byAccumulator: number, byPopularity: number): void {
    const { hots, marks, touched, anchorItems } = this;
    const blend = (at: number): number =>
      byAccumulator * (hots[at]! * hots[at + 1]!) + byPopularity * hots[at + 2]!;
    for (let k = 0; k < this.anchors; k++) {
      const item = anchorItems[k]!;
      this.agains[k] = this.repeatTerm(k);
      this.offer(item, fround(blend(item * 4) + this.agains[k]!));
      hots[item * 4] = 0;
    }
    for (const item of this.input.popular) {
      if (marks[item * 4 + stampAt] === this.epoch) continue;
      const score = fround(blend(item * 4));
      if (score > 0) this.offer(item, score);
      hots[item * 4] = 0;
    }
    for (let k = 0; k < this.touchedCount; k++) {
      const item = touched[k]!;
      if (hots[item * 4] === 0) continue;
      this.offer(item, fround(blend(item * 4)));
      hots[item * 4] = 0;
    }
    this.offerTheRest(byPopularity);
  }

  private offerTheRest(byPopularity: number): void {
    const { hots, marks, touched } = this;
    const best = fround(byPopularity * this.input.threshold);
    if (this.found === listLength && this.resultScores[listLength - 1]! >= best) return;
    for (let k = 0; k < this.touchedCount; k++) marks[touched[k]! * 4] = this.epoch;
    for (let item = 0; item < this.input.items; item++) {
      if (marks[item * 4] === this.epoch || marks[item * 4 + flagsAt]! & popularFlag) continue;
      const sold = hots[item * 4 + 2]!;
      if (sold > 0) this.offer(item, fround(byPopularity * sold));
    }
  }

  private offer(item: number, score: number): void {
    if (this.found === listLength && score < this.resultScores[listLength - 1]!) return;
    this.insert(item, score);
  }

  private insert(item: number, score: number): void {
    const { marks, resultItems, resultScores } = this;
    const { hashes } = this.input;
    if (!(marks[item * 4 + flagsAt]! & eligible)) return;
    if (marks[item * 4 + excludedAt] === this.epoch) return;
    let index = this.found;
    if (index === listLength) {
      const last = listLength - 1;
      if (score === resultScores[last] && hashes[item]! >= hashes[resultItems[last]!]!) return;
      index = last;
    } else {
      this.found++;
    }
    while (index > 0) {
      const above = resultScores[index - 1]!;
      if (above > score) break;
      if (above === score && hashes[resultItems[index - 1]!]! < hashes[item]!) break;
      resultItems[index] = resultItems[index - 1]!;
      resultScores[index] = above;
      index--;
    }
    resultItems[index] = item;
    resultScores[index] = score;
  }
}
