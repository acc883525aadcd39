// Makes other counts in the background, which then take the place of the live ones: when the
// landmark moves, and when items have other roles, or are merged otherwise, than they were counted.
import type { Serial } from '../base/serial.ts';
import type { Counts } from './counts.ts';

export interface RenewalOptions {
  /** Recounts and checkpoints, one after the other. */
  readonly background: Serial;
  /** The live counts; undefined while there are none. */
  readonly live: () => Counts | undefined;
  /** Of what is folded. */
  readonly newestDay: () => number;
  /** Whether more receipts come and nobody asks for lists. */
  readonly isFilling: () => boolean;
  /** Resolves when the new counts are the live ones. */
  readonly renew: (why: string) => Promise<void>;
}

/** One at a time: who asks while it goes on is answered by it. */
export class Renewal {
  private readonly options: RenewalOptions;
  private reasonNow: string | undefined;

  constructor(options: RenewalOptions) {
    this.options = options;
  }

  /** Why other counts are being made; undefined: none are. */
  get under(): string | undefined {
    return this.reasonNow;
  }

  begin(why: string): void {
    if (this.reasonNow !== undefined) return;
    this.reasonNow = why;
    // What made it fail was notified of, or everything ends; the next change tries again.
    this.options.background.run(() => this.renew(why)).catch(() => {});
  }

  private async renew(why: string): Promise<void> {
    try {
      await this.options.renew(why);
      // A landmark that was crossed meanwhile, or roles of items that had been counted.
      for (let next = this.reason(); next !== undefined; next = this.reason()) {
        this.reasonNow = next;
        await this.options.renew(next);
      }
    } finally {
      this.reasonNow = undefined;
    }
  }

  /** When the live counts have other landmarks than the newest day, or other roles than items. */
  beginIfDue(): void {
    const why = this.reason();
    if (why !== undefined) this.begin(why);
  }

  private reason(): string | undefined {
    const live = this.options.live();
    if (live === undefined) return undefined;
    if (live.isPastLandmark(this.options.newestDay())) return 'the landmark moves';
    // What comes may have other roles, too: everything is counted anew once, behind all of it.
    return this.options.isFilling() ? undefined : live.misreadReason;
  }
}
