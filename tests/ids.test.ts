// Ids as clients really send them: the same id means the same at every door that takes one.
import { afterEach, expect, test } from 'vitest';
import { createIdRules, type IdSettings, openEngine } from '../engine/index.ts';
import { makeTemporaryFolder } from './support/folders.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, openTill, refused, type Till } from './support/till.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const door of opened.splice(0)) await door.close();
});

async function openHttp(settings: IdSettings = {}): Promise<Loopback> {
  const inputRules = { ids: createIdRules(settings) };
  const options = { anonymousMemberIds: settings.anonymous };
  const door = await openLoopback(options, {}, (access) => ({ ...access, inputRules }));
  opened.push(door);
  return door;
}

async function openGrpc(): Promise<Till> {
  const till = await openTill();
  opened.push(till);
  return till;
}

let count = 0;
const receipt = (changes: object = {}) => {
  count += 1;
  const occurredAt = '2026-05-01T09:10:00+08:00';
  const lines = ['milk', 'bread'].map((itemId) => ({ itemId, quantity: 1 }));
  return { purchaseId: `r${count}`, occurredAt, lines, ...changes };
};
const buy = (door: Loopback, changes: object) =>
  door.send('POST', '/v1/purchases', receipt(changes));
const memberPath = (id: string) => `/v1/members/${encodeURIComponent(id)}`;
const isPersonalized = async (door: Loopback, id: string) =>
  (await door.get(`${memberPath(id)}/recommendations`)).json.personalized;

const wrong = ['undefined', 'null', 'NaN', 'None', '[object Object]', '6.9E+12', '6.90123E+12'];

test.each(wrong)('%s is no id at any door, and its refusal names field and value', async (id) => {
  const door = await openHttp();
  const refusals = [
    ['memberId', await buy(door, { memberId: id })],
    ['storeId', await buy(door, { storeId: id })],
    ['purchaseId', await buy(door, { purchaseId: id })],
    ['lines[0].itemId', await buy(door, { lines: [{ itemId: id, quantity: 1 }] })],
    ['memberId', await door.get(`${memberPath(id)}/recommendations`)],
    ['memberId', await door.get(`${memberPath(id)}/buy-again`)],
    ['storeId', await door.get(`/v1/items/popular?storeId=${encodeURIComponent(id)}`)],
    ['fromMemberId', await door.send('POST', `${memberPath('ann')}/merge`, { fromMemberId: id })],
    ['memberId', await door.send('PUT', `${memberPath(id)}/consent`, { personalization: true })],
    ['itemId', await door.send('PUT', `/v1/items/${encodeURIComponent(id)}`, { name: 'x' })],
    ['exclude[1]', await door.send('POST', '/v1/recommendations', { exclude: ['milk', id] })],
  ] as const;
  for (const [field, { status, json }] of refusals) {
    expect([field, status]).toEqual([field, 422]);
    expect(json.errors).toMatchObject([{ field, value: JSON.stringify(id) }]);
    expect(json.detail).toMatch(/word for nothing|last digits are lost/);
  }
  const till = await openGrpc();
  const purchase = refused(
    ask(till.client('IngestService'), 'RecordPurchase', receipt({ memberId: id })),
  );
  expect((await purchase).violations).toMatchObject([{ field: 'memberId' }]);
});

test('padding, shields and odd blanks are taken off, and the id is one at all doors', async () => {
  const door = await openHttp();
  const forms = ['00123', '00123\t', '="00123"', "'00123", '\u00A000123 ', '00123          '];
  for (const memberId of forms) {
    expect((await buy(door, { memberId })).status).toBe(201);
  }
  for (const id of forms) expect([id, await isPersonalized(door, id)]).toEqual([id, true]);
  expect(door.engine.status().members).toBe(1);
  const sent = receipt({ purchaseId: 'R-9\t', memberId: '00123' });
  expect((await door.send('POST', '/v1/purchases', sent)).json.id).toBe('R-9');
  const again = { ...sent, purchaseId: 'R-9' };
  expect((await door.send('POST', '/v1/purchases', again)).json.status).toBe('duplicate');
  const merged = await door.send('POST', `${memberPath('00123 ')}/merge`, {
    fromMemberId: '00123',
  });
  expect(merged.json.status).toBe('duplicate');
  const erased = await door.send('DELETE', memberPath('00123\t'), undefined);
  expect(erased.json).toMatchObject({ found: true, removed: { receipts: 7 } });
  expect((await buy(door, { memberId: '="00123"' })).json.reason).toBe('MEMBER_ERASED');
});

test('a JSON number that loses digits is refused with all of them', async () => {
  const door = await openHttp();
  const json = JSON.stringify(receipt({ memberId: 'AT' }));
  for (const digits of ['6901234567890123457', '9007199254740993', '69012345678901234567890']) {
    const { status, json: problem } = await door.send(
      'POST',
      '/v1/purchases',
      json.replace('"AT"', digits),
    );
    expect(status).toBe(422);
    expect(problem.errors).toMatchObject([{ field: 'memberId', value: digits }]);
  }
  const text = await door.send('POST', '/v1/purchases', json.replace('AT', '6901234567890123457'));
  expect(text.status).toBe(201);
  expect(await isPersonalized(door, '6901234567890123457')).toBe(true);
});

test('a till identifies the same member as a receipt', async () => {
  const till = await openGrpc();
  const client = till.client('IngestService');
  await ask(client, 'RecordPurchase', receipt({ memberId: '7001' }));
  await ask(client, 'RecordPurchase', receipt({ memberId: '7001   ' }));
  expect(till.engine.status().members).toBe(1);
});

const nobodies = ['NULL', '\\N', '0', '散客', 'Walk-in Customer', '-', '非会员'];

test.each(nobodies)('a receipt of %s is anonymous, and its answer says so', async (memberId) => {
  const door = await openHttp();
  const sent = receipt({ memberId });
  const first = await door.send('POST', '/v1/purchases', sent);
  expect([first.status, first.json.anonymous]).toEqual([201, true]);
  const again = await door.send('POST', '/v1/purchases', sent);
  expect(again.json).toMatchObject({ status: 'duplicate', anonymous: true });
  const suspicions = { ofNobody: 1, clockAhead: 0 };
  expect(door.engine.status()).toMatchObject({ events: 1, members: 0, suspicions });
  const list = await door.get(`${memberPath(memberId)}/recommendations`);
  expect(list.json.personalized).toBe(false);
  expect(list.json.relaxations).toContain('member_unknown');
  const merge = await door.send('POST', `${memberPath('ann')}/merge`, { fromMemberId: memberId });
  expect([merge.status, merge.json.reason]).toEqual([422, 'MEMBER_IS_NOBODY']);
  const consent = await door.send('PUT', `${memberPath(memberId)}/consent`, {
    personalization: false,
  });
  expect([consent.status, consent.json.reason]).toEqual([422, 'MEMBER_IS_NOBODY']);
});

test('who is nobody, and which suspicious id is one after all, can be set', async () => {
  const door = await openHttp({ anonymous: ['House Card', '!0', '!null'], allowed: ['null'] });
  expect((await buy(door, { memberId: 'house card' })).json.anonymous).toBe(true);
  expect((await buy(door, { memberId: '0' })).json.anonymous).toBeUndefined();
  expect((await buy(door, { memberId: 'null' })).status).toBe(201);
  expect(door.engine.status().members).toBe(2);
  expect((await buy(door, { memberId: 'undefined' })).status).toBe(422);
});

test('addresses of e-mail are one member in any case only when that is asked for', async () => {
  const [kept, folded] = [await openHttp(), await openHttp({ foldsEmails: true })];
  for (const door of [kept, folded]) {
    await buy(door, { memberId: 'Ann@Example.com' });
    await buy(door, { memberId: 'ann@example.com' });
    await buy(door, { memberId: 'Card-7' });
    await buy(door, { memberId: 'card-7' });
  }
  expect([kept.engine.status().members, folded.engine.status().members]).toEqual([4, 3]);
  expect(await isPersonalized(folded, 'ANN@EXAMPLE.COM')).toBe(true);
  const erased = await folded.send('DELETE', memberPath('ANN@example.com'), undefined);
  expect(erased.json.removed.receipts).toBe(2);
});

test('what came in before ids were cleaned is one still, and is erased by it', async () => {
  // As the engine was: it took any text for a member.
  const door = await openHttp({ anonymous: ['!undefined'] });
  const former = ['P1\t', 'undefined', '6.9E+12', '="7"'];
  const purchases = former.map((memberId) => ({
    kind: 'purchase' as const,
    purchase: { ...receipt({ purchaseId: `old ${memberId}`, memberId }), channel: 'pos' as const },
  }));
  await door.engine.writes.ingest(purchases);
  await buy(door, { memberId: 'P1' });
  expect((await buy(door, { memberId: 'P1\t' })).status).toBe(201);
  expect(door.engine.status().members).toBe(5);
  for (const [id, receipts] of [
    ['P1\t', 2],
    ['undefined', 1],
    ['6.9E+12', 1],
    ['="7"', 1],
  ] as const) {
    const { json } = await door.send('DELETE', memberPath(id), undefined);
    expect([id, json.found, json.removed.receipts]).toEqual([id, true, receipts]);
    // The second time takes nobody else.
    expect((await door.send('DELETE', memberPath(id), undefined)).json.found).toBe(false);
  }
  expect(await isPersonalized(door, 'P1')).toBe(true);
  expect((await buy(door, { memberId: 'P1\t' })).json.reason).toBe('MEMBER_ERASED');
});

test('a receipt of a member who is nobody by now is the same when sent again', async () => {
  const folder = await makeTemporaryFolder('ids');
  opened.push({ close: () => folder.remove() });
  const sent = { ...receipt({ memberId: 'house' }), channel: 'pos' as const };
  const answers = [];
  for (const anonymousMemberIds of [[], ['House']]) {
    const engine = await openEngine({ dataDir: folder.path, anonymousMemberIds });
    const [result] = await engine.writes.ingest([{ kind: 'purchase', purchase: sent }]);
    const { personalized } = engine.lists.recommend({ memberId: 'house' });
    answers.push([result?.status, result?.anonymous, personalized]);
    await engine.close();
  }
  expect(answers).toEqual([
    ['created', undefined, true],
    ['duplicate', undefined, false],
  ]);
});
