// What a transaction changes of what counts: of persons their whole history before and after, of
// shared cards and of anonymous tickets the receipts that came or went.
import type { Store } from '../store/store.ts';
import {
  type Chunk,
  hasLiveEntries,
  keyAt,
  noTotals,
  positionAt,
  prefixOf,
  startsOf,
  uniteEntries,
} from './chunk.ts';
import { entryEnd, removedAtOf, sequenceOf } from './entry.ts';
import {
  chunksFrom,
  countCrowdedDays,
  isSharedCard,
  readEntries,
  readNewest,
  readShort,
  readTotals,
  readWhole,
  type WholeHistory,
} from './histories.ts';
import { findMember, idsOf, isPersonalised, type Member } from './members.ts';

/** Whose a change is, so that a recount knows whether it has counted it already. */
export type Subject =
  /** A person with one id, or several: what came under all of them. */
  | { readonly kind: 'member' | 'union'; readonly id: string }
  /** A receipt of a shared card: its key among the histories. */
  | { readonly kind: 'entry'; readonly key: Buffer }
  /** An anonymous ticket, by its place in the log. */
  | { readonly kind: 'ticket'; readonly sequence: number };

/** What counted before and what counts after: entries (entry.ts) of one person, or of tickets. */
export interface Change {
  readonly subject: Subject;
  readonly before: Buffer | undefined;
  /** Read `before` as of this log sequence; default: as it is now. */
  readonly beforeAsOf?: number;
  readonly after: Buffer | undefined;
  readonly isMember: boolean;
}

/**
 * How the receipts of a member count: as one person's, each as an anonymous ticket, or not at all.
 * A function of the member's record and of the receipts that count.
 */
export type ContributionMode = 'person' | 'tickets' | 'nothing';

export function contributionModeOf(
  { record }: Member,
  isSharedCard: () => boolean,
): ContributionMode {
  if (record.erasedAt !== undefined || !isPersonalised(record)) return 'nothing';
  return isSharedCard() ? 'tickets' : 'person';
}

export function currentContributionMode(store: Store, member: Member): ContributionMode {
  return contributionModeOf(member, () => isSharedCardNow(store, idsOf(member)));
}

/** `histories` reads what came under each id. */
function isSharedCardNow(
  { tables }: Store,
  ids: readonly string[],
  histories = () => readAll(tables, ids),
): boolean {
  let sum = { receipts: 0, lines: 0, crowdedDays: 0 };
  for (const id of ids) {
    const { receipts, lines, crowdedDays = 0 } = readTotals(tables.histories, id);
    sum = {
      receipts: sum.receipts + receipts,
      lines: sum.lines + lines,
      crowdedDays: sum.crowdedDays + crowdedDays,
    };
  }
  if (ids.length === 1 || isSharedCard(sum)) return isSharedCard(sum);
  // Days that are crowded only by what came under several ids.
  return countCrowdedDays(histories()) > 0;
}

/** How the receipts of a member count, and of a person all of them. */
export interface MemberContribution {
  readonly mode: ContributionMode;
  readonly entries: Buffer | undefined;
}

export function readContribution(store: Store, member: Member): MemberContribution {
  const short = readPlain(store, member);
  return short
    ? contributionOfWhole(member, short)
    : contributionOfLong(store, member, (id) => readWhole(store.tables.histories, id));
}

/** Whether any receipt counts for the person, without reading the history of one with one id. */
export function hasContribution(store: Store, member: Member): boolean {
  const ids = idsOf(member);
  const each = ids.map((id) => readTotals(store.tables.histories, id));
  const mode =
    each.length === 1
      ? contributionModeOf(member, () => isSharedCard(each[0]!))
      : currentContributionMode(store, member);
  return mode === 'person' && each.some(({ receipts }) => receipts > 0);
}

/** Of a member with several ids too. `read`: what came under one of them, asked once. */
function contributionOfLong(
  store: Store,
  member: Member,
  read: (id: string) => WholeHistory,
): MemberContribution {
  const ids = idsOf(member);
  let all: readonly Buffer[] | undefined;
  const histories = () => {
    all ??= ids.flatMap((id) => {
      const { last, entries } = read(id);
      return last ? [entries] : [];
    });
    return all;
  };
  const mode = contributionModeOf(member, () => isSharedCardNow(store, ids, histories));
  return { mode, entries: mode === 'person' ? uniteAll(histories()) : undefined };
}

function readAll({ histories }: Store['tables'], ids: readonly string[]): readonly Buffer[] {
  return ids.flatMap((id) => readEntries(histories, id) ?? []);
}

/** The history of a member with one id; undefined for others, and where it is long. */
function readPlain({ tables }: Store, member: Member): WholeHistory | undefined {
  const ids = idsOf(member);
  return ids.length === 1 ? readShort(tables.histories, ids[0]!) : undefined;
}

function contributionOfWhole(member: Member, { last, entries }: WholeHistory): MemberContribution {
  const mode = contributionModeOf(member, () => isSharedCard(last?.totals ?? noTotals));
  return { mode, entries: mode === 'person' && last ? entries : undefined };
}

/** All receipts of a person in one order, whatever id they came with. */
export function readHistory(store: Store, ids: readonly string[]): Buffer | undefined {
  return uniteAll(readAll(store.tables, ids));
}

/** The same of the newest receipts of each id: some more than `receiptsMax`, or all. */
export function readNewestOf(
  { tables }: Store,
  ids: readonly string[],
  receiptsMax: number,
): Buffer | undefined {
  return uniteAll(ids.flatMap((id) => readNewest(tables.histories, id, receiptsMax) ?? []));
}

function uniteAll([first, ...others]: readonly Buffer[]): Buffer | undefined {
  if (!first) return undefined;
  return others.reduce((united, entries) => uniteEntries(entries, united), first);
}

/** Every receipt of a shared card comes to count, or ceases to; read when counted. */
export interface CardChange {
  readonly id: string;
  readonly isAdded: boolean;
}

/** As it was when the transaction began. */
interface Start extends MemberContribution {
  readonly ids: readonly string[];
}

type Singles = Map<number, Change>;

export class Contributions {
  private readonly store: Store;
  private readonly starts = new Map<string, Start>();
  /** Ids whose receipts counted as tickets when the transaction began. */
  private readonly cards = new Set<string>();
  /** Of those, by id and place of the receipt in the log. */
  private readonly entries = new Map<string, Singles>();
  private readonly tickets: Singles = new Map();
  /** Histories as they are now, of persons who were touched, as long as they only grow. */
  private readonly histories = new Map<string, WholeHistory>();

  constructor(store: Store) {
    this.store = store;
  }

  /** To be called before anything of a member is changed. Returns the bytes that were read. */
  touch(member: Member): number {
    const { root } = member;
    if (this.starts.has(root)) return 0;
    const short = readPlain(this.store, member);
    if (short) this.histories.set(root, short);
    const read = this.contributionNow(member);
    const ids = idsOf(member);
    this.starts.set(root, { ids, ...read });
    if (read.mode === 'tickets') for (const id of ids) this.cards.add(id);
    return read.entries?.length ?? 0;
  }

  private contributionNow(member: Member): MemberContribution {
    const { root, record } = member;
    const known = record.aliases.length === 0 ? this.histories.get(root) : undefined;
    if (known) return contributionOfWhole(member, known);
    return contributionOfLong(this.store, member, (id) => this.read(id));
  }

  /** Each is read once, as long as it only grows at its end. */
  private read(id: string): WholeHistory {
    const known = this.histories.get(id) ?? readWhole(this.store.tables.histories, id);
    this.histories.set(id, known);
    return known;
  }

  /** The history of an id that was touched, as far as it is known without reading it again. */
  historyOf(id: string): WholeHistory | undefined {
    return this.histories.get(id);
  }

  /** An entry was put behind all others, and this is the last chunk now. */
  onAppended(id: string, last: Chunk, entry: Buffer): void {
    const before = this.histories.get(id);
    if (!before) return;
    // Of most histories the last chunk is all of it.
    const bytes = before.entries.length + entry.length;
    const isAll = last.entries.length === bytes;
    const entries = isAll ? last.entries : Buffer.concat([before.entries, entry], bytes);
    this.histories.set(id, { last, entries });
  }

  /** Anything else became of it: it is read again at the end. */
  onChanged(id: string): void {
    this.histories.delete(id);
  }

  /** A receipt that came under an id, as it counted before and as it does after. */
  changeEntry(id: string, before: Buffer | undefined, after: Buffer | undefined): void {
    // Of others all receipts come to count, or cease to; or none is a ticket.
    if (!this.cards.has(id)) return;
    const entry = (after ?? before)!;
    const key = keyAt(prefixOf(id), positionAt(entry, 0));
    const ofId = this.entries.get(id) ?? new Map<number, Change>();
    this.entries.set(id, ofId);
    change(ofId, sequenceOf(entry, 0), { subject: { kind: 'entry', key }, before, after });
  }

  changeTicket(sequence: number, before: Buffer | undefined, after: Buffer | undefined): void {
    change(this.tickets, sequence, { subject: { kind: 'ticket', sequence }, before, after });
  }

  /** All of it, at the end of the transaction. */
  close(): { readonly changes: readonly Change[]; readonly cardChanges: readonly CardChange[] } {
    const changes: Change[] = [...this.tickets.values()];
    const cardChanges: CardChange[] = [];
    const ends = this.ends();
    const added = new Set(ends.values());
    for (const start of this.starts.values()) {
      const end = ends.get(start.ids[0]!)!;
      const stays = end.ids.join('\0') === start.ids.join('\0');
      changes.push(...personChange(start, stays ? end : undefined));
      if (stays) added.delete(end);
      for (const id of start.ids) {
        this.changeCard(id, [start.mode, ends.get(id)!.mode], { changes, cardChanges });
      }
    }
    for (const end of added) changes.push(...personChange(undefined, end));
    return { changes, cardChanges };
  }

  /** How those who were touched count now, by each of their ids; each is read once. */
  private ends(): Map<string, Start> {
    const ends = new Map<string, Start>();
    for (const { ids } of this.starts.values()) {
      for (const id of ids) {
        if (ends.has(id)) continue;
        const member = findMember(this.store, id);
        const end = { ids: idsOf(member), ...this.contributionNow(member) };
        for (const each of end.ids) ends.set(each, end);
      }
    }
    return ends;
  }

  /** What came under one id and counts as tickets, before or after or both. */
  private changeCard(
    id: string,
    [before, after]: readonly [ContributionMode, ContributionMode],
    to: { readonly changes: Change[]; readonly cardChanges: CardChange[] },
  ): void {
    const [did, does] = [before === 'tickets', after === 'tickets'];
    if (did) to.changes.push(...(this.entries.get(id)?.values() ?? []));
    if (did === does) return;
    const isLong = readTotals(this.store.tables.histories, id).receipts > receiptsAtOnce;
    if (isLong) to.cardChanges.push({ id, isAdded: does });
    else to.changes.push(...cardReceiptChanges(this.store, { id, isAdded: does }));
  }
}

/** More are counted when their turn comes, and not held in memory until then. */
const receiptsAtOnce = 256;

function change(singles: Singles, sequence: number, now: Omit<Change, 'isMember'>): void {
  const first = singles.get(sequence);
  const before = first ? first.before : now.before;
  singles.set(sequence, { ...now, before, isMember: false });
}

function subjectOf({ ids }: Start): Subject {
  return { kind: ids.length === 1 ? 'member' : 'union', id: ids[0]! };
}

function personChange(start: Start | undefined, end: Start | undefined): Change[] {
  const before = start?.mode === 'person' ? start.entries : undefined;
  const entries = end?.mode === 'person' ? end.entries : undefined;
  const after = entries && hasLiveEntries(entries) ? entries : undefined;
  if (!before && !after) return [];
  return [{ subject: subjectOf((end ?? start)!), before, after, isMember: true }];
}

/** Each receipt that counts, of what came under one id. */
export function* cardReceiptChanges(store: Store, { id, isAdded }: CardChange): Generator<Change> {
  const prefix = prefixOf(id);
  for (const { entries } of chunksFrom(store.tables.histories, prefix)) {
    yield* liveEntries(prefix, entries, isAdded);
  }
}

/** Each receipt that counts, of some entries of a shared card. */
export function liveEntries(prefix: Buffer, entries: Buffer, isAdded: boolean): Change[] {
  const changes: Change[] = [];
  for (const at of startsOf(entries)) {
    if (removedAtOf(entries, at) !== 0) continue;
    const entry = entries.subarray(at, entryEnd(entries, at));
    changes.push(entryChange(keyAt(prefix, positionAt(entry, 0)), isAdded, entry));
  }
  return changes;
}

export function entryChange(key: Buffer, isAdded: boolean, entry: Buffer): Change {
  const [before, after] = isAdded ? [undefined, entry] : [entry, undefined];
  return { subject: { kind: 'entry', key }, before, after, isMember: false };
}
