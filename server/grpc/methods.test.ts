// Replies as messages: a long list is encoded over several turns of the event loop, and comes to
// the same bytes as if it were encoded at once.
import { expect, test, vi } from 'vitest';
import { ListItemsResponse } from '#proto/caini/v1/catalog.js';
import { doorLimits } from '../limits.ts';
import { methods } from './methods.ts';
import { toItemPage } from './replies.ts';

const items = Array.from({ length: doorLimits.pageEntriesMax }, (_, at) => ({
  itemId: `item-${at}`,
  name: `货品 ${at}`,
  category: ['饮品', `架${at % 7}`],
  tags: ['新品'],
  priceFen: 100 + at,
  status: at % 5 === 0 ? 'inactive' : 'active',
}));
const { encode } = methods['CatalogService/ListItems']!;

test('a page of items is what the generated codec makes of it, however long', async () => {
  for (const count of [0, 1, doorLimits.pieceEntries, doorLimits.pieceEntries + 1, items.length]) {
    for (const more of [{}, { nextAfter: 'item-7' }]) {
      const body = { items: items.slice(0, count), ...more };
      const expected = Buffer.from(ListItemsResponse.encode(toItemPage(body)).finish());
      expect((await encode(body)).equals(expected)).toBe(true);
    }
  }
});

test('a long page is encoded a piece at a time, and others have their turn between', async () => {
  const encodeMessage = vi.spyOn(ListItemsResponse, 'encode');
  const longest = () =>
    Math.max(...encodeMessage.mock.calls.map(([message]) => message.items.length));
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await encode({ items });
  clearImmediate(next);
  expect(longest()).toBe(doorLimits.pieceEntries);
  const pieces = Math.ceil(items.length / doorLimits.pieceEntries);
  expect(turns).toBeGreaterThanOrEqual(pieces - 1);
  encodeMessage.mockRestore();
});
