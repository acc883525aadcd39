// Writes checkpoints of the counts, one at a time, and knows which of them stand on the disk.
import { limits } from '../base/limits.ts';
import type { Serial } from '../base/serial.ts';
import type { Checkpoints } from '../history/history-writer.ts';
import type { Store } from '../store/store.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { Counts } from './counts.ts';

export interface CheckpointerOptions {
  readonly store: Store;
  /** Runs synchronous work when everything committed has been folded. */
  readonly betweenCommits: <Result>(work: () => Result) => Promise<Result>;
  readonly background: Serial;
  /** The live counts and the sequence that they stand at; undefined while there are none. */
  readonly live: () => { readonly counts: Counts; readonly sequence: number } | undefined;
}

export class Checkpointer {
  /** The sequence of the newest one that is durable; 0: there is none. */
  durable = 0;
  private pending: number | undefined;
  private readonly options: CheckpointerOptions;

  constructor(options: CheckpointerOptions) {
    this.options = options;
  }

  /** What history entries must be kept for. */
  get kept(): Checkpoints {
    const newest = this.pending ?? this.durable;
    return { oldest: this.durable || newest, newest };
  }

  /**
   * Writes one of now; resolves when it is durable. Nothing to write while there are no counts. The
   * signal gives it up.
   */
  write(signal?: AbortSignal): Promise<void> {
    const { background, betweenCommits, live, store } = this.options;
    return background.run(async () => {
      let writing: Promise<void> | undefined;
      let sequence = 0;
      await betweenCommits(() => {
        const current = live();
        if (current === undefined || current.sequence === this.durable) return;
        sequence = current.sequence;
        this.pending = sequence;
        writing = writeCheckpoint(store.folder, current.counts, sequence, signal);
      });
      if (!writing) return;
      try {
        await writing;
        this.durable = sequence;
      } finally {
        this.pending = undefined;
      }
      await this.dropResidues(sequence);
    });
  }

  private async dropResidues(upTo: number): Promise<void> {
    const { store } = this.options;
    const { residues } = store.tables;
    const isDropped = (key: Buffer) => Number(key.readBigUInt64BE(0)) <= upTo;
    let keys = residues.keys(Buffer.alloc(1), limits.residuesDroppedAtOnce).filter(isDropped);
    while (keys.length > 0) {
      const dropped = keys;
      await store.transaction(() => {
        for (const key of dropped) residues.remove(key);
      });
      keys = residues.keys(Buffer.alloc(1), limits.residuesDroppedAtOnce).filter(isDropped);
    }
  }
}
