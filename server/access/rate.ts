// How often somebody may ask: a bucket that holds what may be asked at once, and fills evenly.
import { doorLimits } from '../limits.ts';

/** Milliseconds of a steady clock. */
export type SteadyClock = () => number;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Buckets by name. Of so many at least those used last are kept, and twice as many at most: whoever
 * is forgotten has a full bucket.
 */
export class RateLimiter {
  private readonly now: SteadyClock;
  private readonly entriesMax: number;
  private recent = new Map<string, Bucket>();
  private older = new Map<string, Bucket>();

  constructor(now: SteadyClock, entriesMax: number = doorLimits.rateEntriesMax) {
    this.now = now;
    this.entriesMax = entriesMax;
  }

  /** How many are kept. */
  get size(): number {
    return this.recent.size + this.older.size;
  }

  /** Takes one; 0, or how many milliseconds it is until there is one to take. */
  take(id: string, perSecond: number, burst: number = perSecond): number {
    const now = this.now();
    const bucket = this.recent.get(id) ?? this.bucketOf(id, { left: burst, at: now });
    const filled = bucket.left + ((now - bucket.at) * perSecond) / 1_000;
    bucket.left = Math.min(burst, filled);
    bucket.at = now;
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 1_000) / perSecond);
    bucket.left -= 1;
    return 0;
  }

  private bucketOf(id: string, full: Bucket): Bucket {
    const bucket = this.older.get(id) ?? full;
    if (this.recent.size >= this.entriesMax) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.older.delete(id);
    this.recent.set(id, bucket);
    return bucket;
  }
}
