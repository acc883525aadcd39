// Bootstrap: how far a mean could have come out otherwise, had other members been drawn.
import { createRandom } from '../../engine/index.ts';

/** The values of one member, summed over their receipts; all metrics in one order. */
export interface Cluster {
  readonly sums: readonly number[];
  readonly count: number;
}

export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  readonly seed: number;
  readonly samples?: number;
}

/** 1,000 draws settle the ends of a 95 % interval to about a twentieth of its width. */
const defaultSamples = 1_000;
const tail = 0.025;

/**
 * 95 % percentile intervals of the means of all metrics (Efron and Tibshirani, "An Introduction to
 * the Bootstrap", 1993). Members are drawn, not receipts (Cameron, Gelbach and Miller,
 * "Bootstrap-based improvements for inference with clustered errors", 2008): receipts of one member
 * are alike, and drawing them one by one would make the intervals too narrow. The same seed gives
 * the same intervals.
 */
export function bootstrapIntervals(
  clusters: readonly Cluster[],
  { seed, samples = defaultSamples }: BootstrapOptions,
): readonly Interval[] {
  const metrics = clusters[0]?.sums.length ?? 0;
  const flat = Float64Array.from(clusters.flatMap(({ sums, count }) => [...sums, count]));
  const means = Array.from({ length: metrics }, () => new Float64Array(samples));
  const random = createRandom(seed);
  const width = metrics + 1;
  const totals = new Float64Array(width);
  for (let sample = 0; sample < samples; sample += 1) {
    totals.fill(0);
    for (let drawn = 0; drawn < clusters.length; drawn += 1) {
      const from = random.integer(clusters.length) * width;
      for (let column = 0; column < width; column += 1) totals[column]! += flat[from + column]!;
    }
    for (const [metric, values] of means.entries())
      values[sample] = totals[metric]! / totals[metrics]!;
  }
  return means.map(percentileInterval);
}

function percentileInterval(values: Float64Array): Interval {
  values.sort();
  const last = values.length - 1;
  return [values[Math.floor(tail * last)]!, values[Math.ceil((1 - tail) * last)]!];
}
