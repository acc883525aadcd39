// The naive recommender as one thing: events in, state out. No WASM, no LMDB, nothing incremental.
import type { Event } from '../../../engine/index.ts';
import { type CountOptions, countAll, type State } from './counts.ts';
import { type Answer, Ledger, type LedgerOptions } from './ledger.ts';

export interface OracleOptions extends LedgerOptions, Partial<CountOptions> {}

export interface Oracle {
  readonly ledger: Ledger;
  /** The answer that the event deserves; a `created` one counts from now on. */
  accept(event: Event): Answer;
  /** Takes out all of a member. */
  erase(memberId: string): void;
  /** Counted anew over all accepted events whenever one came in since. */
  state(): State;
}

/** Half-lives default to the engine's: 60 days for pairs, 30 for popularity. */
export function createOracle(options: OracleOptions): Oracle {
  const { halfLifeDays = 60, popularityHalfLifeDays = 30 } = options;
  const ledger = new Ledger(options);
  let state: State | undefined;
  return {
    ledger,
    accept(event) {
      state = undefined;
      return ledger.accept(event);
    },
    erase(memberId) {
      state = undefined;
      ledger.erase(memberId);
    },
    state() {
      state ??= countAll(ledger, { halfLifeDays, popularityHalfLifeDays });
      return state;
    },
  };
}
