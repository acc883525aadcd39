// Everything that counts, in one order: what came under each member id, then persons with several
// ids, then anonymous tickets. A walk can be left and gone on with while receipts come and go: what
// has been passed is known by its position, whatever it counts as since.

import { type ReceiptSource, ticketAt } from '../events/stored-receipts.ts';
import {
  belongsTo,
  type Chunk,
  decodeChunk,
  idOfKey,
  keyBehind,
  prefixOf,
} from '../history/chunk.ts';
import {
  type Change,
  type ContributionMode,
  contributionModeOf,
  currentContributionMode,
  liveEntries,
  readHistory,
  type Subject,
} from '../history/contributions.ts';
import { isSharedCard, readEntries } from '../history/histories.ts';
import { findMember, idsOf, type Member } from '../history/members.ts';
import { keyAfter, type TableRow } from '../store/table.ts';

const rowsAtOnce = 32;
/** Of histories: what is not passed in a step is read again in the next. */
const bytesAtOnce = 16_384;
const start = Buffer.alloc(1);

/** Receipts of a shared card, of one chunk, that are next. */
interface Entries {
  readonly changes: Change[];
  /** Where the walk goes on after them, and whether that is in the midst of the card. */
  readonly end: Buffer;
  readonly isInside: boolean;
}

export class RecountWalk {
  private readonly source: ReceiptSource;
  /** Histories before this key have been passed; undefined: all. */
  private history: Buffer | undefined = start;
  /** Whether `history` is in the midst of a shared card. */
  private isInside = false;
  private entries: Entries | undefined;
  /** Persons with several ids before this one have been passed; undefined: all. */
  private union: Buffer | undefined = start;
  private nextTicket = 1;
  /** Rows that are next, read ahead. */
  private rows: TableRow[] = [];
  private rowsPassed = 0;
  /** How persons with several ids or long histories count, as asked since the last pause. */
  private readonly modes = new Map<string, ContributionMode>();

  constructor(source: ReceiptSource) {
    this.source = source;
  }

  /** Rows of histories and log entries passed, and about how many there are. */
  progress(): { readonly done: number; readonly total: number } {
    const { store, log } = this.source;
    const total = store.tables.histories.count() + log.head;
    return { done: Math.min(total, this.rowsPassed + this.nextTicket - 1), total };
  }

  /** Whether what a change is about has been passed. */
  hasPassed(subject: Subject): boolean {
    switch (subject.kind) {
      case 'ticket':
        return subject.sequence < this.nextTicket;
      case 'entry':
        return isBefore(subject.key, this.history);
      case 'member':
        return isBefore(prefixOf(subject.id), this.history);
      default:
        return isBefore(Buffer.from(subject.id), this.union);
    }
  }

  /** What was read ahead may change from here on: it is read anew afterwards. */
  pause(): void {
    this.rows = [];
    this.entries = undefined;
    this.modes.clear();
  }

  /** What is next; undefined: something that does not count was passed. */
  next(): Change | 'end' | undefined {
    if (this.history !== undefined) return this.nextOfHistories(this.history);
    if (this.union !== undefined) return this.nextUnion(this.union);
    const sequence = this.nextTicket;
    if (sequence > this.source.log.head) return 'end';
    this.nextTicket += 1;
    const after = ticketAt(this.source, sequence);
    if (!after) return undefined;
    return { subject: { kind: 'ticket', sequence }, before: undefined, after, isMember: false };
  }

  private nextOfHistories(from: Buffer): Change | undefined {
    if (this.entries) return this.nextEntry(this.entries);
    const { histories } = this.source.store.tables;
    if (this.rows.length === 0) {
      // A chunk begins before the receipt that is next in it.
      const row = this.isInside ? histories.atOrBefore(from) : undefined;
      this.rows = row ? [row] : histories.chunk(from, rowsAtOnce, bytesAtOnce);
    }
    const row = this.rows.shift();
    if (row) return this.passRow(row, from);
    this.history = undefined;
    return undefined;
  }

  private nextEntry({ changes, end, isInside }: Entries): Change | undefined {
    const change = changes.shift();
    const [following] = changes;
    this.history = following ? keyOf(following) : end;
    if (following) return change;
    this.isInside = isInside;
    this.entries = undefined;
    return change;
  }

  private passRow({ key, value }: TableRow, from: Buffer): Change | undefined {
    const { isInside } = this;
    const prefix = prefixOf(idOfKey(isInside ? from : key));
    // The card was taken away meanwhile.
    if (!belongsTo(key, prefix)) return this.skip(prefix);
    const id = idOfKey(key);
    const chunk = decodeChunk(key, value);
    this.rowsPassed += 1;
    const member = findMember(this.source.store, id);
    const isWhole = !isInside && !chunk.next && idsOf(member).length === 1;
    const mode = isWhole
      ? contributionModeOf(member, () => isSharedCard(chunk.totals))
      : this.modeOfLong(member);
    if (mode === 'tickets') return this.enterCard(prefix, chunk, from);
    this.skip(prefix);
    // In the midst of a card that has become a person: it was counted as one when it did.
    if (mode === 'nothing' || isInside || idsOf(member).length > 1) return undefined;
    const { histories } = this.source.store.tables;
    const after = chunk.next ? readEntries(histories, id) : chunk.entries;
    return { subject: { kind: 'member', id }, before: undefined, after, isMember: true };
  }

  private enterCard(prefix: Buffer, { entries, next }: Chunk, from: Buffer): undefined {
    const end = next ?? keyBehind(prefix);
    const all = liveEntries(prefix, entries, true);
    const changes = all.filter((change) => !isBefore(keyOf(change), from));
    this.entries = { changes, end, isInside: next !== undefined };
    if (changes.length === 0) this.nextEntry(this.entries);
    else {
      this.history = keyOf(changes[0]!);
      this.isInside = true;
    }
    return undefined;
  }

  private modeOfLong(member: Member): ContributionMode {
    const known = this.modes.get(member.root);
    if (known) return known;
    const mode = currentContributionMode(this.source.store, member);
    this.modes.set(member.root, mode);
    return mode;
  }

  private skip(prefix: Buffer): undefined {
    this.history = keyBehind(prefix);
    this.isInside = false;
    while (this.rows[0] && belongsTo(this.rows[0].key, prefix)) {
      this.rows.shift();
      this.rowsPassed += 1;
    }
    return undefined;
  }

  private nextUnion(from: Buffer): Change | undefined {
    const { store } = this.source;
    if (this.rows.length === 0) this.rows = store.tables.members.chunk(from, rowsAtOnce);
    const row = this.rows.shift();
    this.union = row && keyAfter(row.key);
    if (!row) return undefined;
    const id = row.key.toString();
    const member = findMember(store, id);
    const ids = idsOf(member);
    const isRoot = member.root === id && ids.length > 1;
    if (!isRoot || currentContributionMode(store, member) !== 'person') return undefined;
    const after = readHistory(store, ids);
    if (!after) return undefined;
    return { subject: { kind: 'union', id }, before: undefined, after, isMember: true };
  }
}

function isBefore(key: Buffer, end: Buffer | undefined): boolean {
  return end === undefined || key.compare(end) < 0;
}

function keyOf({ subject }: Change): Buffer {
  return (subject as { readonly key: Buffer }).key;
}
