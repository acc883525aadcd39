// What stands before every operation: who may ask for what, and the line that the log keeps of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { makeTemporaryFolder } from '../../tests/support/folders.ts';
import { openLoopback } from '../../tests/support/loopback.ts';
import { ask, openTill, refused } from '../../tests/support/till.ts';
import { anonymous, authorize, type Caller, type CallerScope } from './caller.ts';

const holding = (...scopes: CallerScope[]): Caller => ({ ...anonymous, scopes: new Set(scopes) });

test('a caller may ask for what all its scopes allow', () => {
  const asked = { scopes: ['read', 'write'] } as const;
  expect(() => authorize(anonymous, asked)).not.toThrow();
  expect(() => authorize(holding('read', 'write'), asked)).not.toThrow();
  expect(() => authorize(holding('read'), asked)).toThrow('does not have the scope write');
  expect(() => authorize(holding(), { scopes: [] })).not.toThrow();
});

test('a till records receipts, scans, and reads the catalogue; no more', () => {
  const till = holding('till');
  const may = (service: 'CheckoutService' | 'CatalogService' | 'MemberService', scope: 'read') =>
    authorize(till, { scopes: [scope], service });
  expect(() => authorize(till, { scopes: ['write'], service: 'IngestService' })).not.toThrow();
  expect(() => may('CheckoutService', 'read')).not.toThrow();
  expect(() => may('CatalogService', 'read')).not.toThrow();
  expect(() => authorize(till, { scopes: ['write'], service: 'CatalogService' })).toThrow();
  expect(() => may('MemberService', 'read')).toThrow('does not have the scope read');
});

/** A log that keeps its lines. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

test('an admin operation leaves a line that names the key and does not tell it', async () => {
  const folder = await makeTemporaryFolder('chain');
  const keysFile = join(folder.path, 'keys');
  const secret = 'a-key-that-nobody-may-read';
  writeFileSync(keysFile, `${secret} admin,read\n`);
  const { log, lines } = keptLog();
  const till = await openTill({ log, keysFile });
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
      { operation: 'eraseMember', outcome: 'ok', keyId: expect.stringMatching(/^.{8}$/) },
      { operation: 'eraseMember', outcome: 'INVALID_ARGUMENT' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(lines), 'nor whom it was about').not.toContain('ann');
  } finally {
    await till.close();
    await folder.remove();
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
