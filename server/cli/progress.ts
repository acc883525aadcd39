// Progress: a bar on a terminal, and a line every ten seconds where a log listens.

export interface ProgressBar {
  show(label: string, done: number, total: number): void;
  /** Clears the line, so that what follows begins at its start. */
  end(): void;
}

/** The part of a terminal stream that is used. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const barCells = 30;
const redrawMsMin = 100;
/** Work that takes a moment says nothing to a log. */
const logMsMin = 10_000;
const clearLine = '\r\u001b[2K';

/** A bar on `stream` (standard error), drawn at most ten times a second, or lines of a log. */
export function createProgressBar(stream: ProgressStream, clock: () => number): ProgressBar {
  if (stream.isTTY !== true) return createProgressLog(stream, clock);
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    show(label, done, total) {
      const nowMs = clock();
      if (nowMs - drawnMs < redrawMsMin && done < total) return;
      drawnMs = nowMs;
      const line = formatBar(label, done, total);
      // A line that wraps cannot be redrawn in place.
      stream.write(clearLine + line.slice(0, (stream.columns ?? 80) - 1));
    },
    end() {
      stream.write(clearLine);
    },
  };
}

function createProgressLog(stream: ProgressStream, clock: () => number): ProgressBar {
  let saidMs = clock();
  return {
    show(label, done, total) {
      const nowMs = clock();
      if (nowMs - saidMs < logMsMin) return;
      saidMs = nowMs;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      stream.write(`${label}: ${done} of ${total} (${Math.floor(share * 100)} %)\n`);
    },
    end: () => {},
  };
}

function formatBar(label: string, done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.floor(share * barCells);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barCells - filled)}`;
  return `${label} ${bar} ${Math.floor(share * 100)} %`;
}
