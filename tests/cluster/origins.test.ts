// Two origins that follow each other, with a Redis between them where there is one: both take
// receipts all the time, one of them dies, and both end as one chain.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  agree,
  eventually,
  freePort,
  hasRedis,
  type NodeOptions,
  NodeUnderTest,
  runRedis,
  startRedis,
} from '../support/cluster.ts';
import { withTemporaryFolder } from '../support/folders.ts';
import { Load } from '../support/load.ts';
import { caini } from '../support/program.ts';

async function pairOf(folder: string, redis: string | undefined) {
  const ports = async () => ({ http: await freePort(), grpc: await freePort() });
  const [ofShop, ofTill] = [await ports(), await ports()];
  const node = (name: string, own: typeof ofShop, other: typeof ofShop) => {
    const origin = `127.0.0.1:${other.grpc}`;
    const dataDir = join(folder, name);
    const options: NodeOptions = { dataDir, role: 'origin', name, origin, redis };
    return new NodeUnderTest(options, own);
  };
  return [node('shop', ofShop, ofTill), node('till', ofTill, ofShop)] as const;
}

test(
  'an origin that was put back from a backup gets from its peer what it had lost',
  {
    timeout: 120_000,
  },
  () =>
    withTemporaryFolder(async (folder) => {
      const [shop, till] = await pairOf(folder, undefined);
      const both = [shop, till];
      try {
        for (const node of both) node.start();
        await Promise.all(both.map((node) => node.ready()));
        const load = new Load(shop, 2, 'shop-');
        await load.more(20);
        const [backup, dataDir] = [join(folder, 'backup'), shop.options.dataDir];
        expect(await caini('backup', backup, '--data-dir', dataDir)).toMatchObject({ code: 0 });
        await load.more(20);
        await load.stop();
        await eventually('both have it', () => agree(both));
        const { events } = await shop.readiness();
        await shop.stop();
        expect(await caini('restore', backup, '--data-dir', dataDir)).toMatchObject({ code: 0 });
        shop.start();
        await shop.ready();
        expect((await shop.readiness()).events).toBe(events);
        expect(await load.lost()).toEqual([]);
        const more = new Load(shop, 2, 'more-');
        await more.more(10);
        await more.stop();
        await eventually('both go on together', () => agree(both), 10_000);
      } finally {
        await Promise.all(both.map((node) => node.kill()));
      }
    }, 'origins'),
);

test('two origins that follow each other are one chain, whoever dies', { timeout: 180_000 }, () =>
  withTemporaryFolder(async (folder) => {
    const redis = hasRedis ? await startRedis(join(folder, 'redis')) : undefined;
    const [shop, till] = await pairOf(folder, redis?.url);
    const both = [shop, till];
    try {
      for (const node of both) node.start();
      await Promise.all(both.map((node) => node.ready()));
      const loads = [new Load(shop, 2, 'shop-'), new Load(till, 2, 'till-')];
      await Promise.all(loads.map((load) => load.more(40)));
      await till.kill();
      await loads[0]!.more(40);
      if (redis) runRedis(redis.port, 'FLUSHALL');
      till.start();
      await till.ready();
      await loads[1]!.more(40);
      await shop.kill();
      await loads[1]!.more(40);
      shop.start();
      await shop.ready();
      await loads[0]!.more(20);
      const erased = await till.ask('DELETE', '/v1/members/m3');
      expect(erased.nodes).toContainEqual(expect.objectContaining({ node: 'shop' }));
      await Promise.all(loads.map((load) => load.stop()));
      await eventually('both count the same', () => agree(both), 10_000);
      for (const node of both) {
        expect(await node.ask('POST', '/v1/admin/verify', {})).toMatchObject({ differences: [] });
        const refused = await node.send('POST', '/v1/purchases', {
          purchaseId: `late-${node.options.name}`,
          memberId: 'm3',
          occurredAt: '2026-05-01T09:10:00+08:00',
          lines: [{ itemId: 'milk', quantity: 1 }],
        });
        expect(refused.body.reason).toBe('MEMBER_ERASED');
      }
      for (const load of loads) {
        const lost = (await load.lost()).filter((id) => load.memberOf(id) !== 'm3');
        expect(lost).toEqual([]);
      }
    } finally {
      await Promise.all(both.map((node) => node.kill()));
      await redis?.kill();
    }
  }, 'origins'),
);
