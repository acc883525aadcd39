// What a random chain is asked: all seven scenarios, for members, strangers, items and tickets
// known and unknown.
import {
  dayparts,
  type RecommendRequest,
  type RecommendRequestInput,
  recommendRequestSchema,
} from '../../../engine/index.ts';
import { itemIds, memberIds, storeIds } from './pools.ts';

const limitsAsked = [20, 3, 100, 1];
const daysAsked = [undefined, '2024-01-01T00:00:00Z', undefined, '2025-06-01T12:00:00+08:00'];

/** The same questions every time, so that a failing chain shrinks to the same failing question. */
export function questions(): readonly RecommendRequest[] {
  return [...ofMembers(), ...ofItems(), ...ofTickets(), ...ofStores()].map((input, at) =>
    recommendRequestSchema.parse({
      limit: limitsAsked[at % limitsAsked.length],
      exclude: at % 5 === 4 ? [itemIds[at % itemIds.length], 'never seen'] : [],
      ...dayAsked(at),
      ...(at % 3 === 1 ? { explain: true } : {}),
      ...input,
    }),
  );
}

function dayAsked(at: number): { readonly asOf?: string } {
  const asOf = daysAsked[Math.floor(at / 4) % daysAsked.length];
  return asOf === undefined ? {} : { asOf };
}

function ofMembers(): RecommendRequestInput[] {
  const nobody = (['guess-you-like', 'discover'] as const).map((scenario) => ({ scenario }));
  const asked = ['a stranger', ...memberIds].flatMap((memberId, at) =>
    (['guess-you-like', 'discover', 'buy-again'] as const).map((scenario) => ({
      scenario,
      memberId,
      ...storeAt(at),
    })),
  );
  return [...nobody, ...asked];
}

function ofItems(): RecommendRequestInput[] {
  return [...itemIds, 'never seen'].flatMap((itemId, at) =>
    (['similar', 'bought-together'] as const).map((scenario) => ({
      scenario,
      itemId,
      ...storeAt(at),
    })),
  );
}

function ofTickets(): RecommendRequestInput[] {
  const tickets = [
    ['milk'],
    ['milk', 'milk', 'bread', 'never seen'],
    ['never seen'],
    [],
    ['__proto__', '🥛', 'tea', 'rice'],
  ];
  return tickets.flatMap((ticket, at) =>
    [undefined, memberIds[at]].map((memberId) => ({
      scenario: 'basket-add-on' as const,
      basket: ticket.map((itemId) => ({ itemId })),
      ...(memberId === undefined ? {} : { memberId }),
      ...storeAt(at),
    })),
  );
}

function ofStores(): RecommendRequestInput[] {
  return [undefined, ...storeIds, 'no such store'].flatMap((storeId, at) =>
    [undefined, dayparts[at]].map((daypart) => ({
      scenario: 'popular' as const,
      ...(storeId === undefined ? {} : { storeId }),
      ...(daypart === undefined ? {} : { daypart }),
    })),
  );
}

function storeAt(at: number): { readonly storeId?: string } {
  const storeId = [undefined, ...storeIds, 'no such store'][at % (storeIds.length + 2)];
  return storeId === undefined ? {} : { storeId };
}
