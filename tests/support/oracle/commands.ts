// Random chains: arbitraries of what may happen to a chain, in small numbers that shrink well.
import fc from 'fast-check';
import {
  categories,
  cities,
  itemIds,
  memberIds,
  offsets,
  purchasePrefixes,
  roles,
  type Spread,
  spreads,
  storeIds,
  timeZones,
} from './pools.ts';

const minutes = [0, 359, 360, 659, 660, 720, 1079, 1080, 1319, 1320, 1439];

export interface Moment {
  readonly day: number;
  readonly minute: number;
  readonly offset: number;
}

export interface Line {
  readonly item: number;
  readonly quantity: number;
}

export type Command = { readonly endsBatch: boolean } & (
  | {
      readonly kind: 'buy';
      readonly member: number | null;
      readonly store: number | null;
      readonly moment: Moment;
      readonly prefix: number;
      readonly lines: readonly Line[];
      /** Scans that were taken back. */
      readonly voids: readonly Line[];
      /** The receipt that it replaces. */
      readonly corrects: number | null;
    }
  | { readonly kind: 'attach'; readonly of: number; readonly member: number }
  | { readonly kind: 'buyTomorrow'; readonly lines: readonly Line[] }
  | { readonly kind: 'resend' | 'change' | 'resendReturn'; readonly of: number }
  | {
      readonly kind: 'return';
      readonly of: number;
      readonly isWhole: boolean;
      /** All that is left, without saying what that is. */
      readonly isUnnamed: boolean;
      readonly lines: readonly Line[];
      readonly moment: Moment;
    }
  | {
      readonly kind: 'bringBack';
      readonly member: number;
      readonly lines: readonly Line[];
      readonly moment: Moment;
    }
  | { readonly kind: 'merge'; readonly member: number; readonly from: number }
  | { readonly kind: 'mergeItem'; readonly item: number; readonly into: number }
  | { readonly kind: 'unmergeItem'; readonly item: number }
  | {
      readonly kind: 'consent';
      readonly member: number;
      readonly isGiven: boolean;
      readonly moment: Moment;
    }
  | { readonly kind: 'erase'; readonly member: number }
  | { readonly kind: 'checkpoint' | 'reopen' }
  | {
      readonly kind: 'item';
      readonly item: number;
      readonly category: number;
      readonly isActive: boolean;
      readonly role: number;
    }
  | {
      readonly kind: 'store';
      readonly store: number;
      readonly city: number;
      readonly timeZone: number;
    }
);

export interface Chain {
  readonly spread: Spread;
  readonly commands: readonly Command[];
}

const index = (values: { readonly length: number }) => fc.nat({ max: values.length - 1 });
const line = fc.record({ item: index(itemIds), quantity: fc.integer({ min: 1, max: 3 }) });
const lines = fc.array(line, { minLength: 1, maxLength: 6 });
const moment = fc.record({
  day: fc.nat({ max: 9_999 }),
  minute: fc.oneof(fc.constantFrom(...minutes), fc.nat({ max: 1_439 })),
  offset: index(offsets),
});
const endsBatch = fc.boolean();
const reference = fc.nat({ max: 99 });

const buy = fc.record({
  kind: fc.constant('buy' as const),
  endsBatch,
  member: fc.option(index(memberIds), { freq: 4 }),
  store: fc.option(index(storeIds), { freq: 3 }),
  moment,
  prefix: index(purchasePrefixes),
  lines,
  voids: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(line, { minLength: 1, maxLength: 2 }) },
  ),
  corrects: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: reference },
  ),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 30, arbitrary: buy },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('attach' as const),
      endsBatch,
      of: reference,
      member: index(memberIds),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('return' as const),
      endsBatch,
      of: reference,
      isWhole: fc.boolean(),
      isUnnamed: fc.boolean(),
      lines,
      moment,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('resend' as const, 'change' as const, 'resendReturn' as const),
      endsBatch,
      of: reference,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('bringBack' as const),
      endsBatch,
      member: index(memberIds),
      lines,
      moment,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('item' as const),
      endsBatch,
      item: index(itemIds),
      category: index(categories),
      isActive: fc.boolean(),
      role: index(roles),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      endsBatch,
      store: index(storeIds),
      city: index(cities),
      timeZone: index(timeZones),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('buyTomorrow' as const), endsBatch, lines }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('merge' as const),
      endsBatch,
      member: index(memberIds),
      from: index(memberIds),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mergeItem' as const),
      endsBatch,
      item: index(itemIds),
      into: index(itemIds),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('unmergeItem' as const),
      endsBatch,
      item: index(itemIds),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('consent' as const),
      endsBatch,
      member: index(memberIds),
      isGiven: fc.boolean(),
      moment,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('erase' as const),
      endsBatch,
      member: index(memberIds),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('checkpoint' as const, 'reopen' as const),
      endsBatch,
    }),
  },
);

/** A chain of up to `commandsMax` commands. */
export function chains(commandsMax: number): fc.Arbitrary<Chain> {
  return fc.record({
    spread: fc.constantFrom(...(Object.keys(spreads) as Spread[])),
    commands: fc.array(command, { maxLength: commandsMax, size: 'max' }),
  });
}
