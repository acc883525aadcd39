// How late the event loop is: a timer that is due every 20 ms, and by how much it misses that.
import { Histogram, secondsBounds } from '../../engine/index.ts';

const everyMs = 20;

export class LoopDelay {
  readonly seconds = new Histogram(secondsBounds);
  private timer: NodeJS.Timeout | undefined;
  private dueMs = 0;

  start(): void {
    this.plan();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private plan(): void {
    this.dueMs = performance.now() + everyMs;
    this.timer = setTimeout(() => {
      // A timer of Node may be a fraction of a millisecond early.
      this.seconds.observe(Math.max(0, performance.now() - this.dueMs) / 1_000);
      this.plan();
    }, everyMs).unref();
  }
}
