// Where the counts stand: the watermark of every reply, and whether a watermark is reached.
import { limits } from '../base/limits.ts';
import type { Log } from '../log/log.ts';
import { type LogPosition, parseVector } from '../log/vector.ts';

export class AppliedPosition {
  private readonly log: Log;
  private now: string;
  private sequence: number;
  private positions: readonly LogPosition[] = [];
  /** The digests of the latest moments, by watermark: what other nodes compare theirs with. */
  private readonly digests = new Map<string, string>();

  constructor(log: Log) {
    this.log = log;
    this.now = log.watermark;
    this.sequence = log.head;
  }

  /** Stands for everything that is in the counts. */
  get watermark(): string {
    return this.now;
  }

  /**
   * To be called when everything in the log is in the counts, and only then. `digest`: undefined
   * when it is none that other nodes have to have at this position.
   */
  advance(digest: () => string | undefined): void {
    const { log } = this;
    this.sequence = log.head;
    this.now = log.watermark;
    if (!log.origins.isNamed) return;
    this.positions = log.origins.vector();
    const comparable = digest();
    if (comparable === undefined) this.digests.delete(this.now);
    else this.digests.set(this.now, comparable);
    if (this.digests.size <= limits.digestsKept) return;
    for (const oldest of this.digests.keys()) {
      this.digests.delete(oldest);
      return;
    }
  }

  /** The digest at one of the latest watermarks; undefined when it is not known any more. */
  digestAt(watermark: string): string | undefined {
    return this.digests.get(watermark);
  }

  /** Whether the counts hold a watermark; undefined when it is none of this chain. */
  includes(watermark: string): boolean | undefined {
    if (/^\d{1,15}$/.test(watermark)) return this.includesNumber(Number(watermark));
    if (!this.log.origins.isNamed) return undefined;
    return parseVector(watermark)?.every((place) => this.includesPosition(place));
  }

  /** A number is from the time when there was one log: its origin is the first that has a name. */
  private includesNumber(sequence: number): boolean {
    if (!this.log.origins.isNamed) return sequence <= this.sequence;
    const first = this.log.origins.first;
    const head = this.positions.find(({ origin }) => origin === first)?.sequence ?? 0;
    return sequence <= head;
  }

  private includesPosition({ origin, epoch, sequence }: LogPosition): boolean {
    const head = this.positions.find((place) => place.origin === origin);
    if (head?.epoch === epoch) return sequence <= head.sequence;
    // What an epoch held that has ended came before the end, or was sent back later.
    const { origins } = this.log;
    const place = { origin, epoch, sequence };
    if (origins.find(place, this.sequence) !== undefined) return true;
    const lost = origins.forkBefore(place)?.lost;
    return lost !== undefined && origins.find(lost, this.sequence) !== undefined;
  }
}
