// Reads that wait for a write to be in the counts.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

interface Waiter {
  readonly isHeld: () => boolean;
  readonly wake: () => void;
}

/** What the counts hold: whether they hold a watermark; undefined for what is no watermark. */
export type Held = (watermark: string) => boolean | undefined;

export class Waiters {
  private readonly waiters = new Set<Waiter>();

  /** Resolves when the counts hold `watermark`; throws UNAVAILABLE when they do not in time. */
  waitFor(watermark: string, held: Held): Promise<void> {
    const isHeldNow = held(watermark);
    if (isHeldNow === undefined) {
      const message = `minWatermark ${JSON.stringify(watermark)} is not a watermark of this chain`;
      const details = { field: 'minWatermark' };
      return Promise.reject(new EngineError('INVALID_ARGUMENT', message, details));
    }
    if (isHeldNow) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (answer: () => void) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        answer();
      };
      const isHeld = () => held(watermark) === true;
      const waiter = { isHeld, wake: () => finish(resolve) };
      const timer = setTimeout(
        () => finish(() => reject(late(watermark))),
        limits.watermarkWaitMsMax,
      );
      this.waiters.add(waiter);
    });
  }

  /** Tells that the counts hold more. */
  wake(): void {
    for (const { isHeld, wake } of [...this.waiters]) if (isHeld()) wake();
  }
}

function late(watermark: string): EngineError {
  return new EngineError(
    'UNAVAILABLE',
    `the state has not reached watermark ${watermark} within ${limits.watermarkWaitMsMax} ms`,
    { reason: 'WATERMARK_NOT_REACHED', retryAfterMs: limits.watermarkWaitMsMax },
  );
}
