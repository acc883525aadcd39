// Reads that wait for a write to be in the counts.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

interface Waiter {
  readonly sequence: number;
  readonly wake: () => void;
}

export class Waiters {
  private waiters: Waiter[] = [];

  /** Resolves when the counts hold `watermark`; throws UNAVAILABLE when they do not in time. */
  waitFor(watermark: string, applied: number): Promise<void> {
    if (!/^\d{1,15}$/.test(watermark)) {
      const message = `minWatermark ${JSON.stringify(watermark)} is not a watermark of this chain`;
      const details = { field: 'minWatermark' };
      return Promise.reject(new EngineError('INVALID_ARGUMENT', message, details));
    }
    const sequence = Number(watermark);
    if (sequence <= applied) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (answer: () => void) => {
        clearTimeout(timer);
        this.waiters = this.waiters.filter((other) => other !== waiter);
        answer();
      };
      const waiter = { sequence, wake: () => finish(resolve) };
      const timer = setTimeout(
        () => finish(() => reject(late(watermark))),
        limits.watermarkWaitMsMax,
      );
      this.waiters.push(waiter);
    });
  }

  /** Tells that the counts stand at `applied`. */
  wake(applied: number): void {
    for (const { sequence, wake } of [...this.waiters]) if (sequence <= applied) wake();
  }
}

function late(watermark: string): EngineError {
  return new EngineError(
    'UNAVAILABLE',
    `the state has not reached watermark ${watermark} within ${limits.watermarkWaitMsMax} ms`,
    { reason: 'WATERMARK_NOT_REACHED', retryAfterMs: limits.watermarkWaitMsMax },
  );
}
