// Long work in slices: gives the event loop to requests whenever a slice has lasted long enough.
import { setImmediate } from 'node:timers/promises';

const sliceMsMax = 2;

export class Slices {
  private startedAt = performance.now();

  /** Waits for one turn of the event loop when the slice is over; otherwise goes on at once. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.startedAt < sliceMsMax) return;
    await setImmediate();
    this.startedAt = performance.now();
  }
}
