// Makes other counts in the background, which then take the place of the live ones: when the
// landmark moves, and when items have other roles than they were counted by.
import type { Serial } from '../base/serial.ts';
import type { Counts } from './counts.ts';

export interface RenewalOptions {
  /** Recounts and checkpoints, one after the other. */
  readonly background: Serial;
  /** The live counts; undefined while there are none. */
  readonly live: () => Counts | undefined;
  /** Resolves when the new counts are the live ones. */
  readonly renew: (why: string) => Promise<void>;
}

/** One at a time: who asks while it goes on is answered by it. */
export class Renewal {
  private readonly options: RenewalOptions;
  private isUnderWay = false;

  constructor(options: RenewalOptions) {
    this.options = options;
  }

  begin(why: string): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    // What made it fail was notified of, or everything ends; the next change tries again.
    this.options.background.run(() => this.renew(why)).catch(() => {});
  }

  private async renew(why: string): Promise<void> {
    try {
      await this.options.renew(why);
      // Roles that changed meanwhile, of items whose receipts had been counted.
      for (let next = this.misread(); next !== undefined; next = this.misread()) {
        await this.options.renew(next);
      }
    } finally {
      this.isUnderWay = false;
    }
  }

  /** When items were counted by roles that have changed. */
  beginIfMisread(): void {
    const why = this.misread();
    if (why !== undefined) this.begin(why);
  }

  private misread(): string | undefined {
    const items = this.options.live()?.misreadItems ?? 0;
    return items === 0 ? undefined : `${items} items have other roles than they were counted by`;
  }
}
