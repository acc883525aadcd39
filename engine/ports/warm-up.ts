// Lists that are made before anybody asks: code that has never run takes several times as long, and
// whoever asked first would wait for it, and everybody else for him.
import { idOfKey } from '../history/chunk.ts';
import { isTrap } from '../kernel/instance.ts';
import { rank } from '../serve/pipeline.ts';
import { nameReply } from '../serve/ranked.ts';
import type { RecommendRequestInput } from '../serve/request.ts';
import { parseRequest } from '../serve/stages/accept.ts';
import { type ListsParts, stateOf } from './lists.ts';

/** One list a step; to be run once all is counted. */
export function* warmUp(parts: ListsParts): Generator<void> {
  const { counting } = parts;
  try {
    for (const request of requestsFor(parts)) {
      yield;
      if (counting.waitingFor !== undefined) return;
      nameReply(rank(parseRequest(request), stateOf(parts), 'member'));
    }
  } catch (error) {
    if (!isTrap(error)) throw error;
    counting.onFailure(error);
  }
}

/** One of each kind, for a stranger and for the first member there is. */
function* requestsFor({ registries, store }: ListsParts): Generator<RecommendRequestInput> {
  const { items } = registries;
  if (items.size === 0) return;
  const itemId = items.idOf(0);
  yield { scenario: 'popular' };
  yield { scenario: 'guess-you-like' };
  for (const key of store.tables.histories.keys(Buffer.alloc(1), 1)) {
    const memberId = idOfKey(key);
    yield { scenario: 'guess-you-like', memberId };
    yield { scenario: 'discover', memberId };
    yield { scenario: 'buy-again', memberId };
  }
  yield { scenario: 'similar', itemId };
  yield { scenario: 'bought-together', itemId };
  yield { scenario: 'basket-add-on', basket: [{ itemId }] };
}
