// Room for receipts: who waits for it, and whose turn it is.
import { describe, expect, test } from 'vitest';
import type { Client } from '../shares.ts';
import { createSlots } from './slots.ts';

const at = (address: string): Client => ({ connection: address, address });

describe('slots', () => {
  test('go to connections in turn, however many of one wait', async () => {
    const slots = createSlots(16);
    const order: string[] = [];
    const [one, other] = [at('a'), at('b')];
    for (const client of [one, one, other, other]) expect(slots.tryAcquire(client, 1)).toBe(true);
    const wait = (client: Client, name: string) =>
      slots.acquire(client, 1).then(() => order.push(name));
    const waiting = [wait(one, 'one'), wait(one, 'one'), wait(other, 'other')];
    // Nobody overtakes their own connection.
    expect(slots.tryAcquire(one, 1)).toBe(false);
    slots.release(one, 1);
    slots.release(other, 1);
    slots.release(one, 1);
    await Promise.all(waiting);
    expect(order).toEqual(['one', 'other', 'one']);
  });

  test('of a large receipt are taken together', async () => {
    const slots = createSlots(80);
    const client = at('a');
    expect(slots.tryAcquire(client, 6)).toBe(true);
    let isTaken = false;
    const waiting = slots.acquire(client, 8).then(() => {
      isTaken = true;
    });
    slots.release(client, 3);
    await Promise.resolve();
    expect(isTaken).toBe(false);
    slots.release(client, 3);
    await waiting;
    expect(isTaken).toBe(true);
  });
});
