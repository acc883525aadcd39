// Protocols: which receipts are learnt, and which are predicted. Pure: no engine, no clock.
import { EngineError, type FileReceipt } from '../../engine/index.ts';

export const protocols = ['last', 'replay', 'completion'] as const;
export type Protocol = (typeof protocols)[number];

export interface Plan {
  /** Learnt before anything is asked, in this order. */
  readonly learnt: readonly FileReceipt[];
  /** Gone through one by one after that. */
  readonly asked: readonly FileReceipt[];
  /** Whether each of `asked` is learnt when it has been asked for. */
  readonly learnsAsked: boolean;
}

export interface Window {
  /** Epoch milliseconds; receipts from here on are predicted. */
  readonly fromMs: number | undefined;
  /** Receipts from here on are left out. */
  readonly toMs: number | undefined;
}

/** The part of time, or of the tickets, that is predicted where nothing else is said. */
const askedShare = 0.2;
/** A ticket of one item has nothing to start from; a very long one is no visit to a shop. */
const ticketItems = { min: 2, max: 60 } as const;

export function isTicket({ itemIds }: FileReceipt): boolean {
  return itemIds.length >= ticketItems.min && itemIds.length <= ticketItems.max;
}

/** Throws FAILED_PRECONDITION when the file has nothing to ask for. */
export function planOf(protocol: Protocol, receipts: readonly FileReceipt[], window: Window): Plan {
  if (protocol === 'replay') return replayPlan(receipts, window);
  const hasMembers = receipts.some(({ memberId }) => memberId !== undefined);
  const plan =
    protocol === 'last' || hasMembers
      ? lastPlan(receipts, protocol === 'completion')
      : ticketPlan(receipts);
  if (plan.asked.length === 0) throw nothingToAsk(protocol);
  return plan;
}

/** Every member's last receipt is held out; anonymous tickets are all learnt. */
function lastPlan(receipts: readonly FileReceipt[], isCompletion: boolean): Plan {
  const lastOf = new Map<string, FileReceipt>();
  const known = new Set<string>();
  const ordered = receipts.toSorted(byTimeAndId);
  for (const receipt of ordered) {
    const { memberId } = receipt;
    if (memberId === undefined) continue;
    if (lastOf.has(memberId)) known.add(memberId);
    lastOf.set(memberId, receipt);
  }
  const last = [...lastOf.values()];
  const held = new Set(last);
  return {
    learnt: ordered.filter((receipt) => !held.has(receipt)),
    // Nothing is known of who came once; their ticket can still be completed.
    asked: isCompletion ? last.filter(isTicket) : last.filter((each) => known.has(each.memberId!)),
    learnsAsked: false,
  };
}

/** Anonymous tickets: the last fifth in time, those of one moment in file order. */
function ticketPlan(receipts: readonly FileReceipt[]): Plan {
  const ordered = receipts.toSorted((first, second) => first.epochMs - second.epochMs);
  const from = Math.floor(ordered.length * (1 - askedShare));
  return {
    learnt: ordered.slice(0, from),
    asked: ordered.slice(from).filter(isTicket),
    learnsAsked: false,
  };
}

function replayPlan(receipts: readonly FileReceipt[], window: Window): Plan {
  const { toMs = Number.POSITIVE_INFINITY } = window;
  const ordered = receipts.filter(({ epochMs }) => epochMs < toMs).sort(byTimeAndId);
  const firstMs = ordered[0]?.epochMs ?? 0;
  const lastMs = ordered.at(-1)?.epochMs ?? 0;
  const fromMs = window.fromMs ?? lastMs - (lastMs - firstMs) * askedShare;
  const asked = ordered.filter(({ epochMs }) => epochMs >= fromMs);
  if (!asked.some(({ memberId }) => memberId !== undefined)) throw nothingToAsk('replay');
  return {
    learnt: ordered.slice(0, ordered.length - asked.length),
    asked,
    learnsAsked: true,
  };
}

/** The order in which the engine keeps a member's receipts: (time, bytes of the purchaseId). */
function byTimeAndId(first: FileReceipt, second: FileReceipt): number {
  if (first.epochMs !== second.epochMs) return first.epochMs - second.epochMs;
  const [a, b] = [first.purchase.purchaseId, second.purchase.purchaseId];
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function nothingToAsk(protocol: Protocol): EngineError {
  const needs = {
    last: 'a member with two receipts or more',
    replay: 'a receipt of a member between --from and --to',
    completion: `a receipt of ${ticketItems.min} to ${ticketItems.max} items to hold out`,
  }[protocol];
  return new EngineError(
    'FAILED_PRECONDITION',
    `the file has no receipt to predict: ${protocol} needs ${needs}`,
  );
}
