// Receipts as they are sent: what is kept of quantities and money, and what is said of them.
import { expect, test } from 'vitest';
import { type Chain, withChain } from '../../tests/support/engines.ts';
import { limits } from '../base/limits.ts';
import type { Event } from './index.ts';
import { purchaseSchema } from './purchase.ts';
import { returnSchema } from './return.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const sale = (chain: Chain, lines: readonly object[], more: object = {}): Event => {
  const occurredAt = new Date(chain.nowMs).toISOString();
  const purchase = purchaseSchema.parse({ purchaseId: 'p', occurredAt, lines, ...more });
  return { kind: 'purchase', purchase };
};

const back = (chain: Chain, lines: readonly object[], more: object = {}): Event => {
  const occurredAt = new Date(chain.nowMs).toISOString();
  const given = { returnId: 'r', purchaseId: 'p', occurredAt, lines, ...more };
  return { kind: 'return', return: returnSchema.parse(given) };
};

const rowsOf = (engine: Engine, gross = false) =>
  [...engine.records.receipts({ gross })].map(({ itemId, quantity }) => [itemId, quantity]);

function withEngine(use: (engine: Engine, chain: Chain) => Promise<void>): Promise<void> {
  return withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await use(engine, chain);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });
}

test('a line without a quantity is one piece, and one that comes back is too', () =>
  withEngine(async (engine, chain) => {
    await engine.writes.ingest([sale(chain, [{ itemId: 'milk' }, { itemId: 'tea', quantity: 2 }])]);
    expect(rowsOf(engine)).toEqual([
      ['milk', 1],
      ['tea', 2],
    ]);
    await engine.writes.ingest([back(chain, [{ itemId: 'tea' }])]);
    expect(rowsOf(engine)).toEqual([
      ['milk', 1],
      ['tea', 1],
    ]);
  }));

test('any weight is the item, and what is left of it after a return is too', () =>
  withEngine(async (engine, chain) => {
    await engine.writes.ingest([
      sale(chain, [{ itemId: 'apples', quantity: 0.5 }, { itemId: 'cheese' }]),
    ]);
    const digest = engine.inspect.digest();
    await engine.writes.ingest([back(chain, [{ itemId: 'apples', quantity: 0.2 }])]);
    expect(rowsOf(engine)).toEqual([
      ['apples', 0.3],
      ['cheese', 1],
    ]);
    expect(engine.inspect.digest()).toBe(digest);
    const rest = back(chain, [{ itemId: 'apples', quantity: 0.3 }], { returnId: 's' });
    await engine.writes.ingest([rest]);
    expect(rowsOf(engine)).toEqual([['cheese', 1]]);
  }));

test('money that does not add up is taken as it is, and told each time', () =>
  withEngine(async (engine, chain) => {
    const right = [
      { itemId: 'a', quantity: 2, unitPriceFen: 500, discountFen: 100, lineTotalFen: 900 },
      { itemId: 'b', quantity: 0.356, unitPriceFen: 1_280, lineTotalFen: 456 },
      { itemId: 'c', quantity: 3, lineTotalFen: 7 },
      // The price after the discount, as some tills give it.
      { itemId: 'd', quantity: 2, unitPriceFen: 450, discountFen: 100, lineTotalFen: 900 },
    ];
    const wrong = { itemId: 'e', quantity: 2, unitPriceFen: 500, discountFen: 100 };
    const event = sale(chain, [...right, { ...wrong, lineTotalFen: 800 }]);
    const warning = {
      reason: 'TOTAL_DIFFERS',
      field: 'lines[4].lineTotalFen',
      message: '2 × 500 fen less 100 is not 800',
    };
    const [first, again] = await engine.writes.ingest([event, event]);
    expect(first).toMatchObject({ status: 'created', warnings: [warning] });
    expect(again).toMatchObject({ status: 'duplicate', warnings: [warning] });
    const [plain] = await engine.writes.ingest([sale(chain, right, { purchaseId: 'q' })]);
    expect(plain).not.toHaveProperty('warnings');
  }));

test('of very many such lines the first are told, and how many more there are', () =>
  withEngine(async (engine, chain) => {
    const lines = Array.from({ length: 100 }, (_, index) => {
      return { itemId: `item-${index}`, unitPriceFen: 500, lineTotalFen: 1 };
    });
    const [result] = await engine.writes.ingest([sale(chain, lines)]);
    expect(result?.warnings).toHaveLength(limits.warningsMax + 1);
    const last = { field: 'lines', message: '80 more lines of the receipt' };
    expect(result?.warnings?.at(-1)).toMatchObject(last);
  }));
