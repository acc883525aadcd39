// What a line of a scenario means, once read: the steps that a driver is put through.
import type {
  Daypart,
  IngestStatus,
  ReasonType,
  Relaxation,
  Scenario,
} from '../../../engine/index.ts';

export interface Pieces {
  readonly itemId: string;
  readonly quantity: number;
}

/** When a step happens; what is absent is taken from the step before it. */
export interface When {
  readonly day?: number;
  readonly time?: string;
  /** `+05:30` or `Z` (which tells no local time); the chain's own offset when absent. */
  readonly offset?: string;
}

export interface ExpectedAnswer {
  readonly status: IngestStatus;
  readonly reason?: string;
  readonly parked: boolean;
  readonly unmatchedQuantity?: number;
}

export interface ExpectedItem {
  readonly itemId: string;
  readonly count?: number;
  readonly reasonType?: ReasonType;
}

export interface ExpectedList {
  readonly items: readonly ExpectedItem[];
  /** The reply may go on after these items. */
  readonly isOpen: boolean;
  readonly relaxations: readonly Relaxation[];
  readonly personalized?: boolean;
}

/** Who, where and when. */
export interface Placed {
  readonly when: When;
  readonly storeId: string | undefined;
  /** Undefined for `-`, the anonymous. */
  readonly memberId: string | undefined;
}

export type Step =
  | { readonly kind: 'clock'; readonly when: When }
  | { readonly kind: 'reopen' }
  | {
      readonly kind: 'item';
      readonly itemId: string;
      readonly category: readonly string[];
      readonly status: 'active' | 'inactive';
    }
  | {
      readonly kind: 'store';
      readonly storeId: string;
      readonly city: string | undefined;
      readonly timeZone: string | undefined;
    }
  | (Placed & {
      readonly kind: 'buys' | 'returns';
      readonly purchaseId: string;
      readonly returnId: string | undefined;
      readonly pieces: readonly Pieces[];
      readonly expected: ExpectedAnswer;
    })
  | (Placed & {
      readonly kind: 'brings-back';
      readonly pieces: readonly Pieces[];
      readonly expected: ExpectedAnswer;
    })
  | (Omit<Placed, 'when'> & {
      readonly kind: 'ask';
      readonly scenario: Scenario;
      readonly itemId: string | undefined;
      readonly basket: readonly Pieces[];
      readonly exclude: readonly string[];
      readonly daypart: Daypart | undefined;
      readonly limit: number | undefined;
      readonly expected: ExpectedList;
    });
