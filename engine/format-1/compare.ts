// Whether a chain that was made of one of data format 1 holds all that that one holds: every log
// entry, every id, every receipt as it counts, every member, row by row.

import { limits } from '../base/limits.ts';
import { thousandthsOf } from '../base/shapes.ts';
import { nextTurn } from '../base/turns.ts';
import { findId, findRequestHash, readCopies } from '../events/ids.ts';
import { openLog } from '../events/index.ts';
import { purchaseCode } from '../events/logged-purchase.ts';
import { returnCode } from '../events/logged-return.ts';
import { readReturns } from '../events/receipts.ts';
import { startsOf } from '../history/chunk.ts';
import { readHistory } from '../history/contributions.ts';
import { decodeEntry, type HistoryEntry } from '../history/entry.ts';
import { findMember, idsOf, isPersonalised } from '../history/members.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { type OldReceipt, readReceipts } from './history.ts';
import { readMember } from './members.ts';
import type { FormatOne } from './source.ts';

/** How much of each was compared. */
export interface Compared {
  readonly entries: number;
  /** Receipts of members as they count. */
  readonly receipts: number;
  readonly lines: number;
  /** Persons with receipts. */
  readonly members: number;
  /** Ids that are one person with others, and answers on consent. */
  readonly records: number;
  readonly returns: number;
  readonly items: number;
  readonly stores: number;
  readonly erased: number;
}

export interface Comparison {
  readonly compared: Compared;
  /** What differs, in words; at most `verifyDifferencesMax` of them. */
  readonly differences: readonly string[];
  readonly differenceCount: number;
}

interface Catalogue {
  readonly idOf: (number: number) => string | undefined;
}

/** A row of items or of stores. */
interface CatalogueRow {
  readonly value: { readonly itemId?: string; readonly storeId?: string };
  /** 0 for what was only ever met in receipts. */
  readonly sequence: number;
}

function rowOf(value: Buffer): CatalogueRow {
  return JSON.parse(value.toString());
}

function idIn(row: Buffer): string {
  const { itemId, storeId } = rowOf(row).value;
  return (itemId ?? storeId)!;
}

function isOnlyFromReceipts(row: Buffer): boolean {
  return rowOf(row).sequence === 0;
}

/** Outside ids by their numbers, which need not be the same in both chains. */
function catalogueOf(table: Table): Catalogue {
  const ids = new Map<number, string>();
  for (const { key, value } of table.rows()) ids.set(key.readUInt32BE(0), idIn(value));
  return { idOf: (number) => ids.get(number) };
}

interface Catalogues {
  readonly items: Catalogue;
  readonly stores: Catalogue;
}

function cataloguesOf({ items, stores }: Readonly<Record<keyof Catalogues, Table>>): Catalogues {
  return { items: catalogueOf(items), stores: catalogueOf(stores) };
}

/** A receipt as it counted, written so that two of them are equal when they are the same. */
function serializeOld(receipt: OldReceipt, { items, stores }: Catalogues): string {
  const { occurredAtMs, purchaseSequence, purchaseId, daypart, storeNumber } = receipt;
  const lines = receipt.lines.map(({ itemNumber, pieces, returned }) => [
    items.idOf(itemNumber),
    thousandthsOf(pieces),
    thousandthsOf(returned),
  ]);
  const store = storeNumber === 0 ? null : stores.idOf(storeNumber);
  return JSON.stringify([purchaseId, purchaseSequence, occurredAtMs, daypart, store, lines]);
}

function serializeNew(receipt: HistoryEntry, { items, stores }: Catalogues): string {
  const { occurredAtMs, purchaseSequence, purchaseId, daypart, storeNumber } = receipt;
  const lines = receipt.lines.map(({ itemNumber, thousandths, returnedThousandths }) => [
    items.idOf(itemNumber),
    thousandths,
    returnedThousandths,
  ]);
  const store = storeNumber === 0 ? null : stores.idOf(storeNumber);
  return JSON.stringify([purchaseId, purchaseSequence, occurredAtMs, daypart, store, lines]);
}

interface OldReturn {
  readonly sequence: number;
  readonly acceptedAtMs: number;
  readonly lines: readonly { readonly itemId: string; readonly quantity: number }[];
}

export interface CompareOptions {
  readonly old: FormatOne;
  readonly store: Store;
  /** Rows that are compared, and about how many there are. */
  readonly progress: (done: number, total: number) => void;
}

/** Reads both chains wholly. Throws what `progress` throws, and DATA_LOSS for what is damaged. */
export function compareChains(options: CompareOptions): Promise<Comparison> {
  return new Comparing(options).run();
}

class Comparing {
  private readonly old: FormatOne;
  private readonly store: Store;
  private readonly progress: CompareOptions['progress'];
  private readonly differences: string[] = [];
  private differenceCount = 0;
  private done = 0;
  private readonly total: number;
  private readonly compared = {
    ...{ entries: 0, receipts: 0, lines: 0, members: 0, records: 0 },
    ...{ returns: 0, items: 0, stores: 0, erased: 0 },
  };

  constructor({ old, store, progress }: CompareOptions) {
    this.old = old;
    this.store = store;
    this.progress = progress;
    const { ids, histories, members, returns, tombstones, items, stores } = old.tables;
    const beside = [ids, histories, members, returns, tombstones, items, stores];
    this.total = old.head + beside.reduce((sum, table) => sum + table.count(), 0);
  }

  async run(): Promise<Comparison> {
    await this.compareLog();
    this.comparePlaces();
    await this.compareHistories();
    await this.compareMembers();
    await this.compareReturns();
    await this.compareIds();
    await this.compareCatalogue('items');
    await this.compareCatalogue('stores');
    await this.compareTombstones();
    const { compared, differences, differenceCount } = this;
    return { compared, differences, differenceCount };
  }

  private differ(what: string): void {
    this.differenceCount += 1;
    if (this.differences.length < limits.verifyDifferencesMax) this.differences.push(what);
  }

  /** After each row: others get a turn now and then. */
  private async passed(): Promise<void> {
    this.done += 1;
    if (this.done % limits.walkRowsMax !== 0) return;
    this.progress(this.done, this.total);
    await nextTurn();
  }

  private async compareLog(): Promise<void> {
    const log = openLog(this.store);
    if (log.head !== this.old.head) this.differ(`the log ends at ${log.head}`);
    for (let from = 1; from <= this.old.head; from += limits.walkRowsMax) {
      for (const { sequence, bytes } of this.old.read(from, limits.walkRowsMax)) {
        const isSame = sequence <= log.head && log.read(sequence).equals(bytes);
        if (!isSame) this.differ(`log entry ${sequence} is not what it was`);
        this.compared.entries += 1;
        await this.passed();
      }
    }
  }

  /** Whose entries stand where. */
  private comparePlaces(): void {
    const [before, after] = [this.old.tables.origins, this.store.tables.origins];
    if (before.count() !== after.count()) this.differ('the names of the log are others');
    for (const { key, value } of before.rows()) {
      if (!after.get(key)?.equals(value)) this.differ('whose entries stand where is not as it was');
    }
  }

  private async compareHistories(): Promise<void> {
    const [before, after] = [cataloguesOf(this.old.tables), cataloguesOf(this.store.tables)];
    for (const { key, value } of this.old.tables.histories.rows()) {
      const receipts = readReceipts(value);
      const now = this.receiptsOf(key.toString());
      if (now.length !== receipts.length) {
        this.differ(`a member with ${receipts.length} receipts has ${now.length}`);
      }
      for (const [index, receipt] of receipts.entries()) {
        const held = now[index];
        const isSame = held && serializeOld(receipt, before) === serializeNew(held, after);
        if (!isSame) this.differ(`receipt ${receipt.purchaseId} does not count as it did`);
        this.compared.lines += receipt.lines.length;
      }
      this.compared.receipts += receipts.length;
      this.compared.members += 1;
      await this.passed();
    }
  }

  private receiptsOf(root: string): HistoryEntry[] {
    const history = readHistory(this.store, idsOf(findMember(this.store, root)));
    if (!history) return [];
    const entries = [...startsOf(history)].map((start) => decodeEntry(history, start));
    return entries.filter(({ removedAt }) => removedAt === 0);
  }

  private async compareMembers(): Promise<void> {
    for (const { key, value } of this.old.tables.members.rows()) {
      const before = readMember(key.toString(), value);
      if (before) {
        const { root, record } = findMember(this.store, before.root);
        const isSame =
          root === before.root &&
          record.aliases.toSorted().join('\0') === before.aliases.toSorted().join('\0') &&
          isPersonalised(record) === before.isPersonalised;
        if (!isSame) this.differ('a member’s ids or consent are not what they were');
      }
      this.compared.records += 1;
      await this.passed();
    }
  }

  private async compareReturns(): Promise<void> {
    for (const { key, value } of this.old.tables.returns.rows()) {
      const before = JSON.parse(value.toString()) as readonly OldReturn[];
      const now = readReturns({ store: this.store }, key.toString());
      const expected = before.map(({ sequence, acceptedAtMs, lines }) => {
        const pieces = lines.map(({ itemId, quantity }) => [itemId, thousandthsOf(quantity)]);
        return [sequence, acceptedAtMs, pieces];
      });
      const held = now.map(({ sequence, acceptedAtMs, lines }) => {
        const pieces = lines.map(({ itemId, thousandths }) => [itemId, thousandths]);
        return [sequence, acceptedAtMs, pieces];
      });
      if (JSON.stringify(expected) !== JSON.stringify(held)) {
        this.differ(`what was brought back of receipt ${key} is not what it was`);
      }
      this.compared.returns += before.length;
      await this.passed();
    }
    const { returns } = this.store.tables;
    const count = this.old.tables.returns.count();
    if (returns.count() !== count) this.differ(`returns stand beside ${returns.count()} receipts`);
  }

  /** What makes a retry count once. */
  private async compareIds(): Promise<void> {
    for (const [kind, code] of [
      ['purchase', purchaseCode],
      ['return', returnCode],
    ] as const) {
      for (const { key, value } of this.old.ids(kind)) {
        const known = findId(this.store, code, key.toString());
        const isSame = known?.sequence === value.readDoubleLE(0);
        if (!isSame) this.differ(`${kind} ${key} is not known as it was`);
        await this.passed();
      }
    }
    for (const { key, value } of this.old.ids('copies')) {
      const copies = readCopies(this.store, key.toString());
      if (JSON.stringify(copies) !== value.toString()) {
        this.differ(`the copies of receipt ${key} are not what they were`);
      }
      await this.passed();
    }
    for (const { key, value } of this.old.ids('unreferencedReturn')) {
      const known = findRequestHash(this.store, 'unreferencedReturn', key);
      const isSame =
        known?.sequence === value.readDoubleLE(0) && known.contentHash === value.readBigUInt64LE(8);
      if (!isSame) this.differ('a return without a receipt is not known as it was');
      await this.passed();
    }
  }

  /** What is only known from receipts that are gone is registered when it comes again. */
  private async compareCatalogue(name: 'items' | 'stores'): Promise<void> {
    const now = this.store.tables[name];
    const numbers = new Map<string, Buffer>();
    for (const { key, value } of now.rows()) numbers.set(idIn(value), Buffer.from(key));
    for (const { value } of this.old.tables[name].rows()) {
      const id = idIn(value);
      const number = numbers.get(id);
      if (number) this.compared[name] += 1;
      const isGone = number === undefined && isOnlyFromReceipts(value);
      const isSame = number !== undefined && now.get(number)?.equals(value);
      if (!isGone && !isSame) this.differ(`of ${name}, ${id} is not what it was`);
      await this.passed();
    }
    if (numbers.size !== this.compared[name]) this.differ(`there are ${numbers.size} ${name}`);
  }

  private async compareTombstones(): Promise<void> {
    const [before, after] = [this.old.tables.tombstones, this.store.tables.tombstones];
    if (before.count() !== after.count()) this.differ(`${after.count()} tombstones stand`);
    for (const key of this.old.tombstones()) {
      if (!after.has(key)) this.differ('a tombstone is gone');
      if (key[0] === memberByte) this.compared.erased += 1;
      await this.passed();
    }
  }
}

/** First byte of the tombstones of members. */
const memberByte = 109;
