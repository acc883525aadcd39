// Members and upkeep at the HTTP door: merges, consent, erasing, and the proofs that go with them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { auditSchema, eraseReceiptSchema, ingestResultSchema } from './replies.ts';

let door: Loopback;

beforeAll(async () => {
  door = await openLoopback();
});

afterAll(() => door.close());

let receipts = 0;

async function buy(memberId: string, ...items: readonly string[]): Promise<string> {
  receipts += 1;
  const purchaseId = `r${receipts}`;
  const lines = items.map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = `2026-05-01T09:${String(receipts % 60).padStart(2, '0')}:00+08:00`;
  const purchase = { purchaseId, memberId, occurredAt, lines };
  expect((await door.send('POST', '/v1/purchases', purchase)).status).toBe(201);
  return purchaseId;
}

const memberPath = (memberId: string) => `/v1/members/${encodeURIComponent(memberId)}`;
const erase = (memberId: string) => door.send('DELETE', memberPath(memberId), undefined);

async function isPersonalized(memberId: string): Promise<boolean> {
  const { json } = await door.get(`${memberPath(memberId)}/recommendations`);
  return json.personalized;
}

test('two ids are merged once, and both then mean the same member', async () => {
  await buy('ann', 'milk', 'bread');
  const path = `${memberPath('card 1')}/merge`;
  const merged = await door.send('POST', path, { fromMemberId: 'ann' });
  expect([merged.status, merged.json.status]).toEqual([201, 'created']);
  expect(ingestResultSchema.parse(merged.json)).toMatchObject({ id: 'card 1' });
  const again = await door.send('POST', path, { fromMemberId: 'ann' });
  expect([again.status, again.json.status]).toEqual([200, 'duplicate']);
  expect(await isPersonalized('card 1')).toBe(true);
  const wrong = await door.send('POST', path, {});
  expect([wrong.status, wrong.json.errors[0].field]).toEqual([422, 'fromMemberId']);
});

test('consent counts from its own time, which is now when none is given', async () => {
  await buy('bob', 'milk', 'bread');
  const path = `${memberPath('bob')}/consent`;
  const withdrawn = await door.send('PUT', path, { personalization: false });
  expect([withdrawn.status, withdrawn.json.status]).toEqual([200, 'created']);
  expect(await isPersonalized('bob')).toBe(false);
  const occurredAt = '2026-05-01T00:00:00+08:00';
  const earlier = { personalization: true, occurredAt };
  expect((await door.send('PUT', path, earlier)).json.status).toBe('created');
  expect((await door.send('PUT', path, earlier)).json.status).toBe('duplicate');
  expect(await isPersonalized('bob')).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect((await door.send('PUT', path, { personalization: true })).status).toBe(200);
  const wrong = await door.send('PUT', path, { personalization: 'no' });
  expect([wrong.status, wrong.json.errors[0].field]).toEqual([422, 'personalization']);
});

test.each(['a/b', '50%', '🍜 张三', '..', 'merge', '%2F'])('erases the member %s', async (id) => {
  const purchaseId = await buy(id, 'tea', `only-${id}`);
  const { status, json } = await erase(id);
  expect([status, json.found, json.removed.receipts]).toEqual([200, true, 1]);
  expect(eraseReceiptSchema.parse(json).digestAfter).toBe(door.engine.inspect.digest());
  const lines = [{ itemId: 'tea', quantity: 1 }];
  const occurredAt = '2026-05-02T10:00:00+08:00';
  const late = { purchaseId: `late-${purchaseId}`, memberId: id, occurredAt, lines };
  const refused = await door.send('POST', '/v1/purchases', late);
  expect([refused.status, refused.json.reason]).toEqual([422, 'MEMBER_ERASED']);
  const consent = await door.send('PUT', `${memberPath(id)}/consent`, { personalization: true });
  expect([consent.status, consent.json.reason]).toEqual([422, 'MEMBER_ERASED']);
});

test('an unknown member is erased with nothing removed, and refused is counted', async () => {
  const { status, json } = await erase('nobody');
  expect(status).toBe(200);
  expect(json).toMatchObject({ found: false, removed: { receipts: 0, returns: 0, aliases: 0 } });
  expect(json.digestAfter).toBe(json.digestBefore);
  const { json: readiness } = await door.get('/readyz');
  expect(readiness.refusedOfErased).toBeGreaterThan(0);
});

test('a body may come along with a DELETE but must say nothing else', async () => {
  // Node's client frames the body of a DELETE only when it knows how long it is.
  const eraseWith = (body: object) => {
    const length = { 'content-length': JSON.stringify(body).length };
    return door.send('DELETE', memberPath('x'), body, length);
  };
  expect((await eraseWith({})).status).toBe(200);
  expect((await eraseWith({ memberId: 'x' })).status).toBe(200);
  expect((await eraseWith({ memberId: 'y' })).status).toBe(422);
  expect((await eraseWith({ why: 'law' })).status).toBe(422);
  expect((await door.send('DELETE', `${memberPath('x')}?why=law`, undefined)).status).toBe(422);
  const tooLong = await erase('x'.repeat(129));
  expect([tooLong.status, tooLong.json.errors[0].field]).toEqual([422, 'memberId']);
  const wrong = await door.send('POST', memberPath('x'), {});
  expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'DELETE']);
});

test('verify answers with its result, or with progress when lines are asked for', async () => {
  const plain = await door.send('POST', '/v1/admin/verify', undefined);
  expect(plain.status).toBe(200);
  expect(auditSchema.parse(plain.json)).toMatchObject({ ok: true, differences: [] });
  const headers = { accept: 'application/x-ndjson' };
  const reported = await door.send('POST', '/v1/admin/verify', undefined, headers);
  expect(reported.headers['content-type']).toBe('application/x-ndjson');
  const lines = reported.text.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line));
  expect(auditSchema.parse(parsed.at(-1))).toEqual(plain.json);
  for (const { done, total } of parsed.slice(0, -1)) expect(done).toBeLessThanOrEqual(total);
  const wrong = await door.send('POST', '/v1/admin/verify', { fast: true }, headers);
  expect(JSON.parse(wrong.text)).toMatchObject({ status: 422, code: 'INVALID_ARGUMENT' });
});

test('upkeep is done when it is answered', async () => {
  const post = (name: string) => door.send('POST', `/v1/admin/${name}`, undefined);
  const { watermark } = door.engine.status();
  expect((await post('checkpoint')).json).toEqual({ watermark });
  expect((await post('compact')).json.bytesAfter).toBeGreaterThan(0);
  expect((await post('expire')).json).toEqual({ expired: 0 });
  expect((await post('backup')).status).toBe(404);
});
