// Port: measures. What the engine counts of its own work, and what waits right now.
import type { Measures } from '../base/measures.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import type { Ingest } from '../ingest/ingest.ts';

export interface MeasuresPort {
  /** Since the start; it goes on counting while it is read. */
  readonly sinceStart: Measures;
  /** Events that wait for the disk. */
  readonly queuedEvents: number;
  /** Entries of the log that the next start would have to count, since no checkpoint holds them. */
  readonly uncheckpointed: number;
}

export interface MeasuresParts {
  readonly measures: Measures;
  readonly writer: Ingest;
  readonly counting: CountsManager;
}

export function measuresOf({ measures, writer, counting }: MeasuresParts): MeasuresPort {
  return {
    sinceStart: measures,
    get queuedEvents() {
      return writer.waitingEvents;
    },
    get uncheckpointed() {
      return counting.eventsSinceCheckpoint;
    },
  };
}
