// Items and stores of other origins: of two upserts the later stands, and of two at the same
// millisecond that of the origin whose name comes last.
import { type AcceptContext, putItem, putStore } from '../views/accept.ts';
import type { Registry } from '../views/catalogue.ts';
import type { ArrivalOf } from './apply.ts';

export function applyItem(
  context: AcceptContext,
  { place, entry, append }: ArrivalOf<'item'>,
): void {
  const { items } = context.registries;
  const stands = isLater(context, items, entry.item.itemId, place.origin, entry.acceptedAtMs);
  const sequence = append(true);
  if (stands) putItem(context, entry.item, sequence);
}

export function applyStore(
  context: AcceptContext,
  { place, entry, append }: ArrivalOf<'store'>,
): void {
  const { stores } = context.registries;
  const stands = isLater(context, stores, entry.store.storeId, place.origin, entry.acceptedAtMs);
  const sequence = append(true);
  if (stands) putStore(context, entry.store, sequence);
}

function isLater(
  { log }: AcceptContext,
  registry: Registry<unknown>,
  id: string,
  origin: string,
  acceptedAtMs: number,
): boolean {
  const number = registry.numberOf(id);
  const replaced = number === undefined ? 0 : registry.sequenceOf(number);
  // Only ever met in receipts.
  if (replaced === 0) return true;
  const stood = log.read(replaced).acceptedAtMs;
  if (stood !== acceptedAtMs) return acceptedAtMs > stood;
  return origin >= log.origins.at(replaced).origin;
}
