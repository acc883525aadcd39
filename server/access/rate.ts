// How often a key may ask: a bucket that holds the requests of one second, and fills evenly.

/** Milliseconds of a steady clock. */
export type SteadyClock = () => number;

export class RateLimiter {
  private readonly now: SteadyClock;
  private readonly buckets = new Map<string, { left: number; at: number }>();

  constructor(now: SteadyClock) {
    this.now = now;
  }

  /** Takes one; 0, or how many milliseconds it is until there is one to take. */
  take(id: string, perSecond: number): number {
    const now = this.now();
    let bucket = this.buckets.get(id);
    if (bucket === undefined) {
      bucket = { left: perSecond, at: now };
      this.buckets.set(id, bucket);
    }
    const filled = bucket.left + ((now - bucket.at) * perSecond) / 1_000;
    bucket.left = Math.min(perSecond, filled);
    bucket.at = now;
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 1_000) / perSecond);
    bucket.left -= 1;
    return 0;
  }
}
