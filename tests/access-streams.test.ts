// Who may stream: every call that sends many messages, with every scope, for a store of the key's
// and for another one, against docs/reference/access.md; and no gRPC call is without a rule.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scenarios } from '../engine/index.ts';
import { type Scope, scopes } from '../server/operations/caller.ts';
import { operations } from '../server/operations.ts';
import { readAccessPage } from './support/access-page.ts';
import { converse } from './support/conversation.ts';
import { keysByScope, openKeys, type TestKeys } from './support/keys.ts';
import { ask, definition, type Message, openTill, refusalOf, type Till } from './support/till.ts';

const pagePath = join(import.meta.dirname, '../docs/reference/access.md');
const stated = readAccessPage(readFileSync(pagePath, 'utf8'));

let keys: TestKeys;
let till: Till;
let wide: Map<Scope, string>;
let bound: Map<Scope, string>;
beforeAll(async () => {
  keys = await openKeys();
  [wide, bound] = [keysByScope(keys), keysByScope(keys, { stores: ['S1'] })];
  till = await openTill({ authenticate: keys.authenticate() });
});
afterAll(async () => {
  await till?.close();
  await keys?.remove();
});

function metadataOf(key: string | undefined): Metadata {
  const metadata = new Metadata();
  if (key !== undefined) metadata.set('x-api-key', key);
  return metadata;
}

let count = 0;
function receiptOf(storeId: string): object {
  count += 1;
  const occurredAt = '2026-05-01T09:10:00+08:00';
  return {
    purchaseId: `n-${count}`,
    storeId,
    occurredAt,
    lines: [{ itemId: 'milk', quantity: 1 }],
  };
}

const letIn = 'let in';
const reasonOf = (error: unknown): string => {
  const { info, code } = refusalOf(error);
  return info?.reason ?? code;
};

/** What becomes of one receipt, or one session, of a store. */
type Stream = (key: string | undefined, storeId: string) => Promise<string>;

const streams: Readonly<Record<string, Stream>> = {
  'IngestService/StreamPurchases': (key, storeId) => {
    const call = till.client('IngestService').StreamPurchases(metadataOf(key));
    return new Promise((resolve) => {
      call.on('error', (error: ServiceError) => resolve(reasonOf(error)));
      call.on('data', ({ status }: Message) => resolve(status && letIn));
      call.write(receiptOf(storeId));
      call.end();
    });
  },
  'IngestService/RecordPurchases': (key, storeId) =>
    new Promise((resolve) => {
      const call = till
        .client('IngestService')
        .RecordPurchases(metadataOf(key), (error: ServiceError | null) =>
          resolve(error === null ? letIn : reasonOf(error)),
        );
      call.on('error', () => {
        // The answer tells it.
      });
      call.write(receiptOf(storeId));
      call.end();
    }),
  'CheckoutService/ScanSession': async (key, storeId) => {
    const session = converse(till.client('CheckoutService'), metadataOf(key));
    session.send({ open: { storeId } });
    session.hangUp();
    const refusal = await session.ended;
    return refusal === undefined ? letIn : (refusal.info?.reason ?? refusal.code);
  },
};

/** The operations whose rules a stream must keep, all of them. */
const rulesOf: Readonly<Record<string, readonly string[]>> = {
  'IngestService/StreamPurchases': ['ingestPurchases'],
  'IngestService/RecordPurchases': ['ingestPurchases'],
  'CheckoutService/ScanSession': ['ingestPurchases', 'recommendForBasket'],
};

test('every call of proto/caini/v1 is an operation, a stream of here, or of the nodes', () => {
  const ofOperations = operations.flatMap(({ rpc }) => (rpc === undefined ? [] : [rpc]));
  const known = new Set([...ofOperations, ...Object.keys(streams)]);
  const served = Object.entries(definition)
    .filter(([name]) => name.startsWith('caini.v1.') && name.endsWith('Service'))
    .filter(([name]) => name !== 'caini.v1.ReplicationService')
    .flatMap(([name, methods]) =>
      Object.keys(methods).map((method) => `${name.slice('caini.v1.'.length)}/${method}`),
    );
  expect(served.length).toBeGreaterThan(Object.keys(streams).length);
  expect(new Set(served)).toEqual(known);
});

describe.each(Object.keys(streams))('%s', (name) => {
  test('is open to the keys that the table says', async () => {
    for (const scope of scopes) {
      const isEnough = rulesOf[name]!.every((rule) => stated.get(rule)!.scopes.includes(scope));
      for (const storeId of ['S1', 'S2']) {
        const where = `${scope} in ${storeId}`;
        const expected = isEnough ? letIn : 'SCOPE_MISSING';
        expect(await streams[name]!(wide.get(scope), storeId), where).toBe(expected);
        const foreign = isEnough && storeId === 'S2' ? 'STORE_FOREIGN' : expected;
        expect(await streams[name]!(bound.get(scope), storeId), `bound ${where}`).toBe(foreign);
      }
    }
  });

  test('is open to nobody without a key', async () => {
    expect(await streams[name]!(undefined, 'S1')).toBe('API_KEY');
  });
});

test('a till key gets no list in full, whoever it names', async () => {
  const metadata = metadataOf(wide.get('till'));
  const client = till.client('RecommendationService');
  for (const scenario of scenarios) {
    const asked = { scenario: `SCENARIO_${scenario.replaceAll('-', '_').toUpperCase()}` };
    const request = { ...asked, memberId: 'ann', storeId: 'S1', itemId: 'milk' };
    const outcome = await ask(client, 'Recommend', request, { metadata }).then(
      () => letIn,
      reasonOf,
    );
    expect(outcome, scenario).toBe('SCOPE_MISSING');
  }
  const open = operations.filter(
    ({ toRequest, name }) =>
      toRequest !== undefined && stated.get(name)?.scopes.includes('till') === true,
  );
  // The one list of a till is made for a cashier's eyes: no reason of it tells what was bought.
  expect(open.map(({ name, audience }) => [name, audience])).toEqual([
    ['recommendForBasket', 'till'],
  ]);
});
