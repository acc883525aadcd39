// What a storm said and heard: each operation is written down before it is sent and after it is
// answered. A write(2) survives the SIGKILL of its process, so the next process knows what was
// promised.
import { existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import type { Event } from '../../engine/index.ts';

/** An erase is no event of ingest, but it is promised in the same way. */
export type Operation = Event | { readonly kind: 'erase'; readonly memberId: string };

export interface Answer {
  readonly status: string;
  readonly watermark?: string | undefined;
  readonly reason?: string | undefined;
}

type Line =
  | { readonly sent: string; readonly operation: Operation; readonly batch?: number }
  | { readonly answered: string; readonly answer: Answer }
  | { readonly erased: string };

export interface Promised {
  readonly key: string;
  readonly operation: Operation;
  /** The number of the import's batch that it came in. */
  readonly batch: number | undefined;
  /** The first answer; undefined while nobody got any answer. */
  answer: Answer | undefined;
}

export class Journal {
  private readonly descriptor: number;

  constructor(path: string) {
    // A kill can end a write between two pages: what lacks its end was not sent, and is cut off.
    if (existsSync(path)) truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1);
    this.descriptor = openSync(path, 'a');
  }

  sent(
    entries: readonly { readonly key: string; readonly operation: Operation }[],
    batch?: number,
  ) {
    this.write(
      entries.map(({ key, operation }) =>
        batch === undefined ? { sent: key, operation } : { sent: key, operation, batch },
      ),
    );
  }

  answered(entries: readonly { readonly key: string; readonly answer: Answer }[]): void {
    const lines = entries.map(({ key, answer: { status, watermark, reason } }) => ({
      answered: key,
      answer: { status, watermark, reason },
    }));
    this.write(lines);
  }

  /** The end of an erase that was under way at a crash was looked up: it had happened. */
  foundErased(memberId: string): void {
    this.write([{ erased: memberId }]);
  }

  private write(lines: readonly Line[]): void {
    // One call, so that the lines of one answer are in the file together or not at all.
    writeSync(this.descriptor, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}

export interface Record {
  readonly promised: ReadonlyMap<string, Promised>;
  /** Members that a former check found erased. */
  readonly erased: ReadonlySet<string>;
}

export function readJournal(path: string): Record {
  const promised = new Map<string, Promised>();
  const erased = new Set<string>();
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  // What follows the last line break was cut short by the kill.
  for (const line of text.split('\n').slice(0, -1)) {
    const entry = JSON.parse(line) as Line;
    if ('erased' in entry) {
      erased.add(entry.erased);
    } else if ('sent' in entry) {
      const { sent: key, operation, batch } = entry;
      if (!promised.has(key)) promised.set(key, { key, operation, batch, answer: undefined });
    } else {
      const promise = promised.get(entry.answered)!;
      promise.answer ??= entry.answer;
    }
  }
  return { promised, erased };
}
