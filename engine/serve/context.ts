// One request with its ids looked up: what the scenarios work on.
import { dayOf } from '../base/clock.ts';
import type { Content } from '../catalogue/content.ts';
import type { ItemCodes } from '../catalogue/item-codes.ts';
import type { Newcomers } from '../catalogue/newcomers.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { Counts } from '../counting/counts.ts';
import type { Kernel } from '../kernel/kernel.ts';
import {
  type Audience,
  dayparts,
  type Formula,
  type RecommendRequest,
  type Relaxation,
  type Scenario,
} from './request.ts';

/** What serving may know of a member; each part is read when it is asked for. */
export interface KnownMember {
  /** Of personalisation. */
  readonly isOptedOut: boolean;
  /** Whether any receipt of them counts. */
  isKnown(): boolean;
  /** All receipts; undefined when none counts. */
  history(): Buffer | undefined;
}

/** What serving reads; nothing of it is ever written here. */
export interface ServeState {
  readonly counts: Counts;
  readonly registries: Registries;
  readonly codes: ItemCodes;
  readonly content: Content;
  readonly newcomers: Newcomers;
  /** Of the kernel: an item must have its bit in each of them, three at most, to be listed. */
  readonly bitmaps: readonly number[];
  readonly memberOf: (memberId: string) => KnownMember;
  readonly formula: Formula;
  readonly watermark: string;
}

export interface ServeContext {
  readonly scenario: Scenario;
  readonly audience: Audience;
  readonly kernel: Kernel;
  readonly registries: Registries;
  readonly content: Content;
  readonly newcomers: Newcomers;
  readonly bitmaps: readonly number[];
  readonly limit: number;
  /** Undefined: no member was given, nothing of them counts, or the scenario asks nothing of it. */
  readonly history: Buffer | undefined;
  readonly storeNumber: number | undefined;
  readonly anchorNumber: number | undefined;
  /** Known items of the ticket, distinct, and how many distinct items it has in all. */
  readonly ticket: readonly number[];
  readonly ticketSize: number;
  /** Known items of the ticket and those that the request excludes. */
  readonly excluded: readonly number[];
  readonly daypart: number | undefined;
  /** The day that the request weighs against, and g of it. */
  readonly day: number;
  readonly growthNow: number;
  readonly formula: Formula;
  /** Whether the parts of each score are asked for. */
  readonly explains: boolean;
  readonly relaxations: Relaxation[];
}

function knownNumbers(ids: readonly string[], state: ServeState): number[] {
  if (ids.length === 0) return [];
  const numbers = new Set<number>();
  for (const id of ids) {
    const number = itemNumber(id, state);
    if (number !== undefined) numbers.add(number);
  }
  return [...numbers];
}

/** The items of a ticket, each by one id; those that nobody knows too. */
function distinctIds({ basket }: RecommendRequest, state: ServeState): readonly string[] {
  if (basket.length === 0) return [];
  const { codes, registries } = state;
  const { items, merges } = registries;
  const given = basket.map(({ itemId }) => itemId);
  // Most chains name items by their ids alone, and then nothing is looked up here.
  if (codes.isIdle && merges.isEmpty) return [...new Set(given)];
  const ids = given.map((code) => {
    const id = codes.itemIdOf(code);
    const number = items.numberOf(id);
    return number === undefined ? id : items.idOf(merges.survivorOf(number));
  });
  return [...new Set(ids)];
}

/** Of an id, or of a code of an item. */
function itemNumber(
  itemId: string | undefined,
  { counts, registries, codes }: ServeState,
): number | undefined {
  if (itemId === undefined) return undefined;
  const { items, merges } = registries;
  const named = items.numberOf(codes.itemIdOf(itemId));
  const number = named === undefined ? undefined : merges.survivorOf(named);
  return number !== undefined && counts.knowsItem(number) ? number : undefined;
}

function numberOfStore(storeId: string | undefined, counts: Counts): number | undefined {
  const number = storeId === undefined ? undefined : counts.registries.stores.numberOf(storeId);
  return number !== undefined && counts.knowsStore(number) ? number : undefined;
}

/** Of a scenario that starts from it; the others only say whether the member is known. */
function historyFor(
  { memberId, scenario }: RecommendRequest,
  state: ServeState,
  relaxations: Relaxation[],
): Buffer | undefined {
  if (memberId === undefined) return undefined;
  const member = state.memberOf(memberId);
  if (member.isOptedOut) {
    relaxations.push('member_opted_out');
    return undefined;
  }
  const history = startsFromHistory(scenario) ? member.history() : undefined;
  if (!history && (startsFromHistory(scenario) || !member.isKnown())) {
    relaxations.push('member_unknown');
  }
  return history;
}

/** The others ask nothing of what the member bought. */
function startsFromHistory(scenario: Scenario): boolean {
  return scenario !== 'similar' && scenario !== 'bought-together' && scenario !== 'popular';
}

/** Looks up the ids, and reads the member's history into the kernel where the scenario needs it. */
export function deriveContext(
  request: RecommendRequest,
  state: ServeState,
  audience: Audience,
): ServeContext {
  const { counts, registries } = state;
  const { storeId, itemId } = request;
  const relaxations: Relaxation[] = [];
  const history = historyFor(request, state, relaxations);
  if (history) counts.kernel.readHistory(counts.kernel.layout.sides.request, history);
  const storeNumber = numberOfStore(storeId, counts);
  if (storeId !== undefined && storeNumber === undefined) relaxations.push('store_unknown');
  const anchorNumber = itemNumber(itemId, state);
  if (itemId !== undefined && anchorNumber === undefined) relaxations.push('item_unknown');
  const ticketIds = distinctIds(request, state);
  const ticket = knownNumbers(ticketIds, state);
  const day = request.asOf === undefined ? counts.now() : dayOf(Date.parse(request.asOf));
  return {
    scenario: request.scenario,
    audience,
    kernel: counts.kernel,
    registries,
    content: state.content,
    newcomers: state.newcomers,
    bitmaps: state.bitmaps,
    limit: request.limit,
    history,
    storeNumber,
    anchorNumber,
    ticket,
    ticketSize: ticketIds.length,
    excluded: [...ticket, ...knownNumbers(request.exclude, state)],
    daypart: request.daypart === undefined ? undefined : dayparts.indexOf(request.daypart),
    day,
    growthNow: counts.kernel.run.pairGrowth(day),
    formula: state.formula,
    // At a till the parts would reveal what the member bought.
    explains: request.explain === true && audience !== 'till',
    relaxations,
  };
}
