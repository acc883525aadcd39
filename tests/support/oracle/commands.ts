// Random chains: arbitraries of commands, and the events that a sequence of commands stands for.
import fc from 'fast-check';
import {
  type Event,
  itemSchema,
  type Purchase,
  purchaseSchema,
  type Return,
  returnSchema,
  storeSchema,
} from '../../../engine/index.ts';

/** Ids that objects, paths and byte orders stumble over stand beside plain ones. */
export const itemIds = [
  'milk',
  'bread',
  'eggs',
  '咖啡豆',
  '磨豆机',
  '__proto__',
  'constructor',
  'a/b%20c',
  '🥛',
  'tea',
  'rice',
  'popular',
] as const;
export const memberIds = ['ann', 'bob', '张三', '__proto__', 'hasOwnProperty'] as const;
export const storeIds = ['S1', 'S2', '店 3', 'toString'] as const;
/** The first of two prefixes is the smaller in UTF-16 units, the second in UTF-8 bytes. */
const purchasePrefixes = ['😀', '～', 'p'] as const;
const categories = [[], ['饮品', '奶'], ['饮品', '咖啡', '豆'], ['饮品', '奶']];
const timeZones = ['Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Etc/UTC'];
const cities = [undefined, '上海', '上海', '成都'];
const offsets = ['+08:00', 'Z', '-05:00', '+05:30', '+00:00'];
const minutes = [0, 359, 360, 659, 660, 720, 1079, 1080, 1319, 1320, 1439];

/** The day that all clocks of random chains show; receipts are older. */
export const clockMs = 20_800 * 86_400_000;

/**
 * How the days of one run are spread: close together, over months, or across grids of 480 and 960
 * days.
 */
const spreads = {
  days: (day: number) => 20_100 + (day % 9),
  months: (day: number) => 19_900 + (day % 260),
  grids: (day: number) => [18_719, 19_199, 19_680, 20_100, 20_159, 20_160, 20_640][day % 7] ?? 0,
  years: (day: number) => 18_500 + (day % 2_200),
};

interface Moment {
  readonly day: number;
  readonly minute: number;
  readonly offset: number;
}

interface Line {
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
    }
  | { readonly kind: 'buyTomorrow'; readonly lines: readonly Line[] }
  | { readonly kind: 'resend' | 'change' | 'resendReturn'; readonly of: number }
  | {
      readonly kind: 'return';
      readonly of: number;
      readonly isWhole: boolean;
      readonly lines: readonly Line[];
      readonly moment: Moment;
    }
  | {
      readonly kind: 'bringBack';
      readonly member: number;
      readonly lines: readonly Line[];
      readonly moment: Moment;
    }
  | {
      readonly kind: 'item';
      readonly item: number;
      readonly category: number;
      readonly isActive: boolean;
    }
  | {
      readonly kind: 'store';
      readonly store: number;
      readonly city: number;
      readonly timeZone: number;
    }
);

export interface Chain {
  readonly spread: keyof typeof spreads;
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
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 30, arbitrary: buy },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('return' as const),
      endsBatch,
      of: reference,
      isWhole: fc.boolean(),
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
);

/** A chain of up to `commandsMax` commands. */
export function chains(commandsMax: number): fc.Arbitrary<Chain> {
  return fc.record({
    spread: fc.constantFrom(...(Object.keys(spreads) as (keyof typeof spreads)[])),
    commands: fc.array(command, { maxLength: commandsMax, size: 'max' }),
  });
}

/** The events of a chain, in batches that reach the engine within one turn. */
export function batchesOf({ spread, commands }: Chain): Event[][] {
  const timeOf = (when: Moment) => timeText(spreads[spread](when.day), when);
  const purchases = commands.map((each, at) =>
    each.kind === 'buy' ? purchaseOf(each, { number: at, occurredAt: timeOf(each.moment) }) : null,
  );
  const known = purchases.filter((purchase) => purchase !== null);
  const returns: Return[] = [];
  const batches: Event[][] = [[]];
  for (const [at, each] of commands.entries()) {
    const purchase = purchases[at];
    const event = purchase
      ? ({ kind: 'purchase', purchase } as const)
      : eventOf(each, { number: at, known, returns, timeOf });
    if (event?.kind === 'return') returns.push(event.return);
    if (event !== undefined) batches.at(-1)?.push(event);
    if (each.endsBatch) batches.push([]);
  }
  return batches.filter((batch) => batch.length > 0);
}

interface Context {
  readonly number: number;
  /** Every purchase of the run, those still to come too, so that returns may come first. */
  readonly known: readonly Purchase[];
  readonly returns: readonly Return[];
  readonly timeOf: (when: Moment) => string;
}

function eventOf(command: Command, context: Context): Event | undefined {
  const { number, known, returns, timeOf } = context;
  switch (command.kind) {
    case 'buy':
      return undefined;
    case 'buyTomorrow': {
      const occurredAt = new Date(clockMs + 300_001).toISOString();
      const lines = linesOf(command.lines);
      const purchase = purchaseSchema.parse({ purchaseId: `future-${number}`, occurredAt, lines });
      return { kind: 'purchase', purchase };
    }
    case 'resend': {
      const purchase = pick(known, command.of);
      return purchase === undefined ? undefined : { kind: 'purchase', purchase };
    }
    case 'change': {
      const purchase = pick(known, command.of);
      return purchase === undefined ? undefined : { kind: 'purchase', purchase: changed(purchase) };
    }
    case 'resendReturn': {
      const goods = pick(returns, command.of);
      return goods === undefined ? undefined : { kind: 'return', return: goods };
    }
    case 'return':
      return returnOf(command, context);
    case 'bringBack':
      return {
        kind: 'unreferencedReturn',
        return: {
          returnId: `back-${number}`,
          memberId: pick(memberIds, command.member) ?? '',
          occurredAt: timeOf(command.moment),
          lines: linesOf(command.lines),
        },
      };
    case 'item': {
      const itemId = itemIds[command.item];
      const category = categories[command.category];
      const status = command.isActive ? 'active' : 'inactive';
      return { kind: 'item', item: itemSchema.parse({ itemId, category, status }) };
    }
    case 'store': {
      const storeId = storeIds[command.store];
      const [city, timeZone] = [cities[command.city], timeZones[command.timeZone]];
      const ofCity = city === undefined ? {} : { city };
      return { kind: 'store', store: storeSchema.parse({ storeId, timeZone, ...ofCity }) };
    }
  }
}

function purchaseOf(
  command: Command & { kind: 'buy' },
  { number, occurredAt }: { readonly number: number; readonly occurredAt: string },
): Purchase {
  const { member, store } = command;
  return purchaseSchema.parse({
    purchaseId: `${purchasePrefixes[command.prefix]}${number}`,
    ...(member === null ? {} : { memberId: memberIds[member] }),
    ...(store === null ? {} : { storeId: storeIds[store] }),
    channel: 'pos',
    occurredAt,
    lines: linesOf(command.lines),
  });
}

/** Of the purchase it names, mostly; its items are picked by position, and may be too many. */
function returnOf(
  command: Command & { kind: 'return' },
  { number, known, timeOf }: Context,
): Event {
  const purchase = command.of % 10 === 9 ? undefined : pick(known, command.of);
  const whole = purchase?.lines.map(({ itemId, quantity }) => ({ itemId, quantity }));
  const some = command.lines.slice(0, 2).map(({ item, quantity }) => ({
    itemId: pick(whole ?? [], item)?.itemId ?? itemIds[item],
    quantity,
  }));
  const goods = returnSchema.parse({
    returnId: `return-${number}`,
    purchaseId: purchase?.purchaseId ?? `nowhere-${command.of}`,
    occurredAt: timeOf(command.moment),
    lines: (command.isWhole ? whole : undefined) ?? some,
  });
  return { kind: 'return', return: goods };
}

function changed(purchase: Purchase): Purchase {
  const lines = purchase.lines.map((each) => ({ ...each, quantity: each.quantity + 1 }));
  return { ...purchase, lines };
}

function linesOf(asked: readonly Line[]): { itemId: string; quantity: number }[] {
  return asked.map(({ item, quantity }) => ({ itemId: pick(itemIds, item) ?? '', quantity }));
}

function pick<Value>(values: readonly Value[], at: number): Value | undefined {
  return values.length === 0 ? undefined : values[at % values.length];
}

function timeText(day: number, { minute, offset }: Moment): string {
  const epochMs = day * 86_400_000 + minute * 60_000;
  const suffix = offsets[offset] ?? 'Z';
  const [, sign = '+', hours = '0', rest = '0'] = /^([+-])(\d\d):(\d\d)$/.exec(suffix) ?? [];
  const offsetMs = (Number(hours) * 60 + Number(rest)) * (sign === '-' ? -60_000 : 60_000);
  return `${new Date(epochMs + offsetMs).toISOString().slice(0, 19)}${suffix}`;
}
