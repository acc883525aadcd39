// Nodes as real processes on loopback, without Redis: a follower in one command, its writes, its
// secret, several origins, and what it does when its origin goes and comes back.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agree, castOfEachTest, eventually, NodeUnderTest } from '../support/cluster.ts';
import { caini } from '../support/program.ts';

const timeout = 120_000;
const cast = castOfEachTest('nodes');

const origin = async () => {
  const shop = await cast.start({ role: 'origin', name: 'shop' });
  await shop.ready();
  return shop;
};

let count = 0;
const receipt = (memberId: string, changes: object = {}) => {
  count += 1;
  const lines = ['milk', 'bread', 'eggs']
    .slice(count % 2)
    .map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = '2026-05-01T09:10:00+08:00';
  return { purchaseId: `r-${count}`, memberId, storeId: 's1', occurredAt, lines, ...changes };
};

async function buy(at: NodeUnderTest, memberId: string, changes: object = {}): Promise<string> {
  const { status, body } = await at.send('POST', '/v1/purchases', receipt(memberId, changes));
  expect(status, JSON.stringify(body)).toBe(201);
  return body.watermark;
}

const listOf = (at: NodeUnderTest, memberId: string, watermark: string) =>
  at.send(
    'GET',
    `/v1/members/${memberId}/recommendations?minWatermark=${encodeURIComponent(watermark)}`,
  );

test('a follower on an empty folder takes all there is, goes on with it, and hands writes on', {
  timeout,
}, async () => {
  const shop = await origin();
  for (const member of ['ann', 'bob', 'ann', 'cid']) await buy(shop, member);
  const follower = await cast.start({ role: 'follower', name: 'f1', origin: shop.address });
  await follower.ready();
  expect(await agree([shop, follower])).toBe(true);
  await buy(shop, 'ann');
  const watermark = await buy(follower, 'bob');
  await eventually('the follower reads what it wrote', async () => {
    return (await listOf(follower, 'bob', watermark)).status === 200;
  });
  await eventually('both agree', () => agree([shop, follower]));
  // A restart goes on from its own folder.
  await follower.stop();
  await buy(shop, 'cid');
  follower.start();
  await follower.ready();
  await eventually('both agree again', () => agree([shop, follower]));
  expect((await follower.readiness()).cluster.counters.reseeds).toBe(0);
});

test('a read that wants more than is here yet is told to come back', { timeout }, async () => {
  const shop = await origin();
  const watermark = await buy(shop, 'ann');
  const ahead = watermark.replace(/:\d+$/, ':99');
  const late = await listOf(shop, 'ann', ahead);
  expect(late.status).toBe(503);
  expect(late.body.reason).toBe('WATERMARK_NOT_REACHED');
  expect((await listOf(shop, 'ann', 'elsewhere')).status).toBe(422);
  expect((await listOf(shop, 'ann', watermark)).status).toBe(200);
});

test('a follower may be told to refuse writes, and says where to', { timeout }, async () => {
  const shop = await origin();
  const follower = await cast.start({
    role: 'follower',
    name: 'f1',
    origin: shop.address,
    environment: { CAINI_FOLLOWER_WRITES: 'refuse' },
  });
  await follower.ready();
  const refused = await follower.send('POST', '/v1/purchases', receipt('ann'));
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.body).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'FOLLOWER' });
  expect(refused.body.detail).toContain(shop.address);
});

test('who does not know the secret is given nothing', { timeout }, async () => {
  const shop = await origin();
  await buy(shop, 'ann');
  const stranger = await cast.start({
    role: 'follower',
    name: 'stranger',
    origin: shop.address,
    secret: 'a secret of somebody else',
  });
  await eventually('the stranger is told why', async () => {
    const { ready, waitingFor = '' } = await stranger.readiness();
    return !ready && waitingFor.includes('secret');
  });
});

test('the origin is killed and comes back: the follower serves meanwhile and goes on', {
  timeout,
}, async () => {
  const shop = await origin();
  const follower = await cast.start({ role: 'follower', name: 'f1', origin: shop.address });
  await buy(shop, 'ann');
  await follower.ready();
  await eventually('both agree', () => agree([shop, follower]));
  await shop.kill();
  expect((await follower.send('GET', '/v1/items/popular')).status).toBe(200);
  const refused = await follower.send('POST', '/v1/purchases', receipt('bob'));
  expect(refused.status).toBe(503);
  shop.start();
  await shop.ready();
  await buy(shop, 'bob');
  const healed = await eventually('both agree again', () => agree([shop, follower]));
  expect(healed).toBeLessThan(10_000);
});

test('followers behind one port serve together, and one that dies is started again', {
  timeout,
}, async () => {
  const shop = await cast.start({ role: 'origin', name: 'shop', followers: 2 });
  const namesSeen = async () => {
    const reported = await Promise.all(Array.from({ length: 6 }, () => shop.readinessAnew()));
    return new Set(reported.filter(({ ready }) => ready).map(({ cluster }) => cluster.node));
  };
  await eventually('both serve', async () => (await namesSeen()).size === 2);
  const watermark = await buy(shop, 'ann');
  for (let round = 0; round < 6; round++) {
    await eventually('it is read everywhere', async () => {
      return (await listOf(shop, 'ann', watermark)).status === 200;
    });
  }
  // One of them is the check of the data file, which ends by itself.
  const [victim] = shop.children();
  process.kill(victim!, 'SIGKILL');
  await eventually('another takes its place', () => !shop.children().includes(victim!));
  await eventually('both serve again', async () => (await namesSeen()).size === 2);
});

test('an origin that is put back gets back what its follower holds, but not after a moment', {
  timeout,
}, async () => {
  const shop = await origin();
  const follower = await cast.start({ role: 'follower', name: 'f1', origin: shop.address });
  await buy(shop, 'ann');
  await follower.ready();
  const backup = join(cast.folder, 'backup');
  const dataDir = shop.options.dataDir;
  expect(await caini('backup', backup, '--data-dir', dataDir)).toMatchObject({ code: 0 });
  await buy(shop, 'bob');
  const lost = await buy(shop, 'bob');
  await eventually('both agree', () => agree([shop, follower]));
  await shop.stop();
  expect(await caini('restore', backup, '--data-dir', dataDir)).toMatchObject({ code: 0 });
  shop.start();
  await shop.ready();
  await buy(shop, 'cid');
  await eventually('both agree again', () => agree([shop, follower]));
  expect((await follower.readiness()).events).toBe(4);
  expect((await listOf(follower, 'bob', lost)).status).toBe(200);
  // Back to a moment is meant: what came after it is gone everywhere.
  await shop.stop();
  const toFirst = ['restore', backup, '--to-sequence', '1', '--data-dir', dataDir];
  expect(await caini(...toFirst)).toMatchObject({ code: 0 });
  shop.start();
  await shop.ready();
  await buy(shop, 'dan');
  await eventually('both agree once more', () => agree([shop, follower]));
  const { cluster, events, watermark } = await follower.readiness();
  expect(cluster.counters.reseeds).toBeGreaterThan(0);
  expect(events).toBe(2);
  expect(watermark.split(':')[0]).not.toBe(lost.split(':')[0]);
  expect((await listOf(follower, 'bob', lost)).status).toBe(503);
});

test('a follower takes the place of its origin, and another follower goes on with it', {
  timeout,
}, async () => {
  const shop = await origin();
  const first = await cast.start({ role: 'follower', name: 'f1', origin: shop.address });
  await first.ready();
  await buy(shop, 'ann');
  await eventually('both agree', () => agree([shop, first]));
  await Promise.all([shop.kill(), first.stop()]);
  const { dataDir } = first.options;
  const heir = await cast.start({ role: 'origin', name: 'heir', dataDir });
  await heir.ready();
  await buy(heir, 'ann');
  const second = await cast.start({ role: 'follower', name: 'f2', origin: heir.address });
  await second.ready();
  await eventually('the new two agree', () => agree([heir, second]));
  expect((await second.readiness()).events).toBe(2);
});

test('two origins take receipts while the line between them is down, and become one', {
  timeout,
}, async () => {
  const shop = await origin();
  const till = await cast.start({ role: 'origin', name: 'till', origin: shop.address });
  await till.ready();
  const hub = await cast.start({
    role: 'follower',
    name: 'hub',
    origin: `${shop.address},${till.address}`,
  });
  await hub.ready();
  await buy(shop, 'ann');
  await shop.stop();
  await buy(till, 'ann');
  await buy(till, 'bob', { purchaseId: 'twice' });
  // What reaches the hub goes to whoever is there.
  expect(await buy(hub, 'dan')).toMatch(/^till\//);
  shop.start();
  await shop.ready();
  await buy(shop, 'cid', { purchaseId: 'twice' });
  // Nobody carries the till's entries to the shop: the hub has both, the till has the shop's.
  await eventually('the hub and the till have both copies', async () => {
    const reported = await Promise.all([hub.readiness(), till.readiness()]);
    return reported.every(({ cluster }) => cluster.counters.sharedReceipts === 1);
  });
  await eventually('the hub and the till agree', () => agree([hub, till]));
  expect((await hub.readiness()).watermark).toMatch(/^shop\/\d+:2,till\/\d+:3$/);
});

/** An origin that knows ann and bob, and two followers that it has heard of. */
async function shopAndTwo() {
  const shop = await origin();
  await buy(shop, 'ann');
  await buy(shop, 'bob');
  const follower = (name: string) => cast.start({ role: 'follower', name, origin: shop.address });
  const [first, second] = [await follower('f1'), await follower('f2')];
  await Promise.all([first.ready(), second.ready()]);
  await eventually('both are known', async () => {
    return (await shop.readiness()).cluster.followers.length === 2;
  });
  return { shop, first, second };
}

test('an erase reaches every node, and the receipt says so', { timeout }, async () => {
  const { shop, first, second: away } = await shopAndTwo();
  await away.kill();
  const receiptOfErase = await shop.ask('DELETE', '/v1/members/ann');
  const { digestAfter: digest } = receiptOfErase;
  expect(receiptOfErase.nodes).toEqual([
    { node: 'f1', acknowledged: true, digest },
    { node: 'f2', acknowledged: false },
  ]);
  away.start();
  await away.ready();
  await eventually('all agree', () => agree([shop, first, away]));
  const refused = await away.send('POST', '/v1/purchases', receipt('ann'));
  expect(refused.body.reason).toBe('MEMBER_ERASED');
});

test('an erase that was asked of a follower tells of every node too', { timeout }, async () => {
  const { first } = await shopAndTwo();
  const { nodes: reported, digestAfter: digest } = await first.ask('DELETE', '/v1/members/ann');
  expect(reported).toEqual([
    { node: 'f1', acknowledged: true, digest },
    { node: 'f2', acknowledged: true, digest },
  ]);
});

test('a write finds its origin through a follower that follows a follower', {
  timeout,
}, async () => {
  const shop = await origin();
  const first = await cast.start({ role: 'follower', name: 'f1', origin: shop.address });
  await first.ready();
  const second = await cast.start({ role: 'follower', name: 'f2', origin: first.address });
  await second.ready();
  expect(await buy(second, 'ann')).toMatch(/^shop\//);
  await eventually('all agree', () => agree([shop, first, second]));
  // In a ring they find nobody, and say so.
  await Promise.all([shop.kill(), first.stop()]);
  const ports = { http: first.httpPort, grpc: first.grpcPort };
  const ring = new NodeUnderTest({ ...first.options, origin: second.address }, ports);
  cast.add(ring);
  ring.start();
  await eventually('the ring is told', async () => {
    const { body } = await second.send('POST', '/v1/purchases', receipt('bob'));
    return body.reason === 'FOLLOWER' && body.detail.includes('ring');
  });
});
