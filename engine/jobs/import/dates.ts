// Dates of an import file: every way of writing a day that leaves no doubt, and those with a doubt
// once the order of day and month is known.

/** The order in which day, month and year stand where all are digits and the year is not first. */
export const dateOrders = ['dmy', 'mdy', 'ymd'] as const;
export type DateOrder = (typeof dateOrders)[number];

/** The signs between the parts of a date; files mix them, and each may have an order of its own. */
export type DateStyle = '/' | '-' | '.';

/** What is known of the order: told for all, or found for each style. */
export type DateOrders = DateOrder | Readonly<Partial<Record<DateStyle, DateOrder>>>;

export interface DayFound {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** What stands after the day. */
  readonly rest: string;
}

const isoDay = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/;
const chineseDay = /^(\d{4})年(\d{1,2})月(\d{1,2})[日号]?/;
const compactDay = /^((?:19|20)\d{2})(\d{2})(\d{2})(?=$|[T ]|\d{4}$|\d{6}(?:\.\d+)?$)/;
const digitsDay = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/;
const dayOfName = /^(\d{1,2})(?:st|nd|rd|th)?[-\s./]*([a-z]{3,9})\.?[-\s./,]*(\d{4}|\d{2})(?!\d)/i;
const nameOfDay = /^([a-z]{3,9})\.?[-\s./]*(\d{1,2})(?:st|nd|rd|th)?[-\s./,]+(\d{4})(?!\d)/i;
const englishWeekday = '(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?';
const weekday = new RegExp(
  `^(?:${englishWeekday}\\.?,?\\s+|(?:星期|周)[一二三四五六日天]\\s*)`,
  'i',
);
const monthNames = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
/** Two digits of a year: 70 to 99 are of the last century. */
const centuryTurn = 70;

/** Undefined: no day. `ambiguous`: day and month cannot be told apart without an order. */
export function findDay(text: string, orders: DateOrders): DayFound | 'ambiguous' | undefined {
  const bare = text.replace(weekday, '');
  const [match, style] = matchYearFirst(bare);
  if (match !== null)
    return dayFound(bare, match, [match[1]!, match[3 - style]!, match[4 - style]!]);
  const named = dayOfName.exec(bare);
  if (named !== null) return ofNamedMonth(bare, named, { day: named[1]!, month: named[2]! });
  const american = nameOfDay.exec(bare);
  if (american !== null)
    return ofNamedMonth(bare, american, { day: american[2]!, month: american[1]! });
  const digits = digitsDay.exec(bare);
  return digits === null ? undefined : ofDigits(bare, digits, orders);
}

/** What one text says of the order of its style: `either` fits both. Undefined: no such date. */
export function orderEvidence(
  text: string,
): { readonly style: DateStyle; readonly order: DateOrder | 'either' } | undefined {
  const match = digitsDay.exec(text.trim().replace(weekday, ''));
  if (match === null || match[4]!.length !== 4) return undefined;
  const [first, second] = [Number(match[1]), Number(match[3])];
  const style = match[2] as DateStyle;
  if (first > 12 && second <= 12) return { style, order: 'dmy' };
  if (second > 12 && first <= 12) return { style, order: 'mdy' };
  return first <= 12 && second <= 12 && first !== second ? { style, order: 'either' } : undefined;
}

/**
 * The day alone, by which rows of one day are put together: `2026-05-01`, however it is written;
 * a day that could be two is left as it stands.
 */
export function dayText(text: string, orders: DateOrders): string {
  const trimmed = text.trim();
  const found = findDay(trimmed, orders);
  if (found === undefined) return trimmed;
  if (found !== 'ambiguous') return isoText(found) ?? trimmed;
  const day = findDay(trimmed, 'dmy') as DayFound;
  return trimmed.slice(0, trimmed.length - day.rest.length).trim();
}

function isoText({ year, month, day }: DayFound): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  // 30 February and month 13 are no days.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.toISOString().slice(0, 'yyyy-mm-dd'.length);
}

/** The second is how many groups fewer than the ISO pattern the one that matched has. */
function matchYearFirst(text: string): readonly [RegExpExecArray | null, 0 | 1] {
  const iso = isoDay.exec(text);
  if (iso !== null) return [iso, 0];
  return [chineseDay.exec(text) ?? compactDay.exec(text), 1];
}

function ofDigits(
  text: string,
  match: RegExpExecArray,
  orders: DateOrders,
): DayFound | 'ambiguous' | undefined {
  const [, first, style, second, last] = match as unknown as string[];
  const given = typeof orders === 'string' ? orders : orders[style as DateStyle];
  const isShort = last!.length === 2;
  // Nobody writes month.day.year with dots.
  const order = given ?? (style === '.' && !isShort ? 'dmy' : undefined);
  if (order === 'ymd') return isShort ? dayFound(text, match, [first!, second!, last!]) : undefined;
  if (order !== undefined) {
    const [day, month] = order === 'dmy' ? [first!, second!] : [second!, first!];
    return dayFound(text, match, [last!, month, day]);
  }
  if (isShort) return 'ambiguous';
  if (Number(first) > 12 || first === second)
    return dayFound(text, match, [last!, second!, first!]);
  return Number(second) > 12 ? dayFound(text, match, [last!, first!, second!]) : 'ambiguous';
}

function ofNamedMonth(
  text: string,
  match: RegExpExecArray,
  parts: { readonly day: string; readonly month: string },
): DayFound | undefined {
  const index = monthNames.indexOf(parts.month.slice(0, 3).toLowerCase());
  return index < 0 ? undefined : dayFound(text, match, [match[3]!, String(index + 1), parts.day]);
}

function dayFound(
  text: string,
  match: RegExpExecArray,
  [yearText, month, day]: readonly [string, string, string],
): DayFound {
  const short = yearText.length === 2;
  const year = Number(yearText) + (short ? (Number(yearText) < centuryTurn ? 2_000 : 1_900) : 0);
  return { year, month: Number(month), day: Number(day), rest: text.slice(match[0].length) };
}
