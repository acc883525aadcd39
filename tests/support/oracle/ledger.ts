// What was accepted: a plain list of receipts with the pieces left of each, plus the catalogue and
// the stores. It also foretells the answer to every event, so that a test notices a receipt wrongly
// taken or wrongly refused.
import type {
  Event,
  IngestStatus,
  Item,
  Purchase,
  Return,
  Store,
  UnreferencedReturn,
} from '../../../engine/index.ts';
import { compareBytes } from './hash.ts';
import { localHourOf, momentOf } from './time.ts';

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

export interface Ledger {
  /** In the order of acceptance. */
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly items: ReadonlyMap<string, Item>;
  readonly stores: ReadonlyMap<string, Store>;
  /** The newest day of any receipt ever accepted, returned or not. */
  readonly newestDay: number | undefined;
  accept(event: Event): Answer;
  piecesLeft(receipt: Receipt, itemId: string): number;
}

/** Starts an empty chain. */
export function createLedger(options: LedgerOptions): Ledger {
  return new PlainLedger(options);
}

/** Ascending time, then bytes of the purchaseId: the order of a member's history. */
export function compareReceipts(left: Receipt, right: Receipt): number {
  if (left.occurredAtMs !== right.occurredAtMs) return left.occurredAtMs - right.occurredAtMs;
  return compareBytes(left.purchaseId, right.purchaseId);
}

class PlainLedger implements Ledger {
  readonly receipts = new Map<string, Receipt>();
  readonly items = new Map<string, Item>();
  readonly stores = new Map<string, Store>();
  newestDay: number | undefined;
  readonly #options: LedgerOptions;
  /**
   * Everything ever accepted under a kind and an id, as text, to tell duplicates from conflicts.
   */
  readonly #contents = new Map<string, { readonly content: string; readonly answer: Answer }>();
  readonly #returned = new Map<string, Map<string, number>>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  accept(event: Event): Answer {
    switch (event.kind) {
      case 'item':
        this.items.set(event.item.itemId, event.item);
        return { status: 'created' };
      case 'store':
        this.stores.set(event.store.storeId, event.store);
        return { status: 'created' };
      case 'purchase':
        return this.#once(`purchase ${event.purchase.purchaseId}`, event.purchase, () =>
          this.#acceptPurchase(event.purchase),
        );
      case 'return':
        return this.#once(`return ${event.return.returnId}`, event.return, () =>
          this.#acceptReturn(event.return),
        );
      case 'unreferencedReturn':
        return this.#once(`return ${event.return.returnId}`, event.return, () =>
          this.#acceptUnreferenced(event.return),
        );
    }
  }

  piecesLeft(receipt: Receipt, itemId: string): number {
    const returned = this.#returned.get(receipt.purchaseId)?.get(itemId) ?? 0;
    return Math.max(0, (receipt.bought.get(itemId) ?? 0) - returned);
  }

  #once(key: string, content: unknown, accept: () => Answer): Answer {
    const text = JSON.stringify(content);
    const before = this.#contents.get(key);
    if (before !== undefined) {
      return { status: before.content === text ? 'duplicate' : 'conflict' };
    }
    const answer = accept();
    // A refused event leaves no trace: its id may be used again.
    if (answer.status === 'created') this.#contents.set(key, { content: text, answer });
    return answer;
  }

  #acceptPurchase(purchase: Purchase): Answer {
    const { epochMs } = momentOf(purchase.occurredAt);
    if (this.#isAhead(purchase.occurredAt)) return { status: 'rejected' };
    const day = Math.floor(epochMs / millisecondsPerDay);
    const zone =
      (purchase.storeId === undefined ? undefined : this.stores.get(purchase.storeId)?.timeZone) ??
      this.#options.timeZone;
    const hour = localHourOf(purchase.occurredAt, zone);
    this.receipts.set(purchase.purchaseId, {
      purchaseId: purchase.purchaseId,
      memberId: purchase.memberId,
      storeId: purchase.storeId,
      occurredAtMs: epochMs,
      day,
      daypart: daypartStarts.findLastIndex((start) => start <= hour),
      bought: addUp(purchase.lines),
    });
    this.newestDay = Math.max(this.newestDay ?? day, day);
    this.#registerWhatIsNew(purchase);
    return { status: 'created' };
  }

  /** Items and stores that a receipt names for the first time are taken in, not refused. */
  #registerWhatIsNew({ storeId, lines }: Purchase): void {
    for (const { itemId } of lines) {
      if (!this.items.has(itemId)) this.items.set(itemId, { itemId, status: 'active' });
    }
    if (storeId !== undefined && !this.stores.has(storeId)) this.stores.set(storeId, { storeId });
  }

  #acceptReturn(goods: Return): Answer {
    if (this.#isAhead(goods.occurredAt)) return { status: 'rejected' };
    const pieces = addUp(goods.lines);
    const receipt = this.receipts.get(goods.purchaseId);
    if (receipt !== undefined) {
      for (const [itemId, quantity] of pieces) {
        if (quantity > this.piecesLeft(receipt, itemId)) return { status: 'rejected' };
      }
    }
    this.#takeBack(goods.purchaseId, pieces);
    return receipt === undefined ? { status: 'created', parked: true } : { status: 'created' };
  }

  #acceptUnreferenced(goods: UnreferencedReturn): Answer {
    if (this.#isAhead(goods.occurredAt)) return { status: 'rejected' };
    const latestFirst = [...this.receipts.values()]
      .filter((receipt) => receipt.memberId === goods.memberId)
      .filter((receipt) => receipt.occurredAtMs <= momentOf(goods.occurredAt).epochMs)
      .sort((left, right) => compareReceipts(right, left));
    let matched = 0;
    let unmatchedQuantity = 0;
    for (const [itemId, quantity] of addUp(goods.lines)) {
      let wanted = quantity;
      for (const receipt of latestFirst) {
        const taken = Math.min(wanted, this.piecesLeft(receipt, itemId));
        if (taken > 0) this.#takeBack(receipt.purchaseId, new Map([[itemId, taken]]));
        wanted -= taken;
      }
      matched += quantity - wanted;
      unmatchedQuantity += wanted;
    }
    return { status: matched > 0 ? 'created' : 'rejected', unmatchedQuantity };
  }

  #isAhead(occurredAt: string): boolean {
    return momentOf(occurredAt).epochMs > this.#options.now() + clockSkewMsMax;
  }

  #takeBack(purchaseId: string, pieces: ReadonlyMap<string, number>): void {
    const returned = this.#returned.get(purchaseId) ?? new Map<string, number>();
    for (const [itemId, quantity] of pieces) {
      returned.set(itemId, (returned.get(itemId) ?? 0) + quantity);
    }
    this.#returned.set(purchaseId, returned);
  }
}

function addUp(
  lines: readonly { readonly itemId: string; readonly quantity: number }[],
): Map<string, number> {
  const pieces = new Map<string, number>();
  for (const { itemId, quantity } of lines) {
    pieces.set(itemId, (pieces.get(itemId) ?? 0) + quantity);
  }
  return pieces;
}
