// A histogram as monitoring keeps them: how many samples were at most each bound
// (https://prometheus.io/docs/concepts/metric_types/#histogram). To observe costs some nanoseconds.

export class Histogram {
  /** Ascending. */
  readonly bounds: readonly number[];
  /** Of each bound those at most it and above the one before; last those above all. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    counts[at]! += 1;
    this.sum += value;
  }
}

/** Seconds, from what a list takes to what a client waits for. */
export const secondsBounds = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const;
