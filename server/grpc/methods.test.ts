// Tests of replies in protocol buffers: a long list is made over several turns, and reads the same.
import { expect, test } from 'vitest';
import { ListItemsResponse } from '#proto/caini/v1/catalog.js';
import { encodeInPieces, encodeReply, methods } from './methods.ts';

const items = Array.from({ length: 1_000 }, (_, at) => ({
  itemId: `i${String(at).padStart(4, '0')}`,
  name: `拿铁 ${at}`,
  status: 'active',
}));

test('a page of a thousand items leaves turns to others, and reads as one message', async () => {
  const method = methods['CatalogService/ListItems']!;
  const body = { items, nextAfter: 'i0999' };
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const bytes = await encodeInPieces(method, body);
  isOver = true;
  expect(turns).toBeGreaterThan(10);
  expect(ListItemsResponse.decode(bytes)).toEqual(
    ListItemsResponse.decode(encodeReply(method, body)),
  );
});

test('a short page is the same bytes', async () => {
  const method = methods['CatalogService/ListItems']!;
  const body = { items: items.slice(0, 3), nextAfter: 'i0002' };
  expect(await encodeInPieces(method, body)).toEqual(encodeReply(method, body));
});
