// What a user mistypes when several nodes are set up: what error each of them gets, and that none
// of it passes for working.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  castOfEachTest,
  eventually,
  freePort,
  type NodeOptions,
  NodeUnderTest,
  startNode,
} from '../support/cluster.ts';
import { caini } from '../support/program.ts';

const timeout = 60_000;
const start = { timeout };
const cast = castOfEachTest('mistakes');

const shopOf = async () => {
  const shop = await cast.start({ role: 'origin', name: 'shop' });
  await shop.ready();
  return shop;
};

const ended = (started: NodeUnderTest) =>
  eventually('it has ended', () => started.exitCode !== null);

test(
  'an address where nothing, or something else, listens is told in plain words, once',
  start,
  async () => {
    const shop = await shopOf();
    const cases = [
      [`127.0.0.1:${await freePort()}`, 'cannot be reached: connect ECONNREFUSED'],
      [`127.0.0.1:${shop.httpPort}`, 'speaks no gRPC'],
      [`grpcs://${shop.address}`, 'one side has TLS and the other has not'],
    ] as const;
    for (const [index, [origin, why]] of cases.entries()) {
      const lost = await cast.start({ role: 'follower', name: `f${index}`, origin });
      await eventually(`${origin} is told`, async () => {
        const { ready, waitingFor = '' } = await lost.readiness();
        return !ready && waitingFor.includes(`${origin} `) && waitingFor.includes(why);
      });
      expect(lost.output.split('no snapshot').length - 1).toBe(1);
      expect(lost.output).not.toContain('Resolution note');
    }
  },
);

test('a folder with a chain of its own does not become a follower', start, async () => {
  const shop = await shopOf();
  const dataDir = join(cast.folder, 'old');
  mkdirSync(dataDir, { recursive: true });
  const csv = join(cast.folder, 'sales.csv');
  const head = 'purchaseId,memberId,occurredAt,itemId';
  writeFileSync(csv, `${head}\nr1,ann,2026-05-01T09:10:00+08:00,milk\n`);
  expect(await caini('import', csv, '--data-dir', dataDir)).toMatchObject({ code: 0 });
  const old = await cast.start({ role: 'follower', name: 'old', origin: shop.address });
  await ended(old);
  expect(old.exitCode).toBe(1);
  expect(old.output).toContain('holds a chain of its own, of 1 events, and cannot follow');
});

test('an origin by the name of the one that it follows does not start', start, async () => {
  const shop = await shopOf();
  const options: NodeOptions = {
    dataDir: join(cast.folder, 'twin'),
    role: 'origin',
    name: 'shop',
    origin: shop.address,
  };
  const twin = await startNode(options);
  cast.add(twin);
  await ended(twin);
  expect(twin.exitCode).toBe(1);
  expect(twin.output).toContain('is named shop too: every node needs a name of its own');
});

test('a node that follows itself is refused by the name of the setting', start, async () => {
  const ports = { http: await freePort(), grpc: await freePort() };
  const origin = `localhost:${ports.grpc}`;
  const own = new NodeUnderTest(
    { dataDir: join(cast.folder, 'own'), role: 'follower', name: 'own', origin },
    ports,
  );
  cast.add(own);
  own.start();
  await ended(own);
  expect(own.exitCode).toBe(2);
  expect(own.output).toContain(`CAINI_ORIGIN names ${origin}, which is this node itself`);
});

test('another half-life, and a Redis that is not there, are told in the log', start, async () => {
  const shop = await shopOf();
  const begun = performance.now();
  const follower = await cast.start({
    role: 'follower',
    name: 'f1',
    origin: shop.address,
    redis: `redis://127.0.0.1:${await freePort()}`,
    environment: { CAINI_HALF_LIFE_DAYS: '10' },
  });
  await eventually('both are told', () =>
    [
      `does not follow ${shop.address}: shop counts with half-lives 60/30`,
      'redis does not carry, the log does: connect ECONNREFUSED',
    ].every((line) => follower.output.includes(line)),
  );
  const { waitingFor } = await follower.readiness();
  expect(waitingFor).toContain('shop counts with half-lives 60/30');
  // Nor does it ever serve what it has: it would count another way from there on.
  await eventually('it has waited longer than for a node that is away', async () => {
    const { ready, cluster } = await follower.readiness();
    expect(ready).toBe(false);
    return performance.now() > begun + 11_000 && cluster.follows[0].carrier === 'none';
  });
});
