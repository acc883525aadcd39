// Who may hold how much of what the server has only so much of: nobody takes it all, and whoever
// holds little still gets some.
import { doorLimits } from './limits.ts';

/** Who asks: one connection, and the address it came from. */
export interface Client {
  /** Equal for two calls of one connection, and for no others. */
  readonly connection: unknown;
  /** Absent: not bounded by address, because many clients stand behind it. */
  readonly address?: string | undefined;
}

type Bound = 'whole' | 'connection' | 'kept' | 'address';

/**
 * So much of one thing, whatever the thing is: sessions, bytes, calls. One connection gets an
 * eighth of the whole, all connections of one address a half, and the last quarter is kept for who
 * holds little, which everybody may (`doorLimits.share` has the sum).
 */
export class Shares {
  readonly whole: number;
  private readonly minimum: number;
  private readonly heldByConnection = new Map<unknown, number>();
  private readonly heldByAddress = new Map<string, number>();
  private total = 0;

  constructor(whole: number) {
    this.whole = whole;
    this.minimum = part(whole, doorLimits.share.little);
  }

  /** How much is held by all together. */
  get taken(): number {
    return this.total;
  }

  canAcquire(client: Client, count = 1): boolean {
    return this.exceededBound(client, count) === undefined;
  }

  /** Of somebody who may not take: what stands against it, for a refusal. */
  refusalText(client: Client, what: string): string {
    switch (this.exceededBound(client, 1)) {
      case 'connection':
        return `this connection already holds its share of ${what}, ${this.held(client)}`;
      case 'address':
        return `the connections of this address already hold their share of ${what}`;
      case 'kept':
        return `of the ${what} that are left, a connection has only ${this.minimum}`;
      default:
        return `this server already holds ${this.total} ${what}`;
    }
  }

  private held({ connection }: Client): number {
    return this.heldByConnection.get(connection) ?? 0;
  }

  private exceededBound(client: Client, count: number): Bound | undefined {
    const { share } = doorLimits;
    const held = this.held(client) + count;
    const total = this.total + count;
    if (total > this.whole) return 'whole';
    if (held <= this.minimum) return undefined;
    if (held > part(this.whole, share.connection)) return 'connection';
    if (total > this.whole - part(this.whole, share.kept)) return 'kept';
    const { address } = client;
    if (address === undefined) return undefined;
    const ofAddress = (this.heldByAddress.get(address) ?? 0) + count;
    return ofAddress > part(this.whole, share.address) ? 'address' : undefined;
  }

  /** False when it is not there to be had; then nothing was taken. */
  acquire(client: Client, count = 1): boolean {
    if (!this.canAcquire(client, count)) return false;
    this.add(client, count);
    return true;
  }

  release(client: Client, count = 1): void {
    this.add(client, -count);
  }

  private add({ connection, address }: Client, count: number): void {
    this.total += count;
    addTo(this.heldByConnection, connection, count);
    if (address !== undefined) addTo(this.heldByAddress, address, count);
  }
}

function part(whole: number, parts: number): number {
  return Math.max(1, Math.floor(whole / parts));
}

/** Who holds nothing is forgotten: addresses come and go. */
function addTo<Key>(held: Map<Key, number>, key: Key, count: number): void {
  const now = (held.get(key) ?? 0) + count;
  if (now === 0) held.delete(key);
  else held.set(key, now);
}

/** The address of a socket as clients are distinguished by it. */
export type AddressOf = (remoteAddress: string | undefined) => string | undefined;

/**
 * An IPv4 address, also when it came in as IPv6; of IPv6 the network of 64 bits, which is what one
 * household or machine is given (RFC 6177). Undefined for those in `shared`, and for proxies.
 */
export function addressesExcept(
  shared: readonly string[],
  isProxy: (address: string) => boolean = () => false,
): AddressOf {
  const among = new Set(shared.map(networkOf));
  return (remoteAddress = '') => {
    const network = networkOf(remoteAddress);
    return among.has(network) || isProxy(remoteAddress) ? undefined : network;
  };
}

/** Who is distinguished from others by address. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [before = '', after] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const [head, tail] = [before, after ?? ''].map((half) => half.split(':').filter(Boolean));
  const zeros = after === undefined ? 0 : 8 - head!.length - tail!.length;
  const groups = [...head!, ...Array<string>(Math.max(0, zeros)).fill('0'), ...tail!];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
