// A page of /metrics while it is made: what stands at this moment, in the text format of Prometheus
// (version 0.0.4).
import type { Registry } from 'prom-client';
import type { Histogram } from '../../engine/index.ts';

export type Library = typeof import('prom-client');
export type Labels = Readonly<Record<string, string>>;
export type Samples = readonly (readonly [Labels, number])[];

/** A registry of its own for each page, since nothing of it is counted here. */
export class Page {
  readonly registry: Registry;
  private readonly library: Library;

  constructor(library: Library) {
    this.library = library;
    this.registry = new library.Registry();
  }

  gauge(name: string, help: string, samples: Samples): void {
    if (samples.length === 0) return;
    const gauge = new this.library.Gauge(this.described(name, help, samples));
    for (const [labels, value] of samples) gauge.set(labels, value);
  }

  counter(name: string, help: string, samples: Samples): void {
    if (samples.length === 0) return;
    const counter = new this.library.Counter(this.described(name, help, samples));
    for (const [labels, value] of samples) counter.inc(labels, value);
  }

  /** Of histograms that were counted elsewhere, which the library cannot take over. */
  histogram(name: string, help: string, samples: readonly (readonly [Labels, Histogram])[]): void {
    if (samples.length === 0) return;
    const values = samples.flatMap(([labels, histogram]) => seriesOf(name, labels, histogram));
    const metric = { name, help, type: 'histogram', get: async () => ({ ...metric, values }) };
    // It wants a metric of its own classes, and asks it for no more than this.
    this.registry.registerMetric(metric as never);
  }

  private described(name: string, help: string, [first]: Samples) {
    const labelNames = Object.keys(first?.[0] ?? {});
    return { name, help, labelNames, registers: [this.registry] };
  }
}

/** Buckets hold all that is at most their bound, not only what the one before does not. */
function seriesOf(name: string, labels: Labels, { bounds, counts, sum }: Histogram) {
  let upTo = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
    upTo += counts[at]!;
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: upTo },
  ];
}
