// Entries that nobody waits for: reads, and refusals. They are written together within a moment,
// the same ones as one, and none is thrown away.
import type { NewEntry } from './entry.ts';
import { trailLimits } from './limits.ts';

interface Note {
  readonly entry: NewEntry;
  times: number;
}

export class Notes {
  private readonly append: (entry: NewEntry) => Promise<number>;
  private readonly notify: (message: string) => void;
  private notes = new Map<string, Note>();
  private writing = 0;
  private timer: NodeJS.Timeout | undefined;
  private written: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(append: (entry: NewEntry) => Promise<number>, notify: (message: string) => void) {
    this.append = append;
    this.notify = notify;
  }

  /** How many are not on disk. */
  get count(): number {
    return this.notes.size + this.writing;
  }

  add(entry: NewEntry, times = 1): void {
    const key = keyOf(entry);
    const same = this.notes.get(key);
    if (same !== undefined) same.times += times;
    else this.notes.set(key, { entry, times });
    this.timer ??= setTimeout(() => this.write(), trailLimits.waitMsMax).unref();
  }

  /** On disk when it resolves, or said to be lost. */
  async close(): Promise<void> {
    this.write();
    await this.written;
    clearTimeout(this.timer);
    if (this.count > 0)
      this.notify(`${this.count} entries of the audit trail could not be written`);
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { notes } = this;
    this.notes = new Map();
    this.writing += notes.size;
    const each = [...notes.values()].map((note) => this.writeOne(note));
    this.written = Promise.all([this.written, ...each]).then(() => {});
  }

  private async writeOne({ entry, times }: Note): Promise<void> {
    try {
      await this.append(times === 1 ? entry : { ...entry, times });
      this.writing -= 1;
      if (this.hasFailed) this.notify('the audit trail is written again');
      this.hasFailed = false;
    } catch {
      // The trail has said why.
      if (!this.hasFailed) this.notify('reads wait for the audit trail');
      this.hasFailed = true;
      this.writing -= 1;
      this.addAgain(entry, times);
    }
  }

  private addAgain(entry: NewEntry, times: number): void {
    this.timer ??= setTimeout(() => this.write(), trailLimits.retryMs).unref();
    this.add(entry, times);
  }
}

/** What is alike in all but the moment. */
function keyOf({ operation, outcome, of, door, keyId, subjects, detail }: NewEntry): string {
  return JSON.stringify([operation, outcome, of, door, keyId, subjects, detail]);
}
