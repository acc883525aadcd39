// Keys of what is left in Redis: random, in memory only, and thrown away by every erase, so that
// nothing that lies there or in a copy of its file can be read any more.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../engine/index.ts';
import type { FrameKey } from './frames.ts';
import { clusterLimits } from './limits.ts';

/** The keys that a node made itself. */
export class StreamKeys {
  private readonly clock: Clock;
  private readonly keys = new Map<string, Buffer>();
  private current: FrameKey | undefined;
  private madeAtMs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The key for the next frame. */
  now(): FrameKey {
    const isOld = this.clock() - this.madeAtMs > clusterLimits.streamKeyMsMax;
    if (this.current === undefined || isOld) this.change();
    return this.current!;
  }

  find(id: string): Buffer | undefined {
    return this.keys.get(id);
  }

  /** After an erase: nobody reads what came before. */
  forget(): void {
    for (const key of this.keys.values()) key.fill(0);
    this.keys.clear();
    this.current = undefined;
  }

  private change(): void {
    const [previous] = this.current === undefined ? [] : [this.current];
    this.keys.clear();
    // Frames under the last key may still be on their way.
    if (previous !== undefined) this.keys.set(previous.id, previous.key);
    this.current = { id: randomBytes(8).toString('hex'), key: randomBytes(32) };
    this.keys.set(this.current.id, this.current.key);
    this.madeAtMs = this.clock();
  }
}
