// Receipts that correct others, as tests of the engine send them, and origins that meet.
import { expect } from 'vitest';
import type { Event } from '../../engine/index.ts';
import { type Chain, day, exchange, expectSame, start, withChain } from './engines.ts';

export type Engine = Awaited<ReturnType<Chain['open']>>;
type Bought = Extract<Event, { readonly kind: 'purchase' }>;
interface Options {
  readonly member?: string;
  readonly replaces?: string;
  readonly hour?: number;
}

const at = (hours: number) => new Date(start - day + hours * 3_600_000).toISOString();

/** `buys('p', 'milk tea', …)` */
export const buys = (
  purchaseId: string,
  items: string,
  { member: memberId, replaces, hour = 1 }: Options = {},
): Bought => ({
  kind: 'purchase',
  purchase: {
    purchaseId,
    ...(memberId !== undefined && { memberId }),
    ...(replaces !== undefined && { replaces }),
    channel: 'pos',
    occurredAt: at(hour),
    lines: items.split(' ').map((itemId) => ({ itemId, quantity: 1 })),
  },
});
export const returns = (returnId: string, purchaseId: string, itemId: string): Event => ({
  kind: 'return',
  return: {
    returnId,
    purchaseId,
    channel: 'pos',
    occurredAt: at(2),
    lines: [{ itemId, quantity: 1 }],
  },
});

/** What stands on receipts that count, by their ids. */
export function heldBy(engine: Engine): string[] {
  const rows = [...engine.records.receipts()];
  return rows
    .map(({ purchaseId, memberId, itemId }) => `${purchaseId} ${memberId} ${itemId}`)
    .sort();
}

export async function send(engine: Engine, ...events: Event[]): Promise<string[]> {
  const results = await engine.writes.ingest(events);
  return results.map(({ status, reason }) => (reason === undefined ? status : reason));
}

/** The digest of a chain that was sent nothing else. */
export async function digestOf(chain: Chain, ...events: Event[]): Promise<string> {
  const engine = await chain.open(`only-${Math.random()}`, {});
  await send(engine, ...events);
  const digest = engine.inspect.digest();
  await chain.close(engine);
  return digest;
}

/** Each origin accepts its own; then all is exchanged in both orders, and both tell the same. */
export async function meet(
  work: (a: Engine, b: Engine) => Promise<void>,
  see: (engine: Engine) => void | Promise<void>,
): Promise<void> {
  for (const isAFirst of [true, false]) {
    await withChain(async (chain) => {
      const [a, b] = [await chain.open('a'), await chain.open('b')];
      await work(a, b);
      await exchange(...(isAFirst ? [a, b] : [b, a]));
      const follower = await chain.open('z', { isFollower: true });
      await exchange(isAFirst ? b : a, follower);
      for (const engine of [a, b, follower]) {
        expectSame(a, engine);
        await see(engine);
        expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
      }
    });
  }
}
