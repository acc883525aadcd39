// Who gets how much: one connection, one address, and those who come late.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doorLimits } from './limits.ts';
import { addressesExcept, type Client, Shares } from './shares.ts';

const at = (address: string, connection: string | number): Client => ({
  connection: `${address} ${connection}`,
  address,
});

/** Takes until it is refused; how much that was. */
function takeAll(shares: Shares, client: Client): number {
  let count = 0;
  while (shares.acquire(client)) count += 1;
  return count;
}

describe('of a whole', () => {
  test('one connection gets an eighth', () => {
    const shares = new Shares(1_024);
    expect(takeAll(shares, at('a', 1))).toBe(128);
    expect(shares.refusalText(at('a', 1), 'sessions')).toContain('this connection');
    expect(takeAll(shares, at('a', 2))).toBe(128);
  });

  test('one address gets a half, and a little for each of its connections', () => {
    const shares = new Shares(1_024);
    for (let count = 0; count < 4; count++) takeAll(shares, at('a', count));
    expect(shares.taken).toBe(512);
    for (let count = 4; count < 256; count++) takeAll(shares, at('a', count));
    expect(shares.taken).toBeLessThanOrEqual(768);
    expect(shares.refusalText(at('a', 4), 'sessions')).toContain('address');
    // So whoever comes from elsewhere finds room, and whoever comes from here a little.
    expect(shares.acquire(at('b', 1))).toBe(true);
    expect(shares.acquire(at('a', 'new'))).toBe(true);
  });

  test('the last quarter is given out in little only', () => {
    const shares = new Shares(1_024);
    for (let count = 0; count < 20; count++) takeAll(shares, at(`address-${count}`, 1));
    expect(shares.taken).toBeGreaterThanOrEqual(768);
    expect(shares.taken).toBeLessThan(768 + 20);
    const free = 1_024 - shares.taken;
    for (let count = 0; count < free; count++) {
      expect(takeAll(shares, at(`late-${count}`, 1))).toBe(1);
    }
    expect(shares.acquire(at('last', 1))).toBe(false);
    expect(shares.refusalText(at('last', 1), 'sessions')).toContain('this server');
  });

  test('an address that is shared is bounded by its connections alone', () => {
    const addressOf = addressesExcept(['10.0.0.1']);
    const shares = new Shares(1_024);
    for (let connection = 0; connection < 6; connection++) {
      const address = addressOf('::ffff:10.0.0.1');
      expect(takeAll(shares, { connection, address })).toBe(128);
    }
  });

  test('whatever is given back is there again, whoever took it', () => {
    const clients = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 3 }));
    const step = fc.tuple(clients, fc.integer({ min: 1, max: 9 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const shares = new Shares(64);
        const taken: [Client, number][] = [];
        for (const [[address, connection], count, isGive] of steps) {
          if (isGive && taken.length > 0) shares.release(...taken.pop()!);
          else {
            const client = at(address, connection);
            if (shares.acquire(client, count)) taken.push([client, count]);
          }
          expect(shares.taken).toBe(taken.reduce((sum, [, each]) => sum + each, 0));
          expect(shares.taken).toBeLessThanOrEqual(64);
        }
        for (const [client, count] of taken) shares.release(client, count);
        expect(takeAll(shares, at('d', 0))).toBe(8);
      }),
    );
  });
});

test('the sum of the shares adds up: an address with all its connections leaves a quarter', () => {
  const { share, connectionsMax } = doorLimits;
  const ofAddress = connectionsMax / share.connection;
  expect(1 / share.address + ofAddress / share.little).toBeLessThanOrEqual(1 - 1 / share.kept);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:DB8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is told apart as %s', (address, expected) => {
  expect(addressesExcept([])(address)).toBe(expected);
});
