// What stands before every operation: who may ask for what, and the line that the log keeps of it.
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openKeys } from '../../tests/support/keys.ts';
import { openLoopback } from '../../tests/support/loopback.ts';
import { ask, openTill, refused } from '../../tests/support/till.ts';
import {
  type AccessRule,
  anonymous,
  authorize,
  authorizeInput,
  authorizeList,
  type Caller,
  type Reach,
  type Scope,
} from './caller.ts';

const holding = (...held: Scope[]): Caller => ({ ...anonymous, scopes: new Set(held) });
const ofStores = (...stores: string[]): Caller => ({ ...anonymous, stores: new Set(stores) });
const list: AccessRule = { scope: 'read', alsoFor: ['guide'], reach: 'store', member: 'closed' };
const noReceipt = () => undefined;

test('any one of the scopes of an operation is enough, and another is not', () => {
  for (const caller of [anonymous, holding('read'), holding('till', 'guide')]) {
    expect(() => authorize(caller, list)).not.toThrow();
  }
  expect(() => authorize(holding('write'), list)).toThrow('does not have the scope read');
  expect(() => authorize(holding(), { ...list, scope: 'open' })).not.toThrow();
});

test('what concerns all stores is not for a key of some', () => {
  const rule: AccessRule = { scope: 'admin', reach: 'chain', member: 'closed' };
  expect(() => authorize(anonymous, rule)).not.toThrow();
  expect(() => authorize(ofStores('S1', 'S2'), rule)).toThrow('the API key is for S1, S2');
});

test('a key of some stores names one of them, and receipts of theirs', () => {
  const storeOf = (purchaseId: string) => ({ 'r-1': 'S1', 'r-2': 'S2' })[purchaseId];
  const check = (input: object, reach: Reach = 'store') =>
    authorizeInput(
      ofStores('S1'),
      { reach, member: 'closed', receiptFields: ['replaces'] },
      { ...input },
      storeOf,
    );
  expect(() => check({ storeId: 'S1', replaces: 'r-1' })).not.toThrow();
  expect(() => check({ replaces: 'r-1' }, 'receipt')).not.toThrow();
  for (const input of [{}, { storeId: 'S2' }]) {
    expect(() => check(input)).toThrow('storeId must be of S1');
  }
  for (const replaces of ['r-2', 'unknown']) {
    expect(() => check({ storeId: 'S1', replaces })).toThrow('replaces must name a receipt of S1');
  }
  expect(() => check({ storeId: 'S2', replaces: 'r-1' }, 'receipt')).toThrow('storeId');
  const rule = { reach: 'store', member: 'closed', receiptFields: [] } as const;
  expect(() => authorizeInput(anonymous, rule, {}, noReceipt)).not.toThrow();
});

test('a refusal names some of the stores of a key that has many', () => {
  const many = ofStores(...Array.from({ length: 300 }, (_, index) => `S${index}`));
  expect(() => authorizeList(many, { scenario: 'popular' }, list)).toThrow(
    'storeId must be of S0, S1, S2, S3, S4 and 295 more: the API key is for no other',
  );
});

test('a key of some kinds of lists asks for no other', () => {
  const caller: Caller = { ...anonymous, scenarios: new Set(['popular', 'similar']) };
  expect(() => authorizeList(caller, { scenario: 'similar' }, list)).not.toThrow();
  expect(() => authorizeList(caller, { scenario: 'discover' }, list)).toThrow(
    'the API key is for lists of popular, similar, not of discover',
  );
});

/** A log that keeps its lines. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

test('an admin operation leaves a line that names the key and does not tell it', async () => {
  const keys = await openKeys();
  const { key, text: secret } = keys.make(['privacy', 'read']);
  const { log, lines } = keptLog();
  const till = await openTill({ log, authenticate: keys.authenticate() });
  try {
    const metadata = new Metadata();
    metadata.set('x-api-key', secret);
    const members = till.client('MemberService');
    await ask(members, 'EraseMember', { memberId: 'ann' }, { metadata });
    await ask(till.client('CatalogService'), 'ListItems', {}, { metadata });
    const tooMuch = ask(members, 'EraseMember', { memberId: '' }, { metadata });
    expect((await refused(tooMuch)).code).toBe('INVALID_ARGUMENT');
    const audited = lines.filter(({ msg }) => msg === 'admin operation');
    expect(audited).toMatchObject([
      { operation: 'eraseMember', outcome: 'ok', keyId: key.id },
      { operation: 'eraseMember', outcome: 'INVALID_ARGUMENT' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(lines), 'nor whom it was about').not.toContain('ann');
  } finally {
    await till.close();
    await keys.remove();
  }
});

test('the same line is left over HTTP, where nobody shows a key', async () => {
  const { log, lines } = keptLog();
  const loopback = await openLoopback({}, { log });
  try {
    expect((await loopback.send('POST', '/v1/admin/checkpoint', {})).status).toBe(200);
    expect(lines).toMatchObject([
      { msg: 'admin operation', operation: 'checkpoint', outcome: 'ok' },
    ]);
    expect(lines[0]).not.toHaveProperty('keyId');
  } finally {
    await loopback.close();
  }
});
