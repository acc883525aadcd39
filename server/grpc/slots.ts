// A bounded number of things at a time; who comes later waits in line.

export interface Slots {
  /** Takes one when there is one. */
  tryTake(): boolean;
  /** Resolves when one was taken. */
  take(): Promise<void>;
  /** To be called once for each that was taken. */
  give(): void;
}

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  const tryTake = (): boolean => {
    if (free === 0) return false;
    free -= 1;
    return true;
  };
  return {
    tryTake,
    take() {
      if (tryTake()) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    give() {
      // Handed on directly: nobody who comes now may overtake.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
