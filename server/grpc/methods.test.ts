// A long reply is encoded some entries in each turn of the event loop, and is the same message.
import { expect, test } from 'vitest';
import { ListItemsResponse } from '#proto/caini/v1/catalog.js';
import { doorLimits } from '../limits.ts';
import { encodeReply, methods } from './methods.ts';

const page = (count: number) => ({
  items: Array.from({ length: count }, (_, at) => {
    return { itemId: `i${at}`, name: `名${at}`, status: 'active', tags: ['a'] };
  }),
  nextAfter: 'more',
});

test('a page is encoded in pieces, whose bytes are those of all at once', async () => {
  const method = methods['CatalogService/ListItems']!;
  let encoded: number[] = [];
  const watched = {
    ...method,
    encode: (body: object) => {
      encoded.push((body as { readonly items: readonly object[] }).items.length);
      return method.encode(body);
    },
  };
  const body = page(1_000);
  let turns = 0;
  const look = (): void => {
    turns += 1;
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  const bytes = await encodeReply(watched, body);
  clearImmediate(next);
  expect(bytes.equals(method.encode(body))).toBe(true);
  expect(ListItemsResponse.decode(bytes)).toMatchObject({ nextAfter: 'more' });
  expect(Math.max(...encoded)).toBe(doorLimits.pieceEntries);
  expect(turns).toBeGreaterThanOrEqual(encoded.length - 1);
  encoded = [];
  const short = encodeReply(watched, page(doorLimits.pieceEntries));
  expect(short).toBeInstanceOf(Buffer);
  expect(encoded).toEqual([doorLimits.pieceEntries]);
});
