// What a chain of format 1 could say of receipts and consents arrives in the upgraded one by name:
// read from the old log by hand, so that no reader of ours is believed.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../tests/support/folders.ts';
import { factsOf, makeFormatOne } from '../tests/support/format-1.ts';
import type { Item } from './catalogue/shapes.ts';
import { FormatOne } from './format-1/source.ts';
import { startsOf } from './history/chunk.ts';
import { decodeEntry } from './history/entry.ts';
import { readEntries } from './history/histories.ts';
import { findMember } from './history/members.ts';
import { upgrade } from './jobs/upgrade.ts';
import { openEngine } from './open.ts';
import { Store } from './store/store.ts';

const clock = () => Date.parse('2027-02-01T04:00:00Z');

type OldLine = readonly [itemId: string, pieces: number, unitPriceFen?: number | null];
type OldPurchase = readonly [string, number, memberId: string | null, ...unknown[], OldLine[]];

let folder: TemporaryFolder;
/** Entries of the old log, as JSON. */
let old: readonly (readonly unknown[])[];
let store: Store;

beforeAll(async () => {
  folder = await makeTemporaryFolder('upgraded');
  const dataDir = folder.path;
  makeFormatOne(dataDir, 'alone');
  const source = await FormatOne.open(join(dataDir, 'chain'));
  old = [...source.tables.log.rows()].map(({ value }) => JSON.parse(value.toString()));
  await source.close();
  await upgrade({ dataDir, openFolder: () => openEngine({ dataDir, clock }) });
  store = await Store.open(join(dataDir, 'chain'), { readOnly: true });
});

afterAll(async () => {
  await store.close();
  await folder.remove();
});

/** Lines of receipts of members: receipt, item, thousandths, fen of the line. */
function linesBefore(): string[] {
  return old.flatMap(([code, , , content]) => {
    if (code !== 'p') return [];
    const purchase = content as OldPurchase;
    const [purchaseId, , memberId] = purchase;
    if (memberId === null) return [];
    const items = new Map<string, { pieces: number; fen: number }>();
    for (const [itemId, pieces, price] of purchase.at(-1) as OldLine[]) {
      const sum = items.get(itemId) ?? { pieces: 0, fen: 0 };
      // One line without a price: nobody knows what all of them cost.
      const fen = sum.fen + pieces * (price ?? Number.NaN);
      items.set(itemId, { pieces: sum.pieces + pieces, fen });
    }
    return [...items].map(([itemId, { pieces, fen }]) =>
      [purchaseId, itemId, 1_000 * pieces, Number.isNaN(fen) ? 'unknown' : fen].join(),
    );
  });
}

function linesAfter(): string[] {
  const { items, histories } = store.tables;
  const itemIds = [...items.rows()].map(
    ({ value }) => (JSON.parse(value.toString()) as { value: Item }).value.itemId,
  );
  const members = new Set(
    old.flatMap(([code, , , content]) => (code === 'p' ? [(content as OldPurchase)[2]] : [])),
  );
  return [...members].flatMap((memberId) => {
    const bytes = (memberId && readEntries(histories, memberId)) || Buffer.alloc(0);
    const receipts = [...startsOf(bytes)].map((at) => decodeEntry(bytes, at));
    const counted = receipts.filter(({ removedAt }) => removedAt === 0);
    return counted.flatMap(({ purchaseId, lines }) =>
      lines.map(({ itemNumber, thousandths, totalFen = 'unknown' }) =>
        [purchaseId, itemIds[itemNumber], thousandths, totalFen].join(),
      ),
    );
  });
}

test('quantities as thousandths, and unit prices as what each line cost', () => {
  const before = linesBefore();
  expect(before.length).toBeGreaterThan(1_000);
  expect(before.filter((line) => !line.endsWith('unknown')).length).toBeGreaterThan(1_000);
  expect(linesAfter().toSorted()).toEqual(before.toSorted());
});

test('the answer on consent as one to personalization, with its moment', () => {
  const answers = old.flatMap(([code, , content]) =>
    code === 'c' ? [content as readonly [string, boolean, number, number]] : [],
  );
  expect(answers.map(([memberId]) => memberId)).toEqual(
    expect.arrayContaining([...factsOf('alone').withdrawn]),
  );
  const latest = new Map(answers.toSorted((a, b) => a[2] - b[2]).map((each) => [each[0], each]));
  for (const [memberId, given, atMs] of latest.values()) {
    const { consents } = findMember(store, memberId).record;
    expect(consents, memberId).toEqual({ personalization: { atMs, given } });
  }
});
