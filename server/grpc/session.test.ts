// ScanSession as a till sees it: what is said, what is never said, and what is on disk afterwards.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Conversation, converse, teach } from '../../tests/support/conversation.ts';
import { ask, type Message, openTill, refused, type Till } from '../../tests/support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await openTill();
  await teach(till.engine);
});
afterAll(() => till?.close());

/** No test here depends on how busy the machine is: only those of the deadline set a short one. */
const open = { storeId: 's1', terminalId: 't1', deadlineMs: 10_000 };

function begin(opening: object = open): Conversation {
  const conversation = converse(till.client('CheckoutService'));
  conversation.send({ open: opening });
  return conversation;
}

const scan = (seq: number, itemId: string, more: object = {}) => ({
  scan: { seq, itemId, ...more },
});
const occurredAt = '2026-05-02T10:00:00+08:00';
const tender = (purchaseId: string) => ({ tender: { purchaseId, occurredAt } });
const idsOf = ({ items }: Message) => items.map(({ itemId }: Message) => itemId);
const receiptRows = (purchaseId: string) =>
  [...till.engine.records.receipts()].filter((row) => row.purchaseId === purchaseId);

describe('advice', () => {
  test('follows a scan, with what goes with the ticket and how many bought both', async () => {
    const session = begin();
    session.send(scan(1, 'milk'));
    const [kind, advice] = await session.next();
    expect([kind, advice.forSeq]).toEqual(['advice', 1]);
    expect(idsOf(advice).sort()).toEqual(['bread', 'butter', 'eggs']);
    for (const { reason } of advice.items) {
      expect(reason).toMatchObject({ type: 'REASON_TYPE_BOUGHT_TOGETHER', itemId: 'milk' });
    }
    expect(advice.items[0].reason.count).toBe(6);
    session.cut();
  });

  test('never holds what is on the ticket, taken back, declined or inactive', async () => {
    const session = begin();
    session.send(scan(1, 'milk'));
    await session.next();
    session.send(scan(2, 'eggs'));
    expect(idsOf((await session.next())[1]).sort()).toEqual(['bread', 'butter']);
    session.send({ decline: { itemId: 'bread' } });
    session.send({ void: { seq: 2 } });
    expect(idsOf((await session.next())[1])).toEqual(['butter']);
    const butter = { itemId: 'butter', status: 'inactive' as const };
    await till.engine.writes.ingest([{ kind: 'item', item: butter }]);
    session.send(scan(3, 'bags'));
    expect(await session.next()).toEqual([
      'suppress',
      { forSeq: 3, reason: 'SUPPRESS_REASON_NOTHING_TO_OFFER' },
    ]);
    await till.engine.writes.ingest([{ kind: 'item', item: { ...butter, status: 'active' } }]);
    session.cut();
  });

  test('is not what merely sells: a ticket that goes with nothing is left in peace', async () => {
    const session = begin();
    session.send(scan(1, 'nobody-ever-bought-this'));
    expect(await session.next()).toMatchObject(['suppress', { forSeq: 1 }]);
    session.send({ void: { seq: 1 } });
    expect(await session.next()).toMatchObject([
      'suppress',
      { reason: 'SUPPRESS_REASON_EMPTY_TICKET' },
    ]);
    session.cut();
  });

  test('of scans that come in together is for the last one only', async () => {
    const session = begin();
    for (let seq = 1; seq <= 50; seq++)
      session.send(scan(seq, seq === 1 ? 'milk' : `other-${seq}`));
    await vi.waitFor(() => expect(session.received.at(-1)?.[1].forSeq).toBe(50));
    const seqs = session.received.map(([, { forSeq }]) => forSeq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    session.cut();
  });

  test('holds as many as the till asks for', async () => {
    const session = begin({ ...open, limit: 1 });
    session.send(scan(1, 'milk'));
    expect(idsOf((await session.next())[1])).toHaveLength(1);
    session.cut();
  });
});

describe('the member', () => {
  test('is never shown: neither items nor reasons tell what was bought before', async () => {
    const session = begin();
    session.send({ identify: { memberId: 'ann' } });
    session.send(scan(1, 'milk'));
    const [, advice] = await session.next();
    // Salt is all that ann ever buys beside butter, and nobody bought it with milk.
    expect(idsOf(advice).sort()).toEqual(['bread', 'butter', 'eggs']);
    const types = advice.items.map(({ reason }: Message) => reason.type);
    expect(new Set(types)).toEqual(new Set(['REASON_TYPE_BOUGHT_TOGETHER']));
    session.cut();
  });

  test('may change the order', async () => {
    const first = async (memberId?: string) => {
      const session = begin();
      if (memberId) session.send({ identify: { memberId } });
      session.send(scan(1, 'milk'));
      await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('advice'));
      session.cut();
      return idsOf(session.received.at(-1)![1])[0];
    };
    expect([await first(), await first('ann')]).toEqual([
      expect.not.stringMatching('butter'),
      'butter',
    ]);
  });

  test('is left out of the basket list over unary too', async () => {
    const client = till.client('CheckoutService');
    const request = { memberId: 'ann', basket: [{ itemId: 'milk' }], limit: 20 };
    const reply = await ask(client, 'RecommendForBasket', request);
    const reasons = reply.items.flatMap((item: Message) => item.reasons);
    expect(reasons.map(({ type }: Message) => type)).not.toContain('REASON_TYPE_BOUGHT_BEFORE');
    expect(reply).toMatchObject({
      personalized: false,
      relaxations: ['RELAXATION_FILLED_FROM_CHAIN'],
    });
    for (const memberId of ['nobody', 'ann']) {
      const again = await ask(client, 'RecommendForBasket', { ...request, memberId });
      expect(again.relaxations).toEqual(reply.relaxations);
    }
  });

  test('that nobody knows by an identity is told, and the ticket goes on', async () => {
    const session = begin();
    session.send({ identify: { identity: { type: 'IDENTITY_TYPE_PHONE', value: '13800000000' } } });
    expect(await session.next()).toMatchObject([
      'degraded',
      { reason: 'DEGRADED_REASON_IDENTITY_UNKNOWN' },
    ]);
    session.send(scan(1, 'milk'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('advice'));
    expect(JSON.stringify(session.received)).not.toContain('13800000000');
    session.cut();
  });
});

describe('tender', () => {
  test('writes the receipt as scanned, once, and begins a new ticket', async () => {
    const session = begin();
    session.send({ identify: { memberId: 'bob' } });
    session.send(scan(1, 'milk', { quantity: 2, unitPriceFen: 500 }));
    session.send(scan(2, 'eggs'));
    session.send(scan(4, 'milk'));
    session.send({ void: { seq: 2 } });
    session.send(tender('told-1'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
    const { result, watermark } = session.received.at(-1)![1];
    expect(result).toMatchObject({ id: 'told-1', status: 'INGEST_STATUS_CREATED', watermark });
    const expected = { purchaseId: 'told-1', memberId: 'bob', storeId: 's1', channel: 'pos' };
    expect(receiptRows('told-1')).toMatchObject([
      { ...expected, itemId: 'milk', quantity: 2, unitPriceFen: 500 },
      { ...expected, itemId: 'milk', quantity: 1 },
    ]);
    session.send(scan(1, 'beans'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('advice'));
    expect(idsOf(session.received.at(-1)![1])).toEqual(['filters']);
    session.send(tender('told-2'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
    expect(receiptRows('told-2')).toMatchObject([{ memberId: '', itemId: 'beans' }]);
    session.hangUp();
    expect(await session.ended).toBeUndefined();
  });

  test('sent again is a duplicate: on the stream, another one, or unary', async () => {
    const say = (session: Conversation) => {
      session.send({ identify: { memberId: 'bob' } });
      session.send(scan(1, 'milk', { unitPriceFen: 500 }));
      session.send(scan(2, 'bread', { quantity: 3 }));
      session.send(tender('again-1'));
    };
    const statusOf = async (session: Conversation, count: number) => {
      const committed = () => session.received.filter(([kind]) => kind === 'committed');
      await vi.waitFor(() => expect(committed()).toHaveLength(count));
      return committed().at(-1)![1].result;
    };
    const first = begin();
    say(first);
    const created = await statusOf(first, 1);
    first.send(tender('again-1'));
    expect(await statusOf(first, 2)).toMatchObject({ status: 'INGEST_STATUS_DUPLICATE' });
    const second = begin();
    say(second);
    expect(await statusOf(second, 1)).toMatchObject({ status: 'INGEST_STATUS_DUPLICATE' });
    const purchase = {
      purchaseId: 'again-1',
      memberId: 'bob',
      storeId: 's1',
      channel: 'CHANNEL_POS',
      terminalId: 't1',
      occurredAt,
      lines: [
        { itemId: 'milk', quantity: 1, unitPriceFen: 500 },
        { itemId: 'bread', quantity: 3 },
      ],
    };
    const retried = await ask(till.client('IngestService'), 'RecordPurchase', purchase);
    expect(retried).toMatchObject({
      status: 'INGEST_STATUS_DUPLICATE',
      watermark: created.watermark,
    });
    expect(receiptRows('again-1')).toHaveLength(2);
    first.cut();
    second.cut();
  });

  test('with an id that was used, or without lines, is refused in words', async () => {
    const session = begin();
    session.send(scan(1, 'milk'));
    session.send(tender('taught-1'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
    expect(session.received.at(-1)![1]).toMatchObject({
      watermark: '',
      result: { status: 'INGEST_STATUS_CONFLICT', errors: [{ field: 'purchaseId' }] },
    });
    session.send(tender('empty'));
    await vi.waitFor(() => expect(session.received.at(-1)![1].result.id).toBe('empty'));
    expect(session.received.at(-1)![1]).toMatchObject({
      result: { status: 'INGEST_STATUS_REJECTED', errors: [{ field: 'lines' }] },
    });
    session.cut();
  });
});

describe('a message at fault', () => {
  const first: [string, Message[], string][] = [
    ['nothing opened', [scan(1, 'milk')], 'open'],
    ['a deadline of an hour', [{ open: { deadlineMs: 3_600_000 } }], 'open.deadlineMs'],
    ['a store of no id', [{ open: { storeId: 'undefined' } }], 'open.storeId'],
    ['an event of a later version', [{}], 'event'],
  ];

  test.each(first)('first (%s) ends the session and names its field', async (_, all, field) => {
    const session = converse(till.client('CheckoutService'));
    for (const message of all) session.send(message);
    expect(await session.ended).toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ field }],
    });
  });

  const later: [string, Message[], string][] = [
    ['opened twice', [{ open }], 'open'],
    ['no seq', [{ scan: { itemId: 'milk' } }], 'scan.seq'],
    ['no item', [{ scan: { seq: 1 } }], 'scan.itemId'],
    ['an item of no id', [scan(1, 'NaN')], 'scan.itemId'],
    ['a quantity of 0', [scan(1, 'milk', { quantity: 0 })], 'scan.quantity'],
    ['a seq that was passed', [scan(5, 'milk'), scan(4, 'eggs')], 'scan.seq'],
    ['a seq used for something else', [scan(5, 'milk'), scan(5, 'eggs')], 'scan.seq'],
    ['a void of nothing', [{ void: { seq: 9 } }], 'void.seq'],
    ['a decline of nothing', [{ decline: {} }], 'decline.itemId'],
    ['a tender without an id', [{ tender: { occurredAt } }], 'tender.purchaseId'],
    ['a tender without a time', [{ tender: { purchaseId: 'x' } }], 'tender.occurredAt'],
    ['a member of no id', [{ identify: { memberId: 'undefined' } }], 'identify.memberId'],
    [
      'an identity of no kind',
      [{ identify: { identity: { value: '1' } } }],
      'identify.identity.type',
    ],
    ['an event of a later version', [{}], 'event'],
  ];

  test.each(later)(
    'later (%s) is refused by its field, and the session goes on',
    async (...all) => {
      const [, messages, field] = all;
      const session = begin();
      for (const message of messages) session.send(message);
      const refusal = () => session.received.find(([kind]) => kind === 'refused');
      await vi.waitFor(() => expect(refusal()).toBeDefined());
      const [{ value, limit, ...fault }] = refusal()![1].errors;
      expect(fault).toMatchObject({ field, message: expect.any(String) });
      expect([typeof value, typeof limit]).toEqual(['string', 'string']);
      session.send({ void: { seq: 1 } });
      session.send(scan(20, 'milk'));
      await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('advice'));
      session.hangUp();
      expect(await session.ended).toBeUndefined();
    },
  );

  test('that was a scan is mended under its seq, and the receipt has it in its place', async () => {
    const session = begin();
    session.send(scan(1, 'NaN'));
    session.send(scan(2, 'eggs'));
    session.send(scan(1, 'milk'));
    session.send(scan(3, 'bread', { quantity: 0 }));
    session.send({ void: { seq: 3 } });
    session.send(tender('mended-1'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
    expect(session.received.at(-1)![1].result.status).toBe('INGEST_STATUS_CREATED');
    expect(receiptRows('mended-1').map(({ itemId }) => itemId)).toEqual(['milk', 'eggs']);
    session.cut();
  });

  test('that was a scan and is left makes no receipt without it', async () => {
    const session = begin();
    session.send(scan(1, 'eggs'));
    session.send(scan(2, 'milk', { quantity: 0 }));
    session.send(tender('lacking-1'));
    await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
    const { result } = session.received.at(-1)![1];
    expect(result).toMatchObject({
      ...{ id: 'lacking-1', status: 'INGEST_STATUS_REJECTED', reason: 'SCANS_REFUSED' },
    });
    session.send(scan(1, 'milk'));
    session.send(tender('whole-1'));
    await vi.waitFor(() => expect(session.received.at(-1)![1].result?.id).toBe('whole-1'));
    expect(session.received.at(-1)![1].result.status).toBe('INGEST_STATUS_CREATED');
    expect([receiptRows('lacking-1').length, receiptRows('whole-1').length]).toEqual([0, 1]);
    session.cut();
  });

  test('is not the same scan sent twice', async () => {
    const session = begin();
    session.send(scan(1, 'milk'));
    session.send(scan(1, 'milk'));
    session.send({ void: { seq: 1 } });
    session.send({ void: { seq: 1 } });
    session.hangUp();
    expect(await session.ended).toBeUndefined();
  });
});

test('a till that goes away, in whatever way, leaves nothing behind', async () => {
  const { sessions } = till.door;
  await vi.waitFor(() => expect(sessions.size).toBe(0));
  const all = Array.from({ length: 20 }, () => begin());
  for (const session of all) session.send(scan(1, 'milk'));
  await Promise.all(all.map((session) => session.next()));
  expect(sessions.size).toBe(20);
  for (const [index, session] of all.entries()) {
    if (index % 2 === 0) session.cut();
    else session.hangUp();
  }
  await vi.waitFor(() => expect(sessions.size).toBe(0));
  expect([...till.engine.records.receipts()].filter(({ itemId }) => itemId === 'nothing')).toEqual(
    [],
  );
});

test('a session over unary metadata is refused by its first fault only', async () => {
  const refusal = await refused(
    ask(till.client('CheckoutService'), 'RecommendForBasket', { limit: 0 }),
  );
  expect(refusal.violations[0]).toMatchObject({ field: 'limit', reason: 'OUT_OF_RANGE' });
});
