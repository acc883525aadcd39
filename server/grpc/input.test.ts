// Long messages: read in pieces they say the same, and what no message of ours can be is refused.
import { setImmediate } from 'node:timers/promises';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import { Item, ListItemsRequest, WriteItemsRequest } from '#proto/caini/v1/catalog.js';
import { Purchase } from '#proto/caini/v1/ingest.js';
import { createRandom, itemSchema, purchaseSchema } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { schemaNode } from '../operations/violations.ts';
import { type Decoder, decodeMessage, emptyMessage, readInput, toInput } from './input.ts';

const purchaseNode = schemaNode(purchaseSchema);
const itemsNode = {
  properties: { items: { type: 'array', items: schemaNode(itemSchema) } },
  required: ['items'],
};

/** A message with what is given, as a client would send it. */
function bytesOf<Message extends object>(
  type: Decoder<Message> & { encode(message: Message): BinaryWriter },
  given: object,
): Uint8Array {
  return type.encode({ ...emptyMessage(type), ...given } as Message).finish();
}

test('a long message is the same input as a short one would be', async () => {
  const { integer: below, chance } = createRandom(7);
  for (let round = 0; round < 20; round++) {
    const lines = Array.from({ length: 300 + below(600) }, () => ({
      itemId: chance(0.1) ? '' : `item-${below(1_000)}`,
      quantity: below(3),
      ...(chance(0.5) && { unitPriceFen: below(2) }),
    }));
    const given = {
      purchaseId: chance(0.5) ? 'r-1' : '',
      ...(chance(0.5) && { memberId: '' }),
      occurredAt: '2026-05-01T09:10:00+08:00',
      lines,
    };
    const bytes = bytesOf(Purchase, given);
    expect(bytes.length).toBeGreaterThan(doorLimits.messagePieceBytes);
    const whole = toInput(Purchase.decode(bytes), purchaseNode);
    expect(await readInput(Purchase, bytes, purchaseNode)).toEqual(whole);
  }
});

test('a batch of 1,000 items is read over many turns', async () => {
  const items = Array.from({ length: 1_000 }, (_, index) => ({
    itemId: `item-${index}`,
    name: `name ${index}`,
    tags: ['a', 'b', 'c'],
  }));
  const bytes = bytesOf(WriteItemsRequest, {
    items: items.map((item) => ({ ...emptyMessage(Item), ...item })),
  });
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await setImmediate();
  })();
  const input = await readInput(WriteItemsRequest, bytes, itemsNode);
  isOver = true;
  await counting;
  expect(input).toMatchObject({ items });
  expect(turns).toBeGreaterThanOrEqual(Math.floor(bytes.length / doorLimits.messagePieceBytes));
});

const lineField = (7 << 3) | 2;
const emptyLines = (count: number) => Buffer.concat(Array(count).fill(Buffer.from([lineField, 0])));

test('a message of half a million empty lines is refused before it fills the memory', async () => {
  const read = async () => readInput(Purchase, emptyLines(500_000), purchaseNode);
  await expect(read()).rejects.toThrow('holds more fields than any message of ours');
  expect(() => decodeMessage(Purchase, emptyLines(500_000))).toThrow('holds more fields');
});

test('a message whose one field is 1 MB of fields is refused', async () => {
  const tags = Buffer.concat(Array(500_000).fill(Buffer.from([(6 << 3) | 2, 0])));
  const length = Buffer.from([
    0x80 | (tags.length & 127),
    0x80 | ((tags.length >> 7) & 127),
    tags.length >> 14,
  ]);
  const bytes = Buffer.concat([Buffer.from([(1 << 3) | 2]), length, tags]);
  const read = async () => readInput(WriteItemsRequest, bytes, itemsNode);
  await expect(read()).rejects.toThrow('holds more fields than any message of ours');
});

test('a long message that is cut short is no message', async () => {
  const text = 'x'.repeat(10_000);
  const bytes = bytesOf(ListItemsRequest, { after: text });
  const read = async () => readInput(ListItemsRequest, bytes.subarray(0, 9_000), {});
  await expect(read()).rejects.toThrow('is not a message of the type');
});
