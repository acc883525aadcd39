// Half a year of visits as receipts: one day after the other, each day's tickets in the order of
// the clock.
import { createRandom, type Purchase, type Random } from '../../engine/index.ts';
import { calendarDay } from './calendar.ts';
import type { Household, ShelfItem } from './shapes.ts';
import type { Shelving } from './shelving.ts';
import { createState, shop, type Visit } from './shopping.ts';

export interface ReceiptOptions {
  readonly shelving: Shelving;
  readonly households: readonly Household[];
  readonly seed: number;
  /** First local day, in days since 1970-01-01. */
  readonly firstDay: number;
  readonly days: number;
}

/** Members who leave their card at home. */
const forgottenCardShare = 0.05;

/** In time order, ids unique. Every call with the same options gives the same receipts. */
export function* generateReceipts(options: ReceiptOptions): Generator<Purchase, void, undefined> {
  const random = createRandom(options.seed + 1);
  const states = options.households.map((household) => createState(household, random));
  for (let dayIndex = 0; dayIndex < options.days; dayIndex++) {
    const calendar = calendarDay(options.firstDay + dayIndex);
    const daysAgo = options.days - dayIndex;
    const context = { shelving: options.shelving, random, calendar, dayIndex, daysAgo };
    const visits: Visit[] = [];
    for (const state of states) {
      if (state.nextVisitDay > dayIndex || dayIndex > state.household.lastDay) continue;
      const visit = shop(state, context);
      if (visit !== undefined) visits.push(visit);
    }
    visits.sort((first, second) => first.hour - second.hour);
    yield* toReceipts(visits, calendar.date, random);
  }
}

function* toReceipts(visits: readonly Visit[], date: string, random: Random): Generator<Purchase> {
  const ticketNumbers = new Map<string, number>();
  for (const visit of visits) {
    const { storeId } = visit.store;
    const ticketNumber = (ticketNumbers.get(storeId) ?? 0) + 1;
    ticketNumbers.set(storeId, ticketNumber);
    yield {
      // As tills number them: store, day, running number.
      purchaseId: `${storeId}-${date.replaceAll('-', '')}-${String(ticketNumber).padStart(4, '0')}`,
      storeId,
      occurredAt: `${date}T${clockTime(visit.hour)}+08:00`,
      ...drawDoor(visit, random),
      lines: visit.items.map((item) => toLine(item, random)),
    };
  }
}

type Door = Pick<Purchase, 'memberId' | 'channel' | 'terminalId'>;

function drawDoor(visit: Visit, random: Random): Door {
  const { memberId, onlineShare } = visit.household;
  if (memberId !== undefined && random.chance(onlineShare)) {
    return { memberId, channel: random.chance(0.65) ? 'mini_program' : 'app' };
  }
  const terminalId = `${visit.store.storeId}-T${1 + random.integer(3)}`;
  const showsCard = memberId !== undefined && !random.chance(forgottenCardShare);
  return showsCard ? { memberId, channel: 'pos', terminalId } : { channel: 'pos', terminalId };
}

function toLine(item: ShelfItem, random: Random): Purchase['lines'][number] {
  const isCheap = item.priceFen < 1_000;
  const quantity = isCheap && random.chance(0.2) ? 2 + random.integer(2) : 1;
  // Now and then a shelf is on offer, ten per cent off, rounded to a tenth of a yuan.
  const isOffer = random.chance(0.1);
  const unitPriceFen = isOffer ? Math.round((item.priceFen * 0.9) / 10) * 10 : item.priceFen;
  return { itemId: item.itemId, quantity, unitPriceFen };
}

function clockTime(hour: number): string {
  const seconds = Math.floor(hour * 3_600);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
