// The address that a request comes from: that of its connection, or what proxies that we trust say
// of it.
import { isIP, SocketAddress } from 'node:net';
import { doorLimits } from './limits.ts';
import { networksOf } from './networks.ts';

/** The two headers in which proxies tell it: what all of them do, and RFC 7239. */
export const forwardedHeaders = ['x-forwarded-for', 'forwarded'] as const;
export type ForwardedHeader = (typeof forwardedHeaders)[number];

export interface Proxies {
  /** Networks in which each address is a proxy that tells the truth, and no client. */
  readonly networks: readonly string[];
  /** The one header that they write; of the other one a client could write what it likes. */
  readonly header: ForwardedHeader;
}

/** Where trusted proxies do not know it, or say too much: it is in no network. */
const unknownAddress = 'unknown';

export interface ClientAddresses {
  /** Whether it is a proxy whose word counts. */
  isProxy(address: string): boolean;
  /** Of a connection from `peer` that brought this header; `read` is called for proxies alone. */
  of(peer: string | undefined, read: (header: ForwardedHeader) => string | undefined): string;
}

export const noProxies: ClientAddresses = { isProxy: () => false, of: (peer = '') => peer };

/**
 * The address that the last proxy we trust has seen: each adds on the right whom it has heard, so
 * that what a client wrote stands to the left of its own address and is never read.
 */
export function createClientAddresses({ networks, header }: Proxies): ClientAddresses {
  if (networks.length === 0) return noProxies;
  const isProxy = networksOf(networks);
  const addressIn = header === 'forwarded' ? addressOfElement : addressOf;
  return {
    isProxy,
    of(peer = '', read) {
      if (!isProxy(peer)) return peer;
      const list = read(header);
      return list === undefined ? peer : rightmost(list, isProxy, addressIn);
    },
  };
}

/** From the right, the first that is no proxy of ours; the left one where all are. */
function rightmost(
  list: string,
  isProxy: (address: string) => boolean,
  addressIn: (entry: string) => string | undefined,
): string {
  let end = list.length;
  for (let hops = 0; hops < doorLimits.proxyHopsMax; hops++) {
    const comma = list.lastIndexOf(',', end - 1);
    const address = addressIn(list.slice(comma + 1, end).trim());
    if (address === undefined) return unknownAddress;
    if (comma <= 0 || !isProxy(address)) return address;
    end = comma;
  }
  return unknownAddress;
}

/** Of `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:5678`. */
function addressOf(entry: string): string | undefined {
  const address =
    /^([\d.]+):\d{1,5}$/.exec(entry)?.[1] ??
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)?.[1] ??
    entry;
  const kind = isIP(address);
  if (kind === 4) return address;
  // A zone is a matter of the machine that wrote it.
  if (kind === 0 || address.includes('%')) return undefined;
  // The same address can be written in many ways.
  const written = new SocketAddress({ address, family: 'ipv6' }).address;
  return written.replace(/^::ffff:(?=\d+\.)/i, '');
}

const token = "[!#$%&'*+.^_`|~\\w-]+";
const pair = `(${token})=(?:(${token})|"([^",\\\\]*)")`;
const pairs = new RegExp(`^${pair}(?:;${pair})*$`);

/**
 * Of `for=1.2.3.4;proto=https` or `for="[2001:db8::1]:5678"`. A quoted comma would make two of one
 * element: no address has one, so that what is left of it is none either.
 */
function addressOfElement(element: string): string | undefined {
  if (!pairs.test(element)) return undefined;
  const found = element
    .split(';')
    .map((text) => new RegExp(`^${pair}$`).exec(text) ?? [])
    .filter(([, name]) => name?.toLowerCase() === 'for');
  const [, , plain, quoted] = found[0] ?? [];
  const text = plain ?? quoted;
  return found.length === 1 && text !== undefined ? addressOf(text) : undefined;
}
