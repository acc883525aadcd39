// Files that come again, mended or written by the chain itself, into an engine that has them.
import { expect, test } from 'vitest';
import { type Engine, exportReceipts, type Item } from '../engine/index.ts';
import { withChain } from './support/engines.ts';
import { importText } from './support/import-text.ts';

const header = 'purchaseId,memberId,occurredAt,itemId,quantity,unitPrice,storeId';

const rows = (...lines: string[]) => [header, ...lines, ''].join('\n');

const milkOnly = 'R1,ann,2026-05-01 09:10,milk,1,5,S1';
const badBread = 'R1,ann,2026-05-01 09:10,bread,x,3,S1';
const bread = 'R1,ann,2026-05-01 09:10,bread,2,3,S1';
const tea = 'R1,ann,2026-05-01 09:10,tea,1,9,S1';
const kept = (engine: Engine) =>
  [...engine.records.receipts()].map(({ purchaseId, itemId }) => `${purchaseId} ${itemId}`);

test('a receipt of which rows were mended is whole when the file comes again', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await importText(chain, engine, rows(milkOnly, badBread));
    const first = await importText(chain, engine, rows(milkOnly, bread));
    expect(first.summary).toMatchObject({ created: 1, amended: 1, conflict: 0, rowsCreated: 2 });
    expect(kept(engine)).toEqual(['R1~2 milk', 'R1~2 bread']);
    const again = await importText(chain, engine, rows(milkOnly, bread, ''));
    expect(again.summary).toMatchObject({ created: 0, duplicate: 1, conflict: 0 });
    // And once more, with a row that was mended later.
    const more = await importText(chain, engine, rows(milkOnly, bread, tea));
    expect(more.summary).toMatchObject({ created: 1, amended: 1, conflict: 0 });
    expect(kept(engine)).toEqual(['R1~3 milk', 'R1~3 bread', 'R1~3 tea']);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('an item that the file names by its barcode is the same one', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    const barcodes = ['6901234567892'];
    const item: Item = { itemId: 'milk', status: 'active', barcodes };
    await engine.writes.ingest([{ kind: 'item', item }]);
    const byCode = milkOnly.replace('milk', '6901234567892');
    await importText(chain, engine, rows(byCode, badBread));
    const { summary } = await importText(chain, engine, rows(byCode, bread));
    expect(summary).toMatchObject({ created: 1, amended: 1, conflict: 0 });
    expect(kept(engine)).toEqual(['R1~2 milk', 'R1~2 bread']);
  }));

test('a receipt whose own number looks like that of one made whole is left alone', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    const other = tea.replace('R1', 'R1~2');
    await importText(chain, engine, rows(milkOnly, badBread, other));
    const whole = rows(milkOnly, bread, tea, other);
    const first = await importText(chain, engine, whole);
    expect(first.summary).toMatchObject({ created: 1, amended: 1, duplicate: 1 });
    expect(kept(engine)).toEqual(['R1~2 tea', 'R1~3 milk', 'R1~3 bread', 'R1~3 tea']);
    const again = await importText(chain, engine, `${whole}\n`);
    expect(again.summary).toMatchObject({ created: 0, duplicate: 2, conflict: 0 });
  }));

test('a receipt that somebody corrected is not made as long again as it was', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await importText(chain, engine, rows(milkOnly, badBread));
    const right = `${header},replaces\nR9,ann,2026-05-01 09:10,milk,1,5,S1,R1\n`;
    await importText(chain, engine, right);
    const { summary, rejects } = await importText(chain, engine, rows(milkOnly, bread));
    expect(summary).toMatchObject({ created: 0, amended: 0, conflict: 1 });
    expect(rejects).toContain('R9');
    expect(kept(engine)).toEqual(['R9 milk']);
  }));

test('goods of a receipt that was made whole come back by its own number', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await importText(chain, engine, rows(milkOnly, badBread));
    const back = 'R1,ann,2026-05-02 09:10,bread,-2,3,S1';
    await importText(chain, engine, rows(milkOnly, bread));
    const { summary } = await importText(chain, engine, rows(back));
    expect(summary).toMatchObject({ returns: 1, returnsUnmatched: 0, rejected: 0 });
    expect(kept(engine)).toEqual(['R1~2 milk']);
  }));

test('a short receipt that has returns stays as it is, and is named', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    const back = 'R1,ann,2026-05-02 09:10,milk,-1,5,S1';
    await importText(chain, engine, rows(milkOnly, badBread, tea, back));
    const { summary, rejects } = await importText(chain, engine, rows(milkOnly, bread, tea, back));
    expect(summary).toMatchObject({ conflict: 1, recordedShort: 1, amended: 0, rowsConflict: 3 });
    expect(rejects).toContain('RECORDED_WITH_FEWER_LINES');
    expect(rejects).toContain('with 1 line fewer (bread)');
    expect(rejects).toContain('has returns');
    expect(kept(engine)).toEqual(['R1 tea']);
  }));

test('a receipt that was refused whole is taken when its rows are mended', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    const two = (member: string) =>
      rows('R1,ann,2026-05-01 09:10,milk,1,5,S1', `R1,${member},2026-05-01 09:10,tea,1,9,S1`);
    expect((await importText(chain, engine, two('bob'))).summary).toMatchObject({ rejected: 2 });
    const { summary } = await importText(chain, engine, two('ann'));
    expect(summary).toMatchObject({ created: 1, rowsCreated: 2, rejected: 0 });
  }));

test('a conflict names what is different', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await importText(chain, engine, rows('R1,ann,2026-05-01 09:10,milk,1,5,S1'));
    const other = rows('R1,bob,2026-05-01 09:11,tea,1,9,S1');
    const { summary, rejects } = await importText(chain, engine, other);
    expect(summary).toMatchObject({ conflict: 1, recordedShort: 0 });
    expect(rejects).toContain('memberId is ""bob"" here, ""ann"" there');
    expect(rejects).toContain('occurredAt is ""2026-05-01T09:11:00+08:00"" here');
    expect(rejects).toContain('1 line only here (tea); 1 line only there (milk)');
  }));

test('what other doors took comes again from the export as duplicates', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await engine.writes.ingest([
      {
        kind: 'purchase',
        purchase: {
          purchaseId: 'R1',
          channel: 'pos',
          occurredAt: '2026-05-01T09:10:00+08:00',
          couponIds: ['z', 'a'],
          lines: [
            // A total alone, from which an import makes a price; and a till's empty price.
            { itemId: 'milk', quantity: 2, lineTotalFen: 800 },
            { itemId: 'tea', quantity: 1, unitPriceFen: 0, lineTotalFen: 900 },
            { itemId: 'milk', quantity: 2, lineTotalFen: 800 },
          ],
        },
      },
    ]);
    const text = [...exportReceipts(engine, { format: 'csv', net: false })].join('');
    const { summary } = await importText(chain, engine, text);
    expect(summary).toMatchObject({ duplicate: 1, rowsDuplicate: 3, conflict: 0, created: 0 });
  }));
