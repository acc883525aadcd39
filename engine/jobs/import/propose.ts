// Proposal: which column of a table is what, by its name and by what stands in it.
import {
  type ColumnMap,
  type ColumnRules,
  dayColumnOf,
  type ImportField,
  isOwnField,
} from './columns.ts';
import type { Condition } from './conditions.ts';
import { type ColumnProfile, isMostly } from './profile.ts';
import { proposeMoney, proposeThousandths, proposeUnits } from './propose-amounts.ts';
import { proposeConditions } from './propose-conditions.ts';
import { hasSeparator, splitPieces, splitText } from './split.ts';
import type { TableRow } from './table-row.ts';
import { type ColumnRole, rolesOf } from './vocabulary.ts';

export interface ProposalSample {
  readonly profiles: readonly ColumnProfile[];
  readonly rows: readonly TableRow[];
}

export interface Proposal {
  readonly map: ColumnMap;
  readonly skip: readonly Condition[];
  readonly returns: readonly Condition[];
  readonly thousandths: readonly Condition[];
  readonly fillDown: boolean;
  readonly split: string | undefined;
  readonly piecesInName: boolean;
  /** Why it is proposed, where the names do not say it. */
  readonly reasons: readonly string[];
}

/** What is looked for first may take a column that others would like, too. */
const order: readonly ImportField[] = [
  'purchaseId',
  'memberId',
  'itemId',
  'itemName',
  'quantity',
  'unitPriceFen',
  'lineTotalFen',
  'discountFen',
  'paidFen',
  'unitPrice',
  'lineTotal',
  'discount',
  'paid',
  'storeId',
  'terminalId',
  'cashierId',
  'couponIds',
  'returnOf',
  'replaces',
  'category',
  'brand',
  'channel',
  'isGift',
  'timeUnknown',
];

const amountFields = /^(?:quantity|unitPrice|lineTotal|discount|paid)/;
/** What somebody told already. */
export interface StatedReading {
  readonly columns: ColumnRules;
  readonly skip: readonly Condition[];
  readonly returns: readonly Condition[];
  readonly thousandths: readonly Condition[];
}

/** Columns by their names, checked against what stands in them; what is told stays. */
export function propose({ profiles, rows }: ProposalSample, stated: StatedReading): Proposal {
  const reasons: string[] = [];
  const map: Partial<Record<ImportField, string>> = { ...stated.columns.map };
  const names = new Set(Object.values(map));
  const taken = new Set(profiles.flatMap(({ name, index }) => (names.has(name) ? [index] : [])));
  const time = map.occurredAt === undefined ? proposeTime(profiles) : undefined;
  if (time !== undefined) {
    map.occurredAt = time.text;
    for (const index of time.indices) taken.add(index);
  }
  for (const field of order) {
    if (map[field] !== undefined) continue;
    const column = bestFor(field, profiles, taken);
    if (column === undefined) continue;
    map[field] = column.name;
    taken.add(column.index);
  }
  if (stated.columns.map?.category === undefined) reasons.push(...proposeShelves(map, profiles));
  if (map.itemId === undefined && map.itemName !== undefined) {
    map.itemId = map.itemName;
    reasons.push(`there is no code of an item, so that its name "${map.itemName}" is its id`);
  }
  const isStated = stated.columns.map?.itemId !== undefined;
  const coded = isStated ? undefined : profiles.find(({ name }) => name === map.itemId);
  const hasName = map.itemName !== undefined && map.itemName !== map.itemId;
  if (coded !== undefined && hasName && coded.filled < coded.rows) {
    map.itemId = `${map.itemId}|${map.itemName}`;
    reasons.push(
      `"${coded.name}" is blank in some rows, which take the name of the item for its id`,
    );
  }
  if (map.memberId === undefined) map.memberId = '';
  reasons.push(...proposeReceiptId(map, { profiles, rows }));
  const amounts = { profiles, rows, map, stated: new Set(Object.keys(stated.columns.map ?? {})) };
  reasons.push(...proposeMoney(amounts));
  const fine = proposeThousandths(amounts);
  const areStated = stated.thousandths.length > 0;
  if (!areStated) reasons.push(...fine.reasons);
  reasons.push(...proposeUnits(amounts));
  const decided = new Set([...stated.skip, ...stated.returns].map(({ column }) => column));
  const { reasons: remarks, ...conditions } = proposeConditions({
    ...{ profiles, rows, map, taken, decided },
  });
  reasons.push(...remarks);
  const number = profiles.find(({ name }) => name === map.purchaseId);
  const split = proposeSplit(map, profiles);
  const named = map.quantity === undefined ? piecesInNames(map, profiles, split) : undefined;
  if (named !== undefined) reasons.push(named.reason);
  return {
    map,
    ...conditions,
    thousandths: areStated ? [] : fine.thousandths,
    fillDown: number !== undefined && isContinued(number, rows),
    split,
    piecesInName: named?.isSure ?? false,
    reasons,
  };
}

function rankOf(role: ColumnRole, { name }: ColumnProfile): number | undefined {
  if (isOwnField(name)) return name === role ? -1 : undefined;
  return rolesOf(name).find((guess) => guess.role === role)?.rank;
}

function bestFor(
  field: ImportField,
  profiles: readonly ColumnProfile[],
  taken: ReadonlySet<number>,
): ColumnProfile | undefined {
  const fits = profiles.flatMap((profile) => {
    const rank = taken.has(profile.index) ? undefined : rankOf(field, profile);
    return rank === undefined || !holds(field, profile) ? [] : [{ profile, rank }];
  });
  return fits.toSorted((one, other) => one.rank - other.rank)[0]?.profile;
}

/** Whether what stands in a column can be this field at all. */
function holds(field: ImportField, profile: ColumnProfile): boolean {
  if (profile.filled === 0) return false;
  // Orders call their goods `items`, and reports how many there were.
  const isPlural = field === 'itemId' && /(?:items|products)$/i.test(profile.name);
  if (isPlural && isMostly(profile.amounts, profile)) return false;
  if (amountFields.test(field)) return isMostly(profile.amounts, profile);
  const needsText = field === 'itemName' || field === 'category' || field === 'brand';
  return !needsText || !isMostly(profile.amounts, profile);
}

interface TimeProposal {
  readonly text: string;
  readonly indices: readonly number[];
}

/** A column with day and time of day, else a day and a time of day beside it, else a day. */
function proposeTime(profiles: readonly ColumnProfile[]): TimeProposal | undefined {
  const times = profiles.filter(
    (profile) => isMostly(profile.times, profile) && looksLikeTime(profile),
  );
  const byRank = (one: ColumnProfile, other: ColumnProfile) =>
    (rankOf('occurredAt', one) ?? 1_000) - (rankOf('occurredAt', other) ?? 1_000);
  const ranked = times.toSorted(byRank);
  const whole = ranked.find(
    (profile) => isMostly(profile.clocks, profile) && hasTimesOfDay(profile),
  );
  if (whole !== undefined) return { text: whole.name, indices: [whole.index] };
  const [day] = ranked;
  if (day === undefined) return undefined;
  const clock = profiles.find(
    (profile) =>
      profile.index !== day.index &&
      rankOf('clock', profile) !== undefined &&
      isMostly(profile.clocksAlone, profile),
  );
  return clock === undefined
    ? { text: day.name, indices: [day.index] }
    : { text: `${day.name}+${clock.name}`, indices: [day.index, clock.index] };
}

/** Numbers can be days of a spreadsheet or seconds, but only a name says that they are. */
function looksLikeTime(profile: ColumnProfile): boolean {
  if (rankOf('occurredAt', profile) !== undefined) return true;
  const [first = ''] = profile.values.keys();
  return !/^\d+(?:\.\d+)?$/.test(first);
}

/** A midnight in every row is a day that some program wrote as a time. */
function hasTimesOfDay({ values }: ColumnProfile): boolean {
  return [...values.keys()].some((text) => !/[T ]0?0:00(?::00(?:\.0+)?)?(?:Z|[+-].*)?$/.test(text));
}

const shelves = [/大类/, /中类/, /小类/] as const;

/** Levels of shelves in columns of their own; the narrowest names items that have no name. */
function proposeShelves(
  map: Partial<Record<ImportField, string>>,
  profiles: readonly ColumnProfile[],
): string[] {
  const levels = shelves.flatMap((word) => {
    const fits = profiles.filter(
      (profile) => word.test(profile.name) && holds('category', profile),
    );
    return (fits.find(({ name }) => /名/.test(name)) ?? fits[0])?.name ?? [];
  });
  if (levels.length < 2) return [];
  map.category = levels.join('+');
  if (map.itemName !== undefined) return [];
  map.itemName = levels.at(-1)!;
  return [`items have no names of their own, so that they get those of "${map.itemName}"`];
}

/** A file without receipt numbers, or with numbers that are those of members or rows. */
function proposeReceiptId(
  map: Partial<Record<ImportField, string>>,
  { profiles, rows }: ProposalSample,
): string[] {
  if (map.purchaseId !== undefined) return [];
  const number = profiles.find(({ name }) => /^(?:id|no|number|编号)$/i.test(name));
  const isReceipt = number !== undefined && isOfReceipts(number, rows);
  if (
    !isReceipt &&
    map.memberId !== undefined &&
    map.memberId !== '' &&
    map.occurredAt !== undefined
  ) {
    map.purchaseId = `${map.memberId}+${dayColumnOf(map.occurredAt)}`;
    return ['there is no receipt number: what a member buys on one day is taken for one receipt'];
  }
  if (number === undefined) return [];
  map.purchaseId = number.name;
  return [`"${number.name}" is taken for the receipt number: nothing else could be`];
}

/** Lines of one document are one receipt, and its number is no number of rows. */
function isOfReceipts(number: ColumnProfile, rows: readonly TableRow[]): boolean {
  return number.filled === number.rows && rows.every(({ whole }) => whole > 0);
}

/** Lines below the first one of a receipt that leave its number blank. */
function isContinued(number: ColumnProfile, rows: readonly TableRow[]): boolean {
  if (number.filled === number.rows || number.filled === 0) return false;
  const blanks = rows.filter(
    ({ fields }, at) =>
      at > 0 &&
      (fields[number.index] ?? '').trim() === '' &&
      fields.filter((text) => text.trim() !== '').length >= 2,
  ).length;
  return blanks > 0;
}

const separators = [';', '|', '\n', '、', ', ', ','] as const;
/** Signs that names have, too: only a count on both sides makes separators of them. */
const weakSeparators = ['/', '+', ' '] as const;
const countedPart = /(?:\S\s*[x×*＊]\s*\d+(?:\.\d+)?|^\d+(?:\.\d+)?\s*[x×*＊]\s*\S.*)$/i;

/** One row an order: every number once, and several items in one cell. */
function proposeSplit(map: ColumnMap, profiles: readonly ColumnProfile[]): string | undefined {
  const number = profiles.find(({ name }) => name === map.purchaseId);
  const item = profiles.find(({ name }) => name === map.itemId);
  if (number === undefined || item === undefined || number.rows < 2) return undefined;
  if (number.values.size < number.filled && !number.isOpen) return undefined;
  const texts = [...item.values.keys()];
  const isMost = (fits: (text: string) => boolean) => texts.filter(fits).length * 2 > texts.length;
  const strong = separators.find((separator) => isMost((text) => hasSeparator(text, separator)));
  if (strong !== undefined || !isMost((text) => countedPart.test(text))) return strong;
  // Most orders are of one item, and have no separator; a count they have all the same.
  const between = [...separators, ...weakSeparators].find((separator) => {
    const several = texts.filter((text) => hasSeparator(text, separator));
    return several.length > 0 && several.every((text) => isCounted(text, separator));
  });
  return between ?? ';';
}

/** Whether each item between these signs has its count. */
function isCounted(text: string, separator: string): boolean {
  const parts = text.split(separator).filter((part) => part.trim() !== '');
  return parts.length > 0 && parts.every((part) => countedPart.test(part.trim()));
}

interface PiecesInNames {
  readonly isSure: boolean;
  readonly reason: string;
}

/**
 * Whether items end with their pieces, as in `可乐 2瓶`. Many names end with what is in them
 * (`抽纸 3包`), always the same for one name.
 */
function piecesInNames(
  map: ColumnMap,
  profiles: readonly ColumnProfile[],
  split: string | undefined,
): PiecesInNames | undefined {
  const item = profiles.find(({ name }) => name === map.itemId);
  const texts = [...(item?.values.keys() ?? [])];
  const parts = texts
    .flatMap((text) => (split === undefined ? [text] : splitText(text, split)))
    .filter((part) => part.trim() !== '');
  const counted = parts.flatMap((part) => splitPieces(part) ?? []);
  if (counted.length === 0 || counted.length * 10 < parts.length * 9) return undefined;
  const byName = new Map<string, Set<string>>();
  for (const { name, pieces } of counted) {
    byName.set(name, (byName.get(name) ?? new Set()).add(pieces));
  }
  const isSure = [...byName.values()].some(({ size }) => size > 1);
  const ends = `"${item!.name}" ends with "${counted[0]!.pieces}" and the like`;
  const reason = isSure
    ? `${ends}, several of one name: these are the pieces that were sold`
    : `${ends}: where these are the pieces that were sold, tell --pieces-in-name`;
  return { isSure, reason };
}
