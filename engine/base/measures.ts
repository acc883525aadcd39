// What the engine counts of its own work since the start, for whoever watches it.
import { Histogram, secondsBounds } from './histogram.ts';

const eventBounds = [1, 2, 5, 10, 20, 50, 100, 128] as const;

export class Measures {
  /** From the beginning of a transaction until it is on the disk. */
  readonly commitSeconds = new Histogram(secondsBounds);
  /** Events of one transaction. */
  readonly commitEvents = new Histogram(eventBounds);
  /** From when an event was taken until lists show it. */
  readonly freshnessSeconds = new Histogram(secondsBounds);
  /** Results of events by status, and those that were not taken by reason. */
  readonly statuses = new Map<string, number>();
  readonly reasons = new Map<string, number>();
  /** By the clock of the engine; undefined: there was none since the start. */
  checkpointAtMs: number | undefined;
  verified: { readonly atMs: number; readonly ok: boolean } | undefined;

  onCommitted(events: number, tookMs: number): void {
    this.commitEvents.observe(events);
    this.commitSeconds.observe(tookMs / 1_000);
  }

  onVisible(afterMs: number): void {
    this.freshnessSeconds.observe(afterMs / 1_000);
  }

  onResult(status: string, reason: string | undefined): void {
    addOne(this.statuses, status);
    if (reason !== undefined) addOne(this.reasons, reason);
  }
}

function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
