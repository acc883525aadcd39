// Numbers in an order that is kept: each goes to its place when it comes and leaves it when it
// goes, so that nobody who reads them has to sort.

/** Runs are split at so many, so that a number finds its place by moving a few hundred at most. */
const runMax = 512;

/** Negative when the first stands before the second; never 0 for two different numbers. */
export type Compare = (one: number, other: number) => number;

export class SortedList {
  private readonly compare: Compare;
  /** Ascending, and none of them empty. */
  private readonly kept: number[][] = [];

  constructor(compare: Compare) {
    this.compare = compare;
  }

  get isEmpty(): boolean {
    return this.kept.length === 0;
  }

  /** Puts a number to its place; it must not be there yet. */
  add(number: number): void {
    const last = this.kept.at(-1);
    // Many come in their order already.
    if (last === undefined || this.compare(last.at(-1)!, number) < 0) {
      this.append(last, number);
      return;
    }
    const isAfter = (other: number) => this.compare(other, number) > 0;
    const at = this.runOf(isAfter);
    const run = this.kept[at]!;
    run.splice(firstIn(run, isAfter), 0, number);
    if (run.length > runMax) this.kept.splice(at + 1, 0, run.splice(runMax / 2));
  }

  private append(last: number[] | undefined, number: number): void {
    if (last !== undefined && last.length < runMax) last.push(number);
    else this.kept.push([number]);
  }

  /** Takes out a number, which must be there. */
  remove(number: number): void {
    const isAtOrAfter = (other: number) => this.compare(other, number) >= 0;
    const at = this.runOf(isAtOrAfter);
    const run = this.kept[at]!;
    run.splice(firstIn(run, isAtOrAfter), 1);
    if (run.length === 0) this.kept.splice(at, 1);
  }

  /**
   * All of them in their order, a few hundred at a time, from the first that is not before some
   * place. Nothing may be added or removed meanwhile.
   */
  *runs(isWanted: (number: number) => boolean = () => true): Generator<readonly number[]> {
    const first = this.runOf(isWanted);
    for (let at = first; at < this.kept.length; at++) {
      const run = this.kept[at]!;
      yield at === first ? run.slice(firstIn(run, isWanted)) : run;
    }
  }

  /** The run that holds the first number of which `isWanted` is true, as it is of all after it. */
  private runOf(isWanted: (number: number) => boolean): number {
    let [low, high] = [0, this.kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isWanted(this.kept[middle]!.at(-1)!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function firstIn(run: readonly number[], isWanted: (number: number) => boolean): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isWanted(run[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
