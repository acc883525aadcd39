// Publishes what was folded: each commit as a frame, and every second the state of the node.
import type { Logger } from 'pino';
import type { Standing } from '#proto/caini/v1/replication.js';
import type { Clock, Replication } from '../../engine/index.ts';
import { encodeFrame, entriesOfFrame } from './frames.ts';
import { clusterLimits } from './limits.ts';
import { StreamWriter } from './redis.ts';
import type { NodeSecret } from './secret.ts';
import { statusReport } from './status-report.ts';
import type { StreamKeys } from './stream-keys.ts';

export interface PublisherOptions {
  readonly url: string;
  readonly node: string;
  readonly incarnation: string;
  readonly format: number;
  readonly secret: NodeSecret;
  readonly keys: StreamKeys;
  readonly replication: Replication;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Publisher {
  private readonly options: PublisherOptions;
  private readonly writer: StreamWriter;
  private readonly stops: (() => void)[] = [];
  private published: number;
  private isStandingDue = true;
  private mustReport = false;
  private turn = 0;
  private running: Promise<void> | undefined;
  private isClosed = false;

  constructor(options: PublisherOptions) {
    const { url, node, secret, log, replication } = options;
    this.options = options;
    this.writer = new StreamWriter({ url, chain: secret.chain, node }, log);
    // What came before is read from the log.
    this.published = replication.position;
    this.stops.push(replication.onFolded(() => this.publish()));
    const timer = setInterval(() => {
      this.isStandingDue = true;
      this.publish();
    }, clusterLimits.standingEveryMs);
    this.stops.push(() => clearInterval(timer));
  }

  get isUp(): boolean {
    return this.writer.isUp;
  }

  /** After an erase: nobody can read any more what is in the stream, and it goes too. */
  async forget(): Promise<void> {
    this.options.keys.forget();
    this.mustReport = true;
    this.isStandingDue = true;
    await this.writer.clear().catch(() => {
      // Without Redis there is nothing to be read from it; what it has on its disk has no key.
    });
    this.publish();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const stop of this.stops) stop();
    this.writer.close();
    await this.running;
  }

  private publish(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  private async run(): Promise<void> {
    while (!this.isClosed && this.isDue()) {
      const { frames, published } = this.nextFrames();
      try {
        await this.writer.add(frames, this.options.clock());
        this.published = published;
      } catch (error) {
        this.options.log.debug({ err: error }, 'a frame was not published');
        // Followers read the log meanwhile, and need no old news when Redis is back.
        this.published = this.options.replication.position;
        return;
      }
    }
  }

  private isDue(): boolean {
    return this.isStandingDue || this.published < this.options.replication.position;
  }

  /** Made in one turn, so that the report is that after the last entry. */
  private nextFrames(): { readonly frames: readonly Buffer[]; readonly published: number } {
    const { replication, secret, keys, node, incarnation, format } = this.options;
    const { newestDay } = replication;
    const frames: Buffer[] = [];
    let { published } = this;
    while (published < replication.position && frames.length < clusterLimits.framesAheadMax) {
      const entries = entriesOfFrame(replication, published + 1);
      if (entries.length === 0) break;
      const head = { node, incarnation, position: published + 1, newestDay, format };
      frames.push(encodeFrame(secret, keys.now(), head, entries));
      published += entries.length;
    }
    if (this.isStandingDue && published === replication.position) {
      this.isStandingDue = false;
      const own = { node, incarnation, position: published + 1, newestDay };
      const head = { ...own, format, standing: this.standing() };
      frames.push(encodeFrame(secret, keys.now(), head, []));
    }
    return { frames, published };
  }

  private standing(): Standing {
    const report = this.mustReport;
    this.mustReport = false;
    this.turn += 1;
    return statusReport(this.options.replication, this.turn, report);
  }
}
