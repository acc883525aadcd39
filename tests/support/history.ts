// The events of random chains as plain lists: what was accepted, and what of it concerns one
// member.
import { type Engine, type Event, type IngestResult, itemSchema } from '../../engine/index.ts';

export interface Accepted {
  readonly event: Event;
  readonly result: IngestResult;
}

/** Sends events one request each, in order; only what was created. */
export async function sendAll(engine: Engine, events: readonly Event[]): Promise<Accepted[]> {
  // Random days are in no order that a clock could bear out.
  const results = await engine.writes.ingest(events, { trustsDays: true });
  return events.flatMap((event, at) => {
    const result = results[at]!;
    return result.status === 'created' ? [{ event, result }] : [];
  });
}

/** A member's id and every id merged into the same person by these events. */
export function unionOf(memberId: string, events: readonly Event[]): ReadonlySet<string> {
  const union = new Set([memberId]);
  for (let size = 0; size < union.size; ) {
    size = union.size;
    for (const event of events) {
      if (event.kind !== 'merge') continue;
      const pair = [event.merge.memberId, event.merge.fromMemberId];
      if (pair.some((id) => union.has(id))) for (const id of pair) union.add(id);
    }
  }
  return union;
}

/**
 * The events that name one of these members, or a receipt of theirs, or one that such a receipt
 * took the place of.
 */
export function eventsOf(union: ReadonlySet<string>, events: readonly Event[]): Set<Event> {
  const receipts = new Set<string>();
  for (const event of events) {
    if (event.kind === 'purchase') {
      const { memberId, purchaseId } = event.purchase;
      if (memberId !== undefined && union.has(memberId)) receipts.add(purchaseId);
    } else if (event.kind === 'attachMember') {
      const { memberId, purchaseId } = event.attachMember;
      if (union.has(memberId)) receipts.add(purchaseId);
    }
  }
  for (let size = 0; size < receipts.size; ) {
    size = receipts.size;
    for (const event of events) {
      const replaces = event.kind === 'purchase' ? event.purchase.replaces : undefined;
      if (replaces === undefined || event.kind !== 'purchase') continue;
      if (receipts.has(event.purchase.purchaseId)) receipts.add(replaces);
    }
  }
  return new Set(events.filter((event) => concerns(event, union, receipts)));
}

/** Events as they would have been sent where others never were. */
export function without(gone: ReadonlySet<Event>, events: readonly Event[]): Event[] {
  const receipts = new Set<string>();
  for (const event of gone) if (event.kind === 'purchase') receipts.add(event.purchase.purchaseId);
  return events.flatMap((event) => {
    if (gone.has(event)) return [];
    if (event.kind !== 'purchase' || !receipts.has(event.purchase.replaces ?? '')) return [event];
    const { replaces: _, ...purchase } = event.purchase;
    return [{ kind: 'purchase', purchase }];
  });
}

function concerns(
  event: Event,
  union: ReadonlySet<string>,
  receipts: ReadonlySet<string>,
): boolean {
  switch (event.kind) {
    case 'purchase':
      return receipts.has(event.purchase.purchaseId);
    case 'attachMember':
      return receipts.has(event.attachMember.purchaseId);
    case 'return':
      return receipts.has(event.return.purchaseId);
    case 'unreferencedReturn':
      return union.has(event.unreferencedReturn.memberId);
    case 'merge':
      return union.has(event.merge.memberId);
    case 'consent':
      return union.has(event.consent.memberId);
    default:
      return false;
  }
}

/** Items stay known whose only receipts are gone, and so do merges of them. */
export function itemsMerged(events: readonly Event[]): Event[] {
  return events.flatMap((event): Event[] => {
    if (event.kind !== 'itemMerge') return [];
    const { itemId, into } = event.itemMerge;
    return [itemId, into].map((id) => ({ kind: 'item', item: itemSchema.parse({ itemId: id }) }));
  });
}
