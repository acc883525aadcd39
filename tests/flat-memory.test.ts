// What a list takes of memory: nothing of the kernel's, however many are asked.
import { expect, test } from 'vitest';
import {
  type Engine,
  openEngine,
  type PurchaseInput,
  purchaseSchema,
  recommendRequestSchema,
  scenarios,
} from '../engine/index.ts';
import { makeTemporaryFolder } from './support/folders.ts';

const memberCount = 40;
const receiptCount = 2_000;
const rounds = 50;

function receipt(index: number): PurchaseInput {
  const lines = [1, 2, 3, 5, 8].map((step) => ({
    itemId: `item-${(index * step) % 300}`,
    quantity: 1,
  }));
  return {
    purchaseId: `r-${index}`,
    memberId: `member-${index % memberCount}`,
    storeId: `store-${index % 3}`,
    occurredAt: new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString(),
    lines,
  };
}

/** Every list there is, for every member. */
function askForAll(engine: Engine): number {
  let items = 0;
  for (const scenario of scenarios) {
    for (let member = 0; member < memberCount; member++) {
      const request = recommendRequestSchema.parse({
        scenario,
        memberId: `member-${member}`,
        storeId: `store-${member % 3}`,
        itemId: `item-${member}`,
        basket: [{ itemId: `item-${member}` }],
        limit: 100,
      });
      items += engine.lists.recommend(request).items.length;
    }
  }
  return items;
}

test('14,000 lists of every kind take no byte of the kernel’s memory', async () => {
  const folder = await makeTemporaryFolder('flat');
  const engine = await openEngine({ dataDir: folder.path });
  const events = Array.from({ length: receiptCount }, (_, index) => ({
    kind: 'purchase' as const,
    purchase: purchaseSchema.parse(receipt(index)),
  }));
  await engine.writes.ingest(events);
  await engine.upkeep.settle();
  // Room for a request's answer is made once, by the first of its kind.
  const items = askForAll(engine);
  const before = engine.inspect.memory();
  for (let round = 0; round < rounds; round++) expect(askForAll(engine)).toBe(items);
  expect(engine.inspect.memory()).toEqual(before);
  expect(items).toBeGreaterThan(scenarios.length * memberCount);
  await engine.close();
  await folder.remove();
});
