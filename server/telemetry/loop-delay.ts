// How late the event loop is: a timer that is due every 20 ms, and by how much it misses that.
import { Histogram, secondsBounds } from '../../engine/index.ts';

const everyMs = 20;

export class LoopDelay {
  readonly seconds = new Histogram(secondsBounds);

  /** For as long as the process has anything else to do. */
  start(): void {
    const dueMs = performance.now() + everyMs;
    setTimeout(() => {
      // A timer of Node may be a fraction of a millisecond early.
      this.seconds.observe(Math.max(0, performance.now() - dueMs) / 1_000);
      this.start();
    }, everyMs).unref();
  }
}
