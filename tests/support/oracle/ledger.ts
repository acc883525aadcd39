// What was accepted: a plain list of receipts with the pieces left of each, plus catalogue, stores
// and members. It also predicts the answer to every event, so that a test notices a receipt
// wrongly taken or wrongly refused.
import type {
  AttachMember,
  Event,
  IngestStatus,
  Item,
  Purchase,
  Return,
  StoreProfile,
  UnreferencedReturn,
} from '../../../engine/index.ts';
import { compareBytes } from './hash.ts';
import { addUp, byHashAfter, inOrder, netOf, soldOf } from './lines.ts';
import { createPeople } from './people.ts';
import { createSameItems } from './same-items.ts';
import { localDateOf, localHourOf, momentOf } from './time.ts';

const millisecondsPerDay = 86_400_000;
const clockSkewMsMax = 300_000;
const daypartStarts = [0, 6, 11, 14, 18, 22];

export interface Receipt {
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  readonly storeId: string | undefined;
  readonly occurredAtMs: number;
  readonly day: number;
  readonly daypart: number;
  readonly localDate: string;
  /** Pieces bought, duplicate lines added up. */
  readonly bought: ReadonlyMap<string, number>;
}

/** The answer that the rules ask for. */
export interface Answer {
  readonly status: IngestStatus;
  readonly parked?: boolean;
  readonly unmatchedQuantity?: number;
}

export interface LedgerOptions {
  readonly now: () => number;
  /** Of receipts without an offset whose store has no zone. */
  readonly timeZone: string;
}

const created: Answer = { status: 'created' };
const duplicate: Answer = { status: 'duplicate' };
const rejected: Answer = { status: 'rejected' };

/** Ascending time, then bytes of the purchaseId: the order of a member's history. */
export function compareReceipts(left: Receipt, right: Receipt): number {
  if (left.occurredAtMs !== right.occurredAtMs) return left.occurredAtMs - right.occurredAtMs;
  return compareBytes(left.purchaseId, right.purchaseId);
}

/** Starts empty; everything is kept until it is erased. */
export class Ledger {
  /** In the order of acceptance. */
  readonly receipts = new Map<string, Receipt>();
  readonly items = new Map<string, Item>();
  readonly stores = new Map<string, StoreProfile>();
  /** Items and stores of which something was said; others were only met in receipts. */
  readonly describedItems = new Set<string>();
  readonly describedStores = new Set<string>();
  readonly people = createPeople();
  readonly sameItems = createSameItems((itemId) => this.items.has(itemId));
  /** The newest day of any receipt ever accepted, also of one returned or erased since. */
  newestDay: number | undefined;
  private readonly options: LedgerOptions;
  /** Everything accepted under a kind and an id, as text, to tell duplicates from conflicts. */
  private readonly contents = new Map<string, string>();
  private readonly returned = new Map<string, Map<string, number>>();
  private readonly erasedPurchases = new Set<string>();
  /** Receipts that another took the place of, and which one did. */
  private readonly replaced = new Map<string, Receipt>();
  private readonly replacedBy = new Map<string, string>();
  /** Receipts that were anonymous until somebody said whose they are. */
  private readonly attached = new Set<string>();

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  accept(event: Event): Answer {
    switch (event.kind) {
      case 'item':
        this.describedItems.add(event.item.itemId);
        return replace(this.items, event.item.itemId, event.item);
      case 'store':
        this.describedStores.add(event.store.storeId);
        return replace(this.stores, event.store.storeId, event.store);
      case 'purchase':
        return this.acceptPurchase(event.purchase);
      case 'attachMember':
        return this.attach(event.attachMember);
      case 'return':
        return this.acceptReturn(event.return);
      case 'unreferencedReturn':
        return this.acceptUnreferenced(event.unreferencedReturn);
      case 'merge': {
        const { memberId, fromMemberId } = event.merge;
        if ([memberId, fromMemberId].some(this.people.isErased)) return rejected;
        return this.people.merge(event.merge) ? created : duplicate;
      }
      case 'itemMerge': {
        const { itemId, into } = event.itemMerge;
        return { status: this.sameItems.merge(itemId, into) };
      }
      case 'itemUnmerge':
        return { status: this.sameItems.unmerge(event.itemUnmerge.itemId) };
      case 'consent': {
        const { memberId, occurredAt } = event.consent;
        if (this.people.isErased(memberId) || this.isAhead(occurredAt)) return rejected;
        return this.people.hear(event.consent) ? created : duplicate;
      }
      default:
        throw new Error(`the oracle knows nothing of ${event.kind}`);
    }
  }

  /** Takes out all that a member, and every id merged with theirs, ever did. */
  erase(memberId: string): void {
    const { personOf } = this.people;
    const isTheirs = ({ memberId: id }: Receipt) =>
      id !== undefined && personOf(id) === personOf(memberId);
    for (const receipt of [...this.receipts.values(), ...this.replaced.values()]) {
      if (isTheirs(receipt)) this.forget(receipt.purchaseId);
    }
    this.people.erase(memberId);
  }

  /** With whatever it took the place of. */
  private forget(purchaseId: string): void {
    this.receipts.delete(purchaseId);
    this.replaced.delete(purchaseId);
    this.erasedPurchases.add(purchaseId);
    for (const other of [...this.replaced.keys()]) {
      if (this.replacedBy.get(other) === purchaseId) this.forget(other);
    }
  }

  /** Of all ids of the member. */
  receiptsOf(memberId: string): readonly Receipt[] {
    const { personOf } = this.people;
    return [...this.receipts.values()].filter(
      (receipt) =>
        receipt.memberId !== undefined && personOf(receipt.memberId) === personOf(memberId),
    );
  }

  /** Whether so much cannot be one person: it counts as if nobody had shown a card. */
  isNobody(memberId: string): boolean {
    const receipts = this.receiptsOf(memberId);
    const perDay = new Map<string, number>();
    for (const { localDate } of receipts) perDay.set(localDate, (perDay.get(localDate) ?? 0) + 1);
    const lines = receipts.reduce((sum, { bought }) => sum + bought.size, 0);
    return receipts.length > 3_000 || lines > 30_000 || Math.max(0, ...perDay.values()) > 30;
  }

  /** What is no goods is on receipts, and counts for nothing and is never listed. */
  isGoods(itemId: string): boolean {
    return (this.items.get(itemId)?.role ?? 'goods') === 'goods';
  }

  /** Whether an item may be listed at all. */
  isOffered(itemId: string): boolean {
    const isItself = this.sameItems.survivorOf(itemId) === itemId;
    return isItself && this.items.get(itemId)?.status === 'active' && this.isGoods(itemId);
  }

  piecesLeft(receipt: Receipt, itemId: string): number {
    const returned = this.returned.get(receipt.purchaseId)?.get(itemId) ?? 0;
    return Math.max(0, (receipt.bought.get(itemId) ?? 0) - returned);
  }

  /** What is left of all numbers of an item, each of which cannot be less than nothing. */
  itemsLeft(receipt: Receipt): string[] {
    const { survivorOf } = this.sameItems;
    const left = [...receipt.bought.keys()].filter(
      (itemId) => this.piecesLeft(receipt, itemId) > 0,
    );
    return [...new Set(left.map(survivorOf))].filter((itemId) => this.isGoods(itemId));
  }

  private once(key: string, content: unknown, accept: () => Answer): Answer {
    const text = JSON.stringify(content);
    const before = this.contents.get(key);
    if (before !== undefined) return before === text ? duplicate : { status: 'conflict' };
    const answer = accept();
    // A refused event leaves no trace: its id may be used again.
    if (answer.status === 'created') this.contents.set(key, text);
    return answer;
  }

  private isAhead(occurredAt: string): boolean {
    return momentOf(occurredAt).epochMs > this.options.now() + clockSkewMsMax;
  }

  private acceptPurchase(purchase: Purchase): Answer {
    const { purchaseId, memberId } = purchase;
    if (memberId !== undefined && this.people.isErased(memberId)) {
      this.forgetParked(purchaseId);
      return rejected;
    }
    if (this.erasedPurchases.has(purchaseId)) return rejected;
    const sold = soldOf(purchase, this.sameItems.survivorOf);
    if (sold === undefined) return rejected;
    if (netOf(sold).size === 0) {
      if (this.isKept(purchaseId)) return { status: 'conflict' };
      return { status: purchase.replaces === undefined ? 'voided' : 'rejected' };
    }
    return this.acceptSold(sold);
  }

  private acceptSold({ replaces, ...purchase }: Purchase): Answer {
    const { purchaseId } = purchase;
    const isDone = replaces === undefined || this.replacedBy.get(replaces) === purchaseId;
    // A receipt that was told its member is still the one that was sent without.
    const attached =
      this.receipts.get(purchaseId)?.memberId ?? this.replaced.get(purchaseId)?.memberId;
    const isAttached = this.attached.has(purchaseId) && attached === purchase.memberId;
    const sent = isAttached ? { ...purchase, memberId: undefined } : purchase;
    const answer = this.once(`purchase ${purchaseId}`, inOrder(sent), () => {
      if (this.isAhead(purchase.occurredAt)) return rejected;
      if (replaces !== undefined && !this.mayReplace(replaces, purchaseId)) return rejected;
      this.keepReceipt(purchase);
      this.registerWhatIsNew(purchase);
      return created;
    });
    if (replaces === undefined || answer.status === 'rejected') return answer;
    if (answer.status === 'duplicate' && !isDone) {
      return replaces === purchaseId ? rejected : { status: 'conflict' };
    }
    if (answer.status === 'created') this.withdraw(replaces, purchaseId);
    return answer;
  }

  private isKept(purchaseId: string): boolean {
    return this.receipts.has(purchaseId) || this.replaced.has(purchaseId);
  }

  /** Only what counts, and of which nothing was brought back. */
  private mayReplace(replaces: string, purchaseId: string): boolean {
    if (replaces === purchaseId) return false;
    return this.receipts.has(replaces) && !this.returned.has(replaces);
  }

  private withdraw(purchaseId: string, by: string): void {
    this.replaced.set(purchaseId, this.receipts.get(purchaseId)!);
    this.receipts.delete(purchaseId);
    this.replacedBy.set(purchaseId, by);
  }

  private attach({ purchaseId, memberId }: AttachMember): Answer {
    const receipt = this.receipts.get(purchaseId);
    if (this.people.isErased(memberId) || receipt === undefined) return rejected;
    const { personOf } = this.people;
    if (receipt.memberId !== undefined) {
      const isSame = personOf(receipt.memberId) === personOf(memberId);
      return isSame ? duplicate : { status: 'conflict' };
    }
    this.receipts.set(purchaseId, { ...receipt, memberId });
    this.attached.add(purchaseId);
    return created;
  }

  /** Returns that waited for a receipt of an erased member were theirs too. */
  private forgetParked(purchaseId: string): void {
    if (this.isKept(purchaseId) || !this.returned.delete(purchaseId)) return;
    this.erasedPurchases.add(purchaseId);
    for (const [key, text] of this.contents) {
      const isTheirs = key.startsWith('return ') && JSON.parse(text).purchaseId === purchaseId;
      if (isTheirs) this.contents.delete(key);
    }
  }

  private keepReceipt(purchase: Purchase): void {
    const { purchaseId, memberId, storeId, occurredAt, timeUnknown = false } = purchase;
    const { epochMs } = momentOf(occurredAt);
    const day = Math.floor(epochMs / millisecondsPerDay);
    const zone = storeId === undefined ? undefined : this.stores.get(storeId)?.timeZone;
    const hour = localHourOf(occurredAt, zone ?? this.options.timeZone);
    this.receipts.set(purchaseId, {
      purchaseId,
      memberId,
      storeId,
      occurredAtMs: epochMs,
      day,
      daypart: timeUnknown ? 6 : daypartStarts.findLastIndex((start) => start <= hour),
      localDate: localDateOf(occurredAt, zone ?? this.options.timeZone),
      bought: netOf(purchase),
    });
    this.newestDay = Math.max(this.newestDay ?? day, day);
  }

  /** Items and stores that a receipt names for the first time are taken in, not refused. */
  private registerWhatIsNew(purchase: Purchase): void {
    const { storeId } = purchase;
    for (const itemId of netOf(purchase).keys()) {
      if (!this.items.has(itemId)) this.items.set(itemId, { itemId, status: 'active' });
    }
    if (storeId !== undefined && !this.stores.has(storeId)) this.stores.set(storeId, { storeId });
  }

  private acceptReturn(goods: Return): Answer {
    if (this.erasedPurchases.has(goods.purchaseId)) return rejected;
    return this.once(`return ${goods.returnId}`, goods, () => {
      if (this.isAhead(goods.occurredAt) || this.replaced.has(goods.purchaseId)) return rejected;
      const receipt = this.receipts.get(goods.purchaseId);
      const sent = goods.lines ? addUp(goods.lines) : this.allLeft(receipt);
      const pieces = receipt === undefined ? sent : this.asBought(receipt, sent);
      if (pieces === undefined || pieces.size === 0) return rejected;
      this.takeBack(goods.purchaseId, pieces);
      return receipt === undefined ? { status: 'created', parked: true } : created;
    });
  }

  /** The same goods by the numbers that the receipt has; undefined where it has not as much. */
  private asBought(
    receipt: Receipt,
    sent: ReadonlyMap<string, number>,
  ): Map<string, number> | undefined {
    const pieces = new Map<string, number>();
    for (const [itemId, quantity] of sent) {
      let due = quantity;
      for (const bought of this.numbersOn(receipt, itemId)) {
        const before = pieces.get(bought) ?? 0;
        const taken = Math.min(due, this.piecesLeft(receipt, bought) - before);
        if (taken > 0) pieces.set(bought, before + taken);
        due -= Math.max(0, taken);
      }
      if (due > 0) return undefined;
    }
    return pieces;
  }

  /** All numbers of an item on a receipt, the given one first. */
  private numbersOn({ bought }: Receipt, itemId: string): string[] {
    const { survivorOf } = this.sameItems;
    const same = [...bought.keys()].filter((each) => survivorOf(each) === survivorOf(itemId));
    return same.sort((one, other) => Number(other === itemId) - Number(one === itemId));
  }

  private allLeft(receipt: Receipt | undefined): Map<string, number> {
    const left = new Map<string, number>();
    for (const itemId of receipt?.bought.keys() ?? []) {
      const pieces = this.piecesLeft(receipt!, itemId);
      if (pieces > 0) left.set(itemId, pieces);
    }
    return left;
  }

  private acceptUnreferenced(goods: UnreferencedReturn): Answer {
    if (this.people.isErased(goods.memberId)) return rejected;
    return this.once(`unreferenced ${goods.returnId}`, goods, () =>
      this.isAhead(goods.occurredAt) ? rejected : this.match(goods),
    );
  }

  /** Takes pieces off the member's latest purchases first; nothing to take off is a refusal. */
  private match(goods: UnreferencedReturn): Answer {
    const { epochMs } = momentOf(goods.occurredAt);
    const latestFirst = this.receiptsOf(goods.memberId)
      .filter((receipt) => receipt.occurredAtMs <= epochMs)
      .sort((left, right) => compareReceipts(right, left));
    let matched = 0;
    let unmatchedQuantity = 0;
    for (const [itemId, quantity] of addUp(goods.lines)) {
      let wanted = quantity;
      for (const receipt of latestFirst) {
        for (const bought of this.numbersOn(receipt, itemId).sort(byHashAfter(itemId))) {
          const taken = Math.min(wanted, this.piecesLeft(receipt, bought));
          if (taken > 0) this.takeBack(receipt.purchaseId, new Map([[bought, taken]]));
          wanted -= taken;
        }
      }
      matched += quantity - wanted;
      unmatchedQuantity += wanted;
    }
    return { status: matched > 0 ? 'created' : 'rejected', unmatchedQuantity };
  }

  private takeBack(purchaseId: string, pieces: ReadonlyMap<string, number>): void {
    const returned = this.returned.get(purchaseId) ?? new Map<string, number>();
    for (const [itemId, quantity] of pieces) {
      returned.set(itemId, (returned.get(itemId) ?? 0) + quantity);
    }
    this.returned.set(purchaseId, returned);
  }
}

/** The newest description counts; the one that stands already is no news. */
function replace<Value>(known: Map<string, Value>, id: string, value: Value): Answer {
  const before = JSON.stringify(known.get(id));
  known.set(id, value);
  return before === JSON.stringify(value) ? duplicate : created;
}
