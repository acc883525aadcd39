// ScanSession at its limits: late, slow, silent, too many, half open, cut anywhere.

import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Engine, EngineError, type ListsPort } from '../../engine/index.ts';
import { type Conversation, converse, teach } from '../../tests/support/conversation.ts';
import { ask, type Message, newClient, openTill, type Till } from '../../tests/support/till.ts';
import type { EngineAccess } from '../operations/operation.ts';
import { createSessions } from './sessions.ts';

const tills: Till[] = [];
afterEach(async () => {
  for (const till of tills.splice(0)) await till.close();
});

async function tillWith(...options: Parameters<typeof openTill>): Promise<Till> {
  const till = await openTill(...options);
  tills.push(till);
  await teach(till.engine);
  return till;
}

const scan = (seq: number, itemId = 'milk') => ({ scan: { seq, itemId } });
const occurredAt = '2026-05-02T10:00:00+08:00';

function begin(till: Till, opening: object = {}): Conversation {
  const conversation = converse(till.client('CheckoutService'));
  conversation.send({ open: { deadlineMs: 10_000, ...opening } });
  return conversation;
}

/** The engine as it is, but for `rank`, which does `first` before. */
function before(first: () => void): (access: EngineAccess) => EngineAccess {
  const wrapped = (engine: Engine): Engine => {
    const rank: ListsPort['rank'] = (...asked) => {
      first();
      return engine.lists.rank(...asked);
    };
    return Object.create(engine, { lists: { value: { ...engine.lists, rank } } }) as Engine;
  };
  return (access) => ({ ...access, engine: () => wrapped(access.engine()) });
}

test('advice that took longer than the deadline is not sent, and the next is', async () => {
  let at = 0;
  let takesMs = 49;
  const wrap = before(() => {
    at += takesMs;
  });
  const till = await tillWith({ now: () => at }, { wrap });
  const session = begin(till, { deadlineMs: undefined });
  session.send(scan(1));
  expect(await session.next()).toMatchObject(['advice', { forSeq: 1 }]);
  takesMs = 50;
  session.send(scan(2, 'other'));
  await vi.waitFor(() => expect(at).toBe(99));
  takesMs = 0;
  session.send(scan(3, 'another'));
  expect(await session.next()).toMatchObject(['advice', { forSeq: 3 }]);
  expect(session.received).toHaveLength(2);
});

test('a message that may have waited behind other work is taken to have waited', () => {
  let at = 0;
  const sessions = createSessions({ now: () => at });
  const client = { connection: 'a till' };
  const session = { client, lastMessageAtMs: 0, isOpen: true, expire: () => {} };
  expect(sessions.waitedMs()).toBe(0);
  sessions.enter(session);
  at += 5;
  expect(sessions.waitedMs()).toBe(0);
  at += 500;
  // A beat is due every 10 ms.
  expect(sessions.waitedMs()).toBe(495);
  sessions.leave(session);
  expect(sessions.waitedMs()).toBe(0);
  sessions.stop();
});

test('while there are no lists the till is told once, and scanning goes on', async () => {
  let isReady = false;
  const wrap = before(() => {
    if (!isReady) throw new EngineError('UNAVAILABLE', 'not ready yet: counting');
  });
  const till = await tillWith({}, { wrap });
  const session = begin(till);
  session.send(scan(1));
  expect(await session.next()).toMatchObject(['degraded', { reason: 'DEGRADED_REASON_NOT_READY' }]);
  session.send(scan(2, 'other'));
  session.send({ tender: { purchaseId: 'p', occurredAt } });
  expect(await session.next()).toMatchObject(['committed', { result: { id: 'p' } }]);
  isReady = true;
  session.send(scan(1));
  expect(await session.next()).toMatchObject(['advice', { forSeq: 1 }]);
});

test('a fault of ours is told without its words', async () => {
  const wrap = before(() => {
    throw new Error('secret of the house');
  });
  const till = await tillWith({}, { wrap });
  const session = begin(till);
  session.send(scan(1));
  const [kind, received] = await session.next();
  expect([kind, received.reason]).toEqual(['degraded', 'DEGRADED_REASON_INTERNAL']);
  expect(received.message).not.toContain('secret');
});

test('a slow reader gets no pile of old advice, and its receipt is on disk', async () => {
  let asked = 0;
  const wrap = before(() => {
    asked += 1;
  });
  const till = await tillWith({}, { wrap });
  // Names as long as they may be: 64 KB, which HTTP/2 lets lie unread, are full after some 40.
  for (const itemId of ['bread', 'eggs', 'butter']) {
    const item = { itemId, name: '猜'.repeat(200), status: 'active' as const };
    await till.engine.writes.ingest([{ kind: 'item', item }]);
  }
  const session = begin(till);
  const health = till.client('grpc.health.v1.Health');
  session.send(scan(1));
  await session.next();
  session.pause();
  const last = 300;
  for (let seq = 2; seq <= last; seq++) {
    session.send(scan(seq, `other-${seq % 100}`));
    // An answer to a later call says that the server has read this one.
    if (seq % 2 === 0) await ask(health, 'Check', { service: '' });
  }
  expect(asked).toBeLessThan(last);
  const received = session.received.length;
  session.resume();
  await vi.waitFor(() => expect(session.received.at(-1)?.[1].forSeq).toBe(last));
  const seqs = session.received.map(([, { forSeq }]) => forSeq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  expect(received).toBeLessThan(last);
  session.pause();
  session.send({ tender: { purchaseId: 'slow', occurredAt } });
  const rows = () => [...till.engine.records.receipts()].filter((row) => row.purchaseId === 'slow');
  await vi.waitFor(() => expect(rows()).toHaveLength(last));
}, 30_000);

test('sessions and scans are bounded in number, and who ends makes room', async () => {
  // Of one connection an eighth: five scans.
  const till = await tillWith({ sessionLimits: { sessionsMax: 2, linesMax: 40 } });
  const [first, second] = [begin(till), begin(till)];
  first.send(scan(1));
  second.send(scan(1));
  await Promise.all([first.next(), second.next()]);
  expect(await begin(till).ended).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    info: { reason: 'TOO_MANY_SESSIONS' },
    retryAfterMs: 1_000,
  });
  for (let seq = 2; seq <= 6; seq++) first.send(scan(seq, `other-${seq}`));
  const refusal = await first.ended;
  expect(refusal).toMatchObject({ info: { reason: 'TOO_MANY_SCANS' } });
  expect(refusal?.message).toContain('this connection');
  const third = begin(till);
  for (let seq = 1; seq <= 4; seq++) third.send(scan(seq, `other-${seq}`));
  await vi.waitFor(() => expect(third.received.at(-1)?.[1].forSeq).toBe(4));
});

test('one connection takes its share of sessions, and others find room', async () => {
  const till = await tillWith({ sessionLimits: { sessionsMax: 32 } });
  const client = till.client('CheckoutService');
  const open = () => {
    const session = converse(client);
    session.send({ open: {} });
    session.send(scan(1));
    return session;
  };
  const four = [open(), open(), open(), open()];
  await Promise.all(four.map((session) => session.next()));
  expect(await open().ended).toMatchObject({ info: { reason: 'TOO_MANY_SESSIONS' } });
  const other = begin(till);
  other.send(scan(1));
  expect(await other.next()).toMatchObject(['advice', { forSeq: 1 }]);
  four[0]!.hangUp();
  await four[0]!.ended;
  await vi.waitFor(() => expect(till.door.sessions.size).toBe(4));
  expect(await open().next()).toMatchObject(['advice', { forSeq: 1 }]);
});

test('a session that does not begin is let go, and those that have begun stay', async () => {
  const timing = { sessionOpenMsMax: 150, lookEveryMs: 20 };
  const till = await tillWith({ timing });
  const begun = begin(till);
  await vi.waitFor(() => expect(till.door.sessions.size).toBe(1));
  const [silent, away] = [converse(till.client('CheckoutService')), begin(till)];
  expect(await silent.ended).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    info: { reason: 'SESSION_NOT_OPENED' },
  });
  away.hangUp();
  begun.send(scan(1));
  expect(await begun.next()).toMatchObject(['advice', { forSeq: 1 }]);
});

test('a ticket of more than 200 different items gets no advice and is tendered whole', async () => {
  const till = await tillWith();
  const session = begin(till);
  for (let seq = 1; seq <= 201; seq++) session.send(scan(seq, `item-${seq}`));
  await vi.waitFor(() =>
    expect(session.received.at(-1)).toMatchObject([
      'suppress',
      { forSeq: 201, reason: 'SUPPRESS_REASON_TICKET_TOO_LARGE' },
    ]),
  );
  session.send({ tender: { purchaseId: 'large', occurredAt } });
  await vi.waitFor(() => expect(session.received.at(-1)?.[0]).toBe('committed'));
  const rows = [...till.engine.records.receipts()].filter((row) => row.purchaseId === 'large');
  expect(rows).toHaveLength(201);
});

test('a till that says nothing for a quarter of an hour is let go', async () => {
  let at = 0;
  const till = await tillWith({ now: () => at });
  const [silent, busy] = [begin(till), begin(till)];
  silent.send(scan(1));
  await silent.next();
  // A jump of the clock looks like a thread held for as long, until the next beat.
  const settled = () => vi.waitFor(() => expect(till.door.sessions.waitedMs()).toBe(0));
  at += 14 * 60_000;
  await settled();
  busy.send(scan(1));
  await vi.waitFor(() => expect(till.door.sessions.size).toBe(2));
  // What the busy one said is read before an answer to a later call comes.
  await ask(till.client('grpc.health.v1.Health'), 'Check', { service: '' });
  busy.send({ decline: { itemId: 'x' } });
  await vi.waitFor(() => expect(till.door.sessions.size).toBe(2));
  at += 2 * 60_000;
  await settled();
  busy.send(scan(2, 'bread'));
  await vi.waitFor(() => expect(busy.received.at(-1)?.[1].forSeq).toBe(2));
  till.door.sessions.sweep();
  expect(await silent.ended).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    info: { reason: 'SESSION_IDLE' },
  });
  expect(till.door.sessions.size).toBe(1);
});

/** A wire that can go dead without either end being told. */
async function openWire(url: string) {
  const { hostname, port } = new URL(url.replace('grpc:', 'http:'));
  const sockets: Socket[] = [];
  let isDead = false;
  const server = createServer((near) => {
    const far = connectTcp(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(from);
      from.on('error', () => {});
      from.on('data', (bytes) => {
        if (!isDead) to.write(bytes);
      });
      from.on('close', () => {
        if (!isDead) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return {
    url: `grpc://127.0.0.1:${address.port}`,
    die: () => {
      isDead = true;
    },
    /** Tears it: both ends hear of it at once. */
    tear: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('half-open sessions end by pings, and living ones stay', async () => {
  const till = await tillWith({ timing: { pingEveryMs: 100, pingAnswerMsMax: 200 } });
  const wire = await openWire(till.door.url);
  const client = newClient(wire.url, 'CheckoutService');
  try {
    const [dead, living] = [converse(client), begin(till)];
    dead.send({ open: {} });
    dead.send(scan(1));
    living.send(scan(1));
    await vi.waitFor(() => expect(till.door.sessions.size).toBe(2));
    wire.die();
    await vi.waitFor(() => expect(till.door.sessions.size).toBe(1), 10_000);
    living.send(scan(2, 'bread'));
    await vi.waitFor(() => expect(living.received.at(-1)?.[1].forSeq).toBe(2));
  } finally {
    client.close();
    wire.close();
  }
});

describe('a stream that is torn at any point', () => {
  const script: Message[] = [
    { open: { storeId: 's1', terminalId: 't1', deadlineMs: 10_000 } },
    { identify: { memberId: 'bob' } },
    scan(1, 'milk'),
    scan(2, 'bread'),
    { void: { seq: 2 } },
    { decline: { itemId: 'eggs' } },
  ];
  const purchase = (purchaseId: string) => ({
    purchaseId,
    memberId: 'bob',
    storeId: 's1',
    channel: 'CHANNEL_POS',
    terminalId: 't1',
    occurredAt,
    lines: [{ itemId: 'milk', quantity: 1 }],
  });

  test('leaves no receipt before tender, and with a retry exactly one after it', async () => {
    const till = await tillWith();
    const ingest = till.client('IngestService');
    for (let point = 0; point <= script.length + 1; point++) {
      const purchaseId = `torn-${point}`;
      const wire = await openWire(till.door.url);
      const client = newClient(wire.url, 'CheckoutService');
      const session = converse(client);
      const sent = [...script, { tender: { purchaseId, occurredAt } }].slice(0, point);
      for (const message of sent) session.send(message);
      await vi.waitFor(() => expect(till.door.sessions.size).toBe(1));
      wire.tear();
      await session.ended;
      await vi.waitFor(() => expect(till.door.sessions.size).toBe(0));
      const rows = () =>
        [...till.engine.records.receipts()].filter((row) => row.purchaseId === purchaseId);
      if (point <= script.length) expect(rows()).toEqual([]);
      const { status } = await ask(ingest, 'RecordPurchase', purchase(purchaseId));
      expect(['INGEST_STATUS_CREATED', 'INGEST_STATUS_DUPLICATE']).toContain(status);
      expect(rows()).toHaveLength(1);
      client.close();
      wire.close();
    }
  });
});
