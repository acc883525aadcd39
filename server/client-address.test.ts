// What a proxy says of its client, and what it cannot say.
import { describe, expect, test } from 'vitest';
import { createClientAddresses, type ForwardedHeader, noProxies } from './client-address.ts';
import { doorLimits } from './limits.ts';

const networks = ['10.0.0.0/30', 'fd00::/64'];
const proxy = '10.0.0.1';

function addressOf(header: ForwardedHeader, list: string, peer = proxy): string {
  return createClientAddresses({ networks, header }).of(peer, (name) =>
    name === header ? list : undefined,
  );
}

describe('x-forwarded-for', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['203.0.113.7,10.0.0.2,fd00::9', '203.0.113.7'],
    ['10.0.0.2, 10.0.0.3', '10.0.0.2'],
  ])('%j of a trusted proxy says %s', (list, address) => {
    expect(addressOf('x-forwarded-for', list)).toBe(address);
  });

  test.each([
    '192.0.2.1, 203.0.113.7',
    '10.0.0.2, 203.0.113.7',
    '127.0.0.1,::1,unknown,203.0.113.7',
    `${'10.0.0.2,'.repeat(1_000)}203.0.113.7`,
    `"192.0.2.1, 203.0.113.7`,
    `${', '.repeat(500)}203.0.113.7`,
    '192.0.2.1, 203.0.113.7, 10.0.0.2',
  ])('what a client wrote before its own address is not read: %j', (list) => {
    expect(addressOf('x-forwarded-for', list)).toBe('203.0.113.7');
  });

  test.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113.7;',
    '203.0.113',
    '0203.0.113.7',
    '203.0.113.7:port',
    '[203.0.113.7',
    'fe80::1%eth0',
    '192.0.2.1, ',
    '203.0.113.7, unknown, 10.0.0.2',
  ])('%j is nobody', (list) => {
    expect(addressOf('x-forwarded-for', list)).toBe('unknown');
  });

  test('is no way to have the server read for long', () => {
    const hops = doorLimits.proxyHopsMax;
    expect(addressOf('x-forwarded-for', `203.0.113.7${',10.0.0.2'.repeat(hops - 1)}`)).toBe(
      '203.0.113.7',
    );
    expect(addressOf('x-forwarded-for', `203.0.113.7${',10.0.0.2'.repeat(hops)}`)).toBe('unknown');
  });
});

describe('forwarded', () => {
  test.each([
    ['for=203.0.113.7', '203.0.113.7'],
    ['For="203.0.113.7:80";proto=https;by=10.0.0.1', '203.0.113.7'],
    ['by=10.0.0.1;for="[2001:db8::7]:4711"', '2001:db8::7'],
    ['for=192.0.2.1, for=203.0.113.7, for=10.0.0.2', '203.0.113.7'],
    // A quote that the client left open.
    ['for="192.0.2.1, for=203.0.113.7', '203.0.113.7'],
    ['for="192.0.2.1;by=", for=203.0.113.7;by="10.0.0.1"', '203.0.113.7'],
  ])('%j of a trusted proxy says %s', (list, address) => {
    expect(addressOf('forwarded', list)).toBe(address);
  });

  test.each([
    'for=unknown',
    'for=_hidden',
    'for=2001:db8::7',
    'for=192.0.2.1;for=203.0.113.7',
    'for="192.0.2.1,for=203.0.113.7"',
    'proto=https',
    '203.0.113.7',
  ])('%j is nobody', (list) => {
    expect(addressOf('forwarded', list)).toBe('unknown');
  });
});

test('who is no trusted proxy is who it is, and no header is read', () => {
  const fail = () => {
    throw new Error('read');
  };
  const addresses = createClientAddresses({ networks, header: 'x-forwarded-for' });
  expect(addresses.of('10.0.0.4', fail)).toBe('10.0.0.4');
  expect(addresses.of('::ffff:10.0.0.4', fail)).toBe('::ffff:10.0.0.4');
  expect(noProxies.of(proxy, fail)).toBe(proxy);
});

test('a trusted proxy counts too where it shows IPv4 in IPv6', () => {
  expect(addressOf('x-forwarded-for', '203.0.113.7', '::ffff:10.0.0.1')).toBe('203.0.113.7');
});

test('a trusted proxy that says nothing is its own client; no other header counts', () => {
  const { of } = createClientAddresses({ networks, header: 'x-forwarded-for' });
  expect(of(proxy, () => undefined)).toBe(proxy);
  expect(of(proxy, (name) => (name === 'forwarded' ? 'for=192.0.2.1' : undefined))).toBe(proxy);
});
