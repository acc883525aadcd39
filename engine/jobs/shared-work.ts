// Long work that is done once for all who ask for it: one run at a time, given up when nobody waits
// for it any more.
import { EngineError } from '../base/errors.ts';

export type Progress = (done: number, total: number) => void;

/** How somebody waits for long work. */
export interface Waiting {
  /** Aborted when they wait no longer. Absent: they wait to the end. */
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** One run, as the work sees it. */
export interface Run {
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /**
   * To be called when the run begins to read: who asks from here on gets the next one, which
   * holds what happened before they asked.
   */
  readonly seal: () => void;
}

/** What is thrown at who gives long work up, and inside it. */
function abandoned(): EngineError {
  const message = 'given up: nobody waits for it any more';
  return new EngineError('UNAVAILABLE', message, { reason: 'ABANDONED' });
}

function closing(): EngineError {
  const details = { reason: 'CLOSING', retryAfterMs: 1_000 };
  return new EngineError('UNAVAILABLE', 'the engine is closing', details);
}

export class SharedWork<Result> {
  private readonly work: (run: Run) => Promise<Result>;
  private running: SharedRun<Result> | undefined;
  private next: SharedRun<Result> | undefined;
  private isClosed = false;

  constructor(work: (run: Run) => Promise<Result>) {
    this.work = work;
  }

  /**
   * Joins the run that has not begun to read, or else the one after it. Rejects with UNAVAILABLE,
   * ABANDONED, as soon as the signal is aborted.
   */
  ask(waiting: Waiting = {}): Promise<Result> {
    if (this.isClosed) return Promise.reject(closing());
    if (waiting.signal?.aborted) return Promise.reject(abandoned());
    const answer = this.openRound().join(waiting);
    this.begin();
    return answer;
  }

  /** Gives up what runs and refuses what comes; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.next?.end(closing());
    this.next = undefined;
    this.running?.end(closing());
    await this.running?.over;
  }

  private openRound(): SharedRun<Result> {
    if (this.running && !this.running.isSealed) return this.running;
    // One that all have left is given up already.
    if (!this.next || this.next.isSealed) this.next = new SharedRun();
    return this.next;
  }

  private begin(): void {
    const round = this.next;
    if (this.running !== undefined || round === undefined) return;
    this.next = undefined;
    if (round.isEmpty) return;
    this.running = round;
    round.over = round.run(this.work).then(() => {
      this.running = undefined;
      this.begin();
    });
  }
}

interface Waiter<Result> {
  readonly progress: Progress | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** One run and all who wait for it. */
class SharedRun<Result> {
  isSealed = false;
  over: Promise<void> = Promise.resolve();
  private readonly waiters = new Set<Waiter<Result>>();
  private readonly stop = new AbortController();
  private lastProgress: readonly [done: number, total: number] | undefined;

  get isEmpty(): boolean {
    return this.waiters.size === 0;
  }

  join({ signal, progress }: Waiting): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiters.delete(waiter);
        reject(abandoned());
        if (this.isEmpty) this.giveUp(abandoned());
      };
      const stay = () => signal?.removeEventListener('abort', leave);
      const waiter: Waiter<Result> = {
        progress,
        resolve: (result) => {
          stay();
          resolve(result);
        },
        reject: (error) => {
          stay();
          reject(error);
        },
      };
      this.waiters.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
      if (this.lastProgress) progress?.(...this.lastProgress);
    });
  }

  /** Rejects for all who wait, and gives the run up. */
  end(error: EngineError): void {
    for (const { reject } of this.waiters) reject(error);
    this.waiters.clear();
    this.giveUp(error);
  }

  private giveUp(error: EngineError): void {
    this.isSealed = true;
    this.stop.abort(error);
  }

  /** Never rejects: those who wait get the error. */
  async run(work: (run: Run) => Promise<Result>): Promise<void> {
    try {
      const result = await work({
        signal: this.stop.signal,
        progress: (done, total) => this.reportProgress(done, total),
        seal: () => {
          this.isSealed = true;
        },
      });
      for (const { resolve } of this.waiters) resolve(result);
    } catch (error) {
      for (const { reject } of this.waiters) reject(error);
    } finally {
      this.isSealed = true;
    }
  }

  private reportProgress(done: number, total: number): void {
    this.lastProgress = [done, total];
    for (const { progress } of this.waiters) progress?.(done, total);
  }
}
