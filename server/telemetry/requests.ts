// How long requests took, by operation, door and code: what a hot way calls costs some
// nanoseconds.
import { Histogram, secondsBounds } from '../../engine/index.ts';

export type DoorName = 'http' | 'grpc';

/** One kind of requests at one door. */
export class RequestTimer {
  readonly operation: string;
  readonly door: DoorName;
  /** By code: the status of HTTP, or the name of a gRPC code. */
  readonly byCode = new Map<string, Histogram>();

  constructor(operation: string, door: DoorName) {
    this.operation = operation;
    this.door = door;
  }

  /** `tookMs`: from when its head was read until its answer was handed to the connection. */
  observe(code: string, tookMs: number): void {
    let histogram = this.byCode.get(code);
    if (histogram === undefined) {
      histogram = new Histogram(secondsBounds);
      this.byCode.set(code, histogram);
    }
    histogram.observe(tookMs / 1_000);
  }
}

/** Timers by the names of operations, which are a closed set. */
export class RequestTimers {
  private readonly timers = new Map<string, RequestTimer>();

  of(operation: string, door: DoorName): RequestTimer {
    const key = `${door} ${operation}`;
    let timer = this.timers.get(key);
    if (timer === undefined) {
      timer = new RequestTimer(operation, door);
      this.timers.set(key, timer);
    }
    return timer;
  }

  get all(): Iterable<RequestTimer> {
    return this.timers.values();
  }
}
