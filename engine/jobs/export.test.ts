// An export holds all that was sent, and reads back as what it was.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withChain } from '../../tests/support/engines.ts';
import { purchaseSchema } from '../events/purchase.ts';
import { returnSchema } from '../events/return.ts';
import { type ExportOptions, exportReceipts } from './export.ts';
import { readReceipts } from './receipt-file.ts';

const occurredAt = '2026-05-01T09:10:00+08:00';
const line = { itemId: 'tea', quantity: 4, unitPriceFen: 500, discountFen: 200 };
const whole = purchaseSchema.parse({
  ...{ purchaseId: 'p', memberId: 'ann', storeId: 's', channel: 'pos', occurredAt },
  ...{ terminalId: 't', cashierId: 'c', paidFen: 1_700, couponIds: ['A;1', 'B'] },
  lines: [
    { ...line, lineTotalFen: 1_800, isGift: true },
    { itemId: 'apples', quantity: 0.356 },
  ],
});

test.each(['csv', 'ndjson'] as const)('as %s a receipt reads back as it was sent', (format) =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await engine.writes.ingest([{ kind: 'purchase', purchase: whole }]);
    const path = join(chain.folder, `export.${format}`);
    writeFileSync(path, [...exportReceipts(engine, { format, net: false })].join(''));
    const guessRole = () => undefined;
    const reading = { path, guessRole, timesOptional: false, signal: undefined, onBytes() {} };
    const { receipts } = await readReceipts(reading);
    const [again] = await engine.writes.ingest(
      receipts.map(({ purchase }) => ({ kind: 'purchase', purchase })),
    );
    expect(again).toMatchObject({ id: 'p', status: 'duplicate' });
  }),
);

test('a net export takes off what came back, with its share of total and discount', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const lines = [{ itemId: 'tea', quantity: 1 }];
    const back = returnSchema.parse({ returnId: 'r', purchaseId: 'p', occurredAt, lines });
    await engine.writes.ingest([
      { kind: 'purchase', purchase: whole },
      { kind: 'return', return: back },
    ]);
    const rowsOf = (options: ExportOptions) =>
      [...exportReceipts(engine, options)].map((text) => JSON.parse(text));
    const [gross] = rowsOf({ format: 'ndjson', net: false });
    expect(gross).toMatchObject({ quantity: 4, discount: '2.00', lineTotal: '18.00' });
    const [net] = rowsOf({ format: 'ndjson', net: true });
    expect(net).toMatchObject({ quantity: 3, discount: '1.50', lineTotal: '13.50' });
  }));
