// The examples, run against a real server as their README says.
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pos } from '../examples/pos-typescript/pos.ts';
import { teach } from './support/conversation.ts';
import { openTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await openTill();
  await teach(till.engine);
});
afterAll(() => till?.close());

const addressOf = ({ door }: Till) => door.url.replace('grpc://', '');
const occurredAt = '2026-05-02T10:00:00+08:00';
const ticket = (purchaseId: string) => ({
  purchaseId,
  occurredAt,
  storeId: 's1',
  terminalId: 't1',
  scans: [{ itemId: 'milk', quantity: 2, unitPriceFen: 500 }, { itemId: 'bags' }],
});

async function sellWith(on: Till, purchaseId: string) {
  const pos = new Pos(addressOf(on), credentials.createInsecure(), () => {});
  try {
    return await pos.sell(ticket(purchaseId));
  } finally {
    pos.close();
  }
}

test('the TypeScript till sells by tender, and a retry is a duplicate', async () => {
  expect(await sellWith(till, 'ts-1')).toMatchObject({
    by: 'tender',
    status: 'INGEST_STATUS_CREATED',
  });
  expect(await sellWith(till, 'ts-1')).toMatchObject({ status: 'INGEST_STATUS_DUPLICATE' });
});

test('without a session it sells by RecordPurchase, the same receipt', async () => {
  const refusing = await openTill({ sessionLimits: { sessionsMax: 0 } });
  try {
    expect(await sellWith(refusing, 'ts-2')).toMatchObject({
      by: 'RecordPurchase',
      status: 'INGEST_STATUS_CREATED',
    });
  } finally {
    await refusing.close();
  }
  expect(await sellWith(till, 'ts-3')).toMatchObject({ by: 'tender' });
  const twice = await openTill({ sessionLimits: { sessionsMax: 1 } });
  try {
    expect(await sellWith(twice, 'ts-4')).toMatchObject({ by: 'tender' });
  } finally {
    await twice.close();
  }
});

const python = process.env['PYTHON'] ?? 'python3';
const hasGrpcio = (() => {
  try {
    execFileSync(python, ['-c', 'import grpc, grpc_tools'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasGrpcio)(
  'the Python till sells too (skipped where grpcio and grpcio-tools are not installed)',
  async () => {
    const script = join(import.meta.dirname, '../examples/pos-python/pos.py');
    const options = [script, addressOf(till), 'milk', 'bags'];
    const { stdout } = await promisify(execFile)(python, options, { timeout: 50_000 });
    expect(stdout).toMatch(/^INGEST_STATUS_CREATED \d+$/m);
    const sold = [...till.engine.records.receipts()].filter(({ purchaseId }) =>
      /^python-/.test(purchaseId),
    );
    expect(sold.map(({ itemId }) => itemId).sort()).toEqual(['bags', 'milk']);
  },
);
