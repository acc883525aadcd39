// Turns the numbers of a random chain into events and operations on an engine.
import {
  consentSchema,
  type Event,
  itemSchema,
  mergeSchema,
  type Purchase,
  purchaseSchema,
  type Return,
  returnSchema,
  storeSchema,
} from '../../../engine/index.ts';
import type { Chain, Command, Line, Moment } from './commands.ts';
import {
  categories,
  cities,
  clockMs,
  itemIds,
  memberIds,
  names,
  offsets,
  purchasePrefixes,
  roles,
  spreads,
  storeIds,
  timeZones,
} from './pools.ts';

export type ChainStep =
  | { readonly kind: 'ingest'; readonly events: readonly Event[] }
  | { readonly kind: 'erase'; readonly memberId: string }
  | { readonly kind: 'checkpoint' | 'reopen' };

/** What happens to the engine, step by step; the events of one step reach it within one turn. */
export function stepsOf({ spread, commands }: Chain): ChainStep[] {
  const timeOf = (when: Moment) => timeText(spreads[spread](when.day), when);
  const ids = commands.map((each, at) => (each.kind === 'buy' ? idOf(each, at) : []));
  const purchases = commands.map((each, at) => {
    if (each.kind !== 'buy') return null;
    const replaces = each.corrects === null ? undefined : pick(ids.flat(), each.corrects);
    return purchaseOf(each, { number: at, occurredAt: timeOf(each.moment), replaces });
  });
  const known = purchases.filter((purchase) => purchase !== null);
  const returns: Return[] = [];
  const steps: ChainStep[] = [];
  let events: Event[] = [];
  const send = () => {
    if (events.length > 0) steps.push({ kind: 'ingest', events });
    events = [];
  };
  for (const [at, each] of commands.entries()) {
    const purchase = purchases[at];
    const event = purchase
      ? ({ kind: 'purchase', purchase } as const)
      : eventOf(each, { number: at, known, returns, timeOf });
    if (event?.kind === 'return') returns.push(event.return);
    if (event !== undefined) events.push(event);
    const step = operationOf(each);
    if (each.endsBatch || step !== undefined) send();
    if (step !== undefined) steps.push(step);
  }
  send();
  return steps;
}

function operationOf(command: Command): ChainStep | undefined {
  const { kind } = command;
  if (kind === 'erase') return { kind, memberId: pick(memberIds, command.member) ?? '' };
  return kind === 'checkpoint' || kind === 'reopen' ? { kind } : undefined;
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
    case 'erase':
    case 'checkpoint':
    case 'reopen':
      return undefined;
    case 'merge': {
      const [memberId, fromMemberId] = [command.member, command.from].map(
        (at) => pick(memberIds, at) ?? '',
      );
      return { kind: 'merge', merge: mergeSchema.parse({ memberId, fromMemberId }) };
    }
    case 'mergeItem': {
      const [itemId, into] = [itemIds[command.item]!, itemIds[command.into]!];
      return { kind: 'itemMerge', itemMerge: { itemId, into } };
    }
    case 'unmergeItem':
      return { kind: 'itemUnmerge', itemUnmerge: { itemId: itemIds[command.item]! } };
    case 'consent': {
      const memberId = pick(memberIds, command.member);
      const occurredAt = timeOf(command.moment);
      const word = { memberId, personalization: command.isGiven, occurredAt };
      return { kind: 'consent', consent: consentSchema.parse(word) };
    }
    case 'buyTomorrow': {
      const occurredAt = new Date(clockMs + 300_001).toISOString();
      const lines = linesOf(command.lines);
      const purchase = purchaseSchema.parse({ purchaseId: `future-${number}`, occurredAt, lines });
      return { kind: 'purchase', purchase };
    }
    case 'attach':
      return attachOf(command, known);
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
        unreferencedReturn: {
          returnId: `back-${number}`,
          memberId: pick(memberIds, command.member) ?? '',
          occurredAt: timeOf(command.moment),
          lines: linesOf(command.lines),
        },
      };
    case 'item':
      return itemOf(command);
    case 'store': {
      const storeId = storeIds[command.store];
      const [city, timeZone] = [cities[command.city], timeZones[command.timeZone]];
      const ofCity = city === undefined ? {} : { city };
      return { kind: 'store', store: storeSchema.parse({ storeId, timeZone, ...ofCity }) };
    }
  }
}

function idOf({ prefix }: Command & { kind: 'buy' }, number: number): string {
  return `${purchasePrefixes[prefix]}${number}`;
}

interface Bought {
  readonly number: number;
  readonly occurredAt: string;
  readonly replaces: string | undefined;
}

function itemOf(command: Command & { kind: 'item' }): Event {
  const itemId = itemIds[command.item];
  const category = categories[command.category];
  const status = command.isActive ? 'active' : 'inactive';
  const name = names[(command.item + command.category) % names.length];
  const role = roles[command.role];
  const item = itemSchema.parse({ itemId, name, category, status, ...(role && { role }) });
  return { kind: 'item', item };
}

function purchaseOf(
  command: Command & { kind: 'buy' },
  { number, occurredAt, replaces }: Bought,
): Purchase {
  const { member, store } = command;
  return purchaseSchema.parse({
    purchaseId: idOf(command, number),
    ...(replaces === undefined ? {} : { replaces }),
    ...(member === null ? {} : { memberId: memberIds[member] }),
    ...(store === null ? {} : { storeId: storeIds[store] }),
    channel: 'pos',
    occurredAt,
    // Of some receipts nobody knows more than the day.
    ...(number % 5 === 0 && { timeUnknown: true }),
    lines: [...linesOf(command.lines), ...voidsOf(command)],
  });
}

function attachOf(command: Command & { kind: 'attach' }, known: readonly Purchase[]): Event {
  const purchaseId = pick(known, command.of)?.purchaseId ?? 'nowhere';
  const memberId = pick(memberIds, command.member) ?? '';
  return { kind: 'attachMember', attachMember: { purchaseId, memberId } };
}

/** Mostly of what the receipt sells; now and then more of it than that. */
function voidsOf({ lines, voids }: Command & { kind: 'buy' }) {
  const sold = linesOf(lines);
  return voids.map(({ item, quantity }) => ({ ...pick(sold, item)!, quantity: -quantity }));
}

/** Of the purchase it names, mostly; its items are picked by position, and may be too many. */
function returnOf(
  command: Command & { kind: 'return' },
  { number, known, timeOf }: Context,
): Event {
  const purchase = command.of % 10 === 9 ? undefined : pick(known, command.of);
  const isAll = command.isWhole && command.isUnnamed;
  const whole = purchase?.lines
    .filter(isSold)
    .map(({ itemId, quantity }) => ({ itemId, quantity }));
  const some = command.lines.slice(0, 2).map(({ item, quantity }) => ({
    itemId: pick(whole ?? [], item)?.itemId ?? itemIds[item],
    quantity,
  }));
  const goods = returnSchema.parse({
    returnId: `return-${number}`,
    purchaseId: purchase?.purchaseId ?? `nowhere-${command.of}`,
    occurredAt: timeOf(command.moment),
    ...(isAll ? {} : { lines: (command.isWhole ? whole : undefined) ?? some }),
  });
  return { kind: 'return', return: goods };
}

function changed(purchase: Purchase): Purchase {
  const lines = purchase.lines.map((each) =>
    isSold(each) ? { ...each, quantity: each.quantity + 1 } : each,
  );
  return { ...purchase, lines };
}

function isSold({ quantity }: { readonly quantity: number }): boolean {
  return quantity > 0;
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
