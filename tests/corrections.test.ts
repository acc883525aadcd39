// Corrections in files: wherever they stand, and however often the file comes in.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Engine, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { importText } from './support/import-text.ts';

const clock = () => Date.UTC(2026, 11, 1);
const timeZone = 'Asia/Shanghai';
const header = 'purchaseId,memberId,occurredAt,itemId,quantity,replaces';

async function withChain(use: (engine: Engine, folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const engine = await openEngine({ dataDir: join(folder, 'data'), clock, timeZone });
    try {
      await use(engine, folder);
    } finally {
      await engine.close();
    }
  }, 'corrections');
}

async function importRows(engine: Engine, folder: string, rows: readonly string[]) {
  const text = `${[header, ...rows].join('\n')}\n`;
  return (await importText({ folder, nowMs: clock() }, engine, text, timeZone)).summary;
}

const itemsOf = (engine: Engine) =>
  [...engine.records.receipts()].map(({ purchaseId, itemId }) => `${purchaseId} ${itemId}`).sort();

const newestFirst = [
  'd,ann,2026-05-04 10:00,eggs,1,c',
  'c,ann,2026-05-03 10:00,rice,1,a',
  'c,ann,2026-05-03 10:00,salt,1,',
  'b,bob,2026-05-02 10:00,milk,1,',
  'a,ann,2026-05-01 10:00,milk,1,',
];

test('a file corrects its own receipts in whatever order they stand, once', async () => {
  for (const rows of [newestFirst, newestFirst.toReversed()]) {
    await withChain(async (engine, folder) => {
      expect(await importRows(engine, folder, rows)).toMatchObject({ created: 4, rejected: 0 });
      expect(itemsOf(engine)).toEqual(['b milk', 'd eggs']);
      const digest = engine.inspect.digest();
      // Not gone on from: the same rows as another file.
      const again = await importRows(engine, folder, [...rows, 'e,,2026-05-05 10:00,milk,1,']);
      expect(again).toMatchObject({ created: 1, duplicate: 4, conflict: 0, rejected: 0 });
      expect(itemsOf(engine)).toEqual(['b milk', 'd eggs', 'e milk']);
      expect(engine.inspect.digest()).not.toBe(digest);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    });
  }
});

test('rows of a correction that replaces nothing known are refused, and told why', async () => {
  await withChain(async (engine, folder) => {
    const rows = [
      'a,ann,2026-05-01 10:00,milk,1,',
      'b,ann,2026-05-02 10:00,rice,1,nowhere',
      'c,ann,2026-05-02 10:00,rice,1,a',
      'c,ann,2026-05-02 10:00,salt,1,b',
    ];
    expect(await importRows(engine, folder, rows)).toMatchObject({ created: 1, rejected: 3 });
    expect(itemsOf(engine)).toEqual(['a milk']);
  });
});

test('what is exported has the receipts that count, and comes in again as it is', async () => {
  await withChain(async (engine, folder) => {
    await importRows(engine, folder, newestFirst);
    const rows = [...engine.records.receipts()].map(
      ({ purchaseId, memberId, occurredAt, itemId, quantity }) =>
        [purchaseId, memberId, occurredAt, itemId, quantity, ''].join(),
    );
    expect(await importRows(engine, folder, rows)).toMatchObject({ created: 0, duplicate: 2 });
    await withChain(async (other, elsewhere) => {
      await importRows(other, elsewhere, rows);
      expect(other.inspect.digest()).toBe(engine.inspect.digest());
    });
  });
});
