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
  readonly fillDown: boolean;
  readonly split: string | undefined;
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
const cancelled =
  /cancel|void|fail|draft|pending|unpaid|refunded|作废|取消|关闭|挂单|待付款|未付款|已退款|退款成功/i;
const returned = /refund|return|exchange|credit note|退/i;

/** What somebody told already. */
export interface StatedReading {
  readonly columns: ColumnRules;
  readonly skip: readonly Condition[];
  readonly returns: readonly Condition[];
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
  const named = isStated ? undefined : profiles.find(({ name }) => name === map.itemId);
  const hasName = map.itemName !== undefined && map.itemName !== map.itemId;
  if (named !== undefined && hasName && named.filled < named.rows) {
    map.itemId = `${map.itemId}|${map.itemName}`;
    reasons.push(
      `"${named.name}" is blank in some rows, which take the name of the item for its id`,
    );
  }
  if (map.memberId === undefined) map.memberId = '';
  reasons.push(...proposeReceiptId(map, profiles));
  const conditions = proposeConditions(profiles, taken, stated);
  const number = profiles.find(({ name }) => name === map.purchaseId);
  return {
    map,
    ...conditions,
    fillDown: number !== undefined && isContinued(number, rows),
    split: proposeSplit(map, profiles),
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
  profiles: readonly ColumnProfile[],
): string[] {
  if (map.purchaseId !== undefined) return [];
  if (map.memberId !== undefined && map.memberId !== '' && map.occurredAt !== undefined) {
    map.purchaseId = `${map.memberId}+${dayColumnOf(map.occurredAt)}`;
    return ['there is no receipt number: what a member buys on one day is taken for one receipt'];
  }
  const number = profiles.find(({ name }) => /^(?:id|no|number|编号)$/i.test(name));
  if (number === undefined) return [];
  map.purchaseId = number.name;
  return [`"${number.name}" is taken for the receipt number: nothing else could be`];
}

function proposeConditions(
  profiles: readonly ColumnProfile[],
  taken: ReadonlySet<number>,
  stated: StatedReading,
): Pick<Proposal, 'skip' | 'returns'> {
  const skip: Condition[] = [];
  const returns: Condition[] = [];
  const decided = new Set([...stated.skip, ...stated.returns].map(({ column }) => column));
  for (const profile of profiles) {
    if (decided.has(profile.name)) continue;
    if (taken.has(profile.index) || profile.isOpen || profile.values.size > 50) continue;
    const isStatus = rankOf('status', profile) !== undefined;
    if (!isStatus && rankOf('kind', profile) === undefined) continue;
    for (const value of profile.values.keys()) {
      const condition = { column: profile.name, value };
      if (isStatus && cancelled.test(value)) skip.push(condition);
      else if (returned.test(value)) returns.push(condition);
      else if (cancelled.test(value)) skip.push(condition);
    }
  }
  return { skip, returns };
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

const separators = [';', '|', '、', ', ', ','] as const;

/** One row an order: every number once, and several items in one cell. */
function proposeSplit(map: ColumnMap, profiles: readonly ColumnProfile[]): string | undefined {
  const number = profiles.find(({ name }) => name === map.purchaseId);
  const item = profiles.find(({ name }) => name === map.itemId);
  if (number === undefined || item === undefined || number.rows < 2) return undefined;
  if (number.values.size < number.filled && !number.isOpen) return undefined;
  return separators.find((separator) => {
    const texts = [...item.values.keys()];
    return texts.filter((text) => text.includes(separator)).length * 2 > texts.length;
  });
}
