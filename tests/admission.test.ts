// What is refused under overload, and what never is: the same at both doors, as the `load` of each
// operation says.
import { once } from 'node:events';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Engine, WritesPort } from '../engine/index.ts';
import { LoadShedder } from '../server/load-shedder.ts';
import type { EngineAccess } from '../server/operations/operation.ts';
import { operations } from '../server/operations.ts';
import { type DoorUnderTest, openGrpcDoor, openHttpDoor } from './support/doors.ts';
import { ask, type Message, openTill, type Refusal, refusalOf, type Till } from './support/till.ts';

const now = Date.parse('2026-06-01T12:00:00Z');

/** No turn has time for a list, and whoever waits has waited too long. */
function fullLoadShedder(): LoadShedder {
  let at = 0;
  const clock = () => {
    at += 50;
    return at;
  };
  const lists = { spared: 0, ageMs: 20, patienceMs: 100, overloadAgeMs: 5 };
  return new LoadShedder(clock, { listsMs: 0, lists });
}

/** The same engine, but behind with counting for as long as `isBehind` says. */
const behind =
  (isBehind: () => boolean) =>
  (access: EngineAccess): EngineAccess => ({
    ...access,
    engine: () => {
      const engine = access.engine();
      const writes = Object.create(engine.writes, { isBehind: { get: isBehind } }) as WritesPort;
      return Object.create(engine, { writes: { value: writes } }) as Engine;
    },
  });
const always = behind(() => true);

let http: DoorUnderTest;
let grpc: DoorUnderTest;
beforeAll(async () => {
  [http, grpc] = await Promise.all([
    openHttpDoor(now, { loadShedder: fullLoadShedder(), wrap: always }),
    openGrpcDoor(now, { loadShedder: fullLoadShedder(), wrap: always }),
  ]);
});
afterAll(() => Promise.all([http?.close(), grpc?.close()]));

const isShed = ({ reason }: { readonly reason?: string | undefined }) => reason === 'OVERLOADED';

/** Whatever its input must be otherwise: who is refused is refused unread. */
const input = { memberId: 'ann', itemId: 'milk', storeId: 's1', purchaseId: 'r-1' };

describe('under overload', () => {
  test.each(operations.map(({ name, load, rpc }) => ({ name, load, rpc })))(
    '$name, whose load is $load, is told the same at both doors',
    async ({ name, load, rpc }) => {
      const isFree = load === 'free';
      const asked = name === 'writeItems' ? { items: [{ itemId: 'milk' }] } : { ...input };
      expect(isShed(await http.ask(name, { ...asked })), 'HTTP').toBe(!isFree);
      if (rpc === undefined) return;
      expect(isShed(await grpc.ask(name, { ...asked })), 'gRPC').toBe(!isFree);
    },
  );

  test('an erase, an admin call and health are free, and nothing that changes counts is', () => {
    const free = operations.filter(({ load }) => load === 'free').map(({ name }) => name);
    expect(free.sort()).toEqual([
      'checkpoint',
      'compact',
      'confirmClock',
      'eraseMember',
      'expire',
      'proveTrailConsistency',
      'proveTrailInclusion',
      'readHealth',
      'readReadiness',
      'readSuspicions',
      'readTrail',
      'verify',
    ]);
  });

  test('an erase is done at both doors', async () => {
    for (const door of [http, grpc]) {
      const { code, body } = await door.ask('eraseMember', { memberId: 'ann' });
      expect({ code, body }).toMatchObject({ code: 'OK', body: { found: false } });
    }
  });
});

describe('receipts over a stream', () => {
  let isBehind = false;
  let refusals = 0;
  const watched = behind(() => {
    if (isBehind) refusals += 1;
    return isBehind;
  });
  let till: Till;
  beforeAll(async () => {
    const timing = { streamOverloadMsMax: 0 };
    till = await openTill({ timing }, { clock: () => now, wrap: watched });
  });
  afterAll(() => till?.close());

  const receipt = (purchaseId: string) => ({
    purchaseId,
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [{ itemId: 'milk', quantity: 1 }],
  });
  const overloaded = { code: 'RESOURCE_EXHAUSTED', info: { reason: 'OVERLOADED' } };

  const endOf = (stream: Message): Promise<Refusal> =>
    once(stream, 'error').then(([error]) => refusalOf(error as ServiceError));

  test('are answered until the server is behind, and then told when to come back', async () => {
    isBehind = false;
    const stream = till.client('IngestService').StreamPurchases();
    const ended = endOf(stream);
    stream.write(receipt('s-1'));
    const [first] = await once(stream, 'data');
    expect(first).toMatchObject({ id: 's-1', status: 'INGEST_STATUS_CREATED' });
    isBehind = true;
    stream.write(receipt('s-2'));
    const refusal = await ended;
    expect(refusal).toMatchObject({ ...overloaded, retryAfterMs: 1_000 });
    isBehind = false;
    const client = till.client('IngestService');
    const again = await ask(client, 'RecordPurchase', receipt('s-2'));
    expect(again.status, 'nothing was done').toBe('INGEST_STATUS_CREATED');
  });

  test('that are answered together are refused together', async () => {
    isBehind = true;
    const client = till.client('IngestService');
    const refusal = await new Promise<Refusal>((resolve, reject) => {
      const call = client.RecordPurchases((error: ServiceError | null) =>
        error === null ? reject(new Error('it was recorded')) : resolve(refusalOf(error)),
      );
      call.write(receipt('t-1'));
      call.end();
    });
    expect(refusal).toMatchObject(overloaded);
  });

  test('that a till tenders are refused, and its scans never are', async () => {
    isBehind = true;
    const session = till.client('CheckoutService').ScanSession();
    const ended = endOf(session);
    // Advice that is late is not sent: no machine is so busy.
    session.write({ open: { storeId: 's1', terminalId: 't1', deadlineMs: 10_000 } });
    session.write({ scan: { seq: 1, itemId: 'milk' } });
    const [reported] = await once(session, 'data');
    expect(reported.event).toBe('suppress');
    session.write({ tender: { purchaseId: 'u-1', occurredAt: '2026-05-01T09:10:00+08:00' } });
    expect(await ended).toMatchObject(overloaded);
    isBehind = false;
    const client = till.client('IngestService');
    const again = await ask(client, 'RecordPurchase', receipt('u-1'));
    expect(again.status, 'nothing was done').toBe('INGEST_STATUS_CREATED');
  });

  test('are held back for a while before they are refused, and lose none', async () => {
    const patient = await openTill({}, { clock: () => now, wrap: watched });
    isBehind = true;
    refusals = 0;
    const stream = patient.client('IngestService').StreamPurchases();
    stream.write(receipt('p-1'));
    // The end has been read long before the receipt is let in.
    stream.end();
    await vi.waitFor(() => expect(refusals).toBeGreaterThan(2));
    expect(patient.engine.status().events).toBe(0);
    isBehind = false;
    const results: Message[] = [];
    stream.on('data', (result: Message) => results.push(result));
    await once(stream, 'end');
    expect(results).toMatchObject([{ id: 'p-1', status: 'INGEST_STATUS_CREATED' }]);
    await patient.close();
  });

  test('are answered in order, however many', async () => {
    isBehind = false;
    const stream = till.client('IngestService').StreamPurchases();
    const ids = Array.from({ length: 200 }, (_, index) => `w-${index}`);
    const answered: string[] = [];
    stream.on('data', ({ id }: Message) => answered.push(id));
    for (const id of ids) stream.write(receipt(id));
    stream.end();
    await once(stream, 'end');
    expect(answered).toEqual(ids);
  });
});
