// What a reason may claim: the real number behind each reason type, recomputed from the list of
// receipts.
import type { Reason, RecommendRequest } from '../../../engine/index.ts';
import { historyOf, type State } from './counts.ts';
import { rowsOf, storesOfCity } from './popularity.ts';

/**
 * The count that a reason for listing `itemId` must carry; undefined for reasons that carry none.
 */
export function trueCount(
  state: State,
  request: RecommendRequest,
  { itemId, reason }: { readonly itemId: string; readonly reason: Reason },
): number | undefined {
  const anchor = reason.itemId ?? '';
  switch (reason.type) {
    case 'bought_before':
      return timesBought(state, request.memberId ?? '', itemId);
    case 'bought_after':
      return state.counts.next.get(anchor)?.get(itemId)?.count ?? 0;
    case 'bought_together':
      return state.counts.same.get(anchor)?.get(itemId)?.count ?? 0;
    case 'popular_in_store':
      return receiptsIn(state, request, { scopes: [request.storeId ?? ''], itemId });
    case 'popular_in_city': {
      const scopes = storesOfCity(state, request.storeId ?? '');
      return receiptsIn(state, request, { scopes, itemId });
    }
    case 'popular_in_chain':
      return receiptsIn(state, request, { scopes: [undefined], itemId });
    case 'bought_by_same_members':
      return state.counts.mem.get(anchor)?.get(itemId)?.count ?? 0;
    case 'alike':
    case 'new_item':
    case 'catalogue':
      return undefined;
  }
}

/** The items that a reason may name as where it starts from. */
export function mayAnchor(state: State, request: RecommendRequest, reason: Reason): boolean {
  switch (reason.type) {
    case 'bought_after':
      if (request.scenario === 'similar') return reason.itemId === request.itemId;
      return timesBought(state, request.memberId ?? '', reason.itemId ?? '') > 0;
    case 'bought_together':
      if (request.scenario === 'bought-together' || request.scenario === 'similar') {
        return reason.itemId === request.itemId;
      }
      return request.basket.some(({ itemId }) => itemId === reason.itemId);
    case 'bought_by_same_members':
      if (request.scenario === 'similar') return reason.itemId === request.itemId;
      return timesBought(state, request.memberId ?? '', reason.itemId ?? '') > 0;
    case 'alike':
      return reason.itemId === request.itemId;
    case 'new_item':
      return timesBought(state, request.memberId ?? '', reason.itemId ?? '') > 0;
    default:
      return true;
  }
}

function timesBought(state: State, memberId: string, itemId: string): number {
  const history = historyOf(state, memberId);
  return history.filter((basket) => basket.items.includes(itemId)).length;
}

function receiptsIn(
  state: State,
  request: RecommendRequest,
  { scopes, itemId }: { scopes: readonly (string | undefined)[]; itemId: string },
): number {
  const rows = rowsOf(state, scopes, request);
  return rows.reduce((sum, row) => sum + (row.get(itemId)?.count ?? 0), 0);
}
