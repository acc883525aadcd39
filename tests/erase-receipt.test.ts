// What the receipt of an erase promises: whether anybody was found, and when the bytes are gone.
import { expect, test, vi } from 'vitest';
import {
  consentSchema,
  type Event,
  openEngine,
  purchaseSchema,
  returnSchema,
} from '../engine/index.ts';
import { findTexts } from './support/bytes.ts';
import { withTemporaryFolder } from './support/folders.ts';

const clockMs = Date.UTC(2026, 4, 1);
const dayMs = 86_400_000;
const open = (dataDir: string) => openEngine({ dataDir, clock: () => clockMs });

function buys(purchaseId: string, memberId: string): Event {
  const occurredAt = new Date(clockMs - dayMs).toISOString();
  const lines = [{ itemId: 'milk', quantity: 2 }];
  const purchase = purchaseSchema.parse({ purchaseId, memberId, occurredAt, lines });
  return { kind: 'purchase', purchase };
}

function brings(returnId: string, purchaseId: string): Event {
  const occurredAt = new Date(clockMs).toISOString();
  const lines = [{ itemId: 'milk', quantity: 1 }];
  return {
    kind: 'return',
    return: returnSchema.parse({ returnId, purchaseId, occurredAt, lines }),
  };
}

function says(memberId: string, personalization: boolean): Event {
  const occurredAt = new Date(clockMs - dayMs).toISOString();
  return {
    kind: 'consent',
    consent: consentSchema.parse({ memberId, personalization, occurredAt }),
  };
}

test('an erase tells how many receipts, returns and other ids went', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest([
      buys('p1', 'buyer'),
      buys('p2', 'card'),
      brings('r1', 'p1'),
      brings('r2', 'p2'),
      { kind: 'merge', merge: { memberId: 'buyer', fromMemberId: 'card' } },
    ]);
    const { removed } = await engine.members.erase('card');
    expect(removed).toEqual({ receipts: 2, returns: 2, aliases: 1 });
    await engine.close();
  }));

test('whoever bought or answered anything is found, and nobody else', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir);
    await engine.writes.ingest([buys('p1', 'buyer'), says('silent', false)]);
    const found = async (memberId: string) => (await engine.members.erase(memberId)).found;
    expect(await found('buyer')).toBe(true);
    expect(await found('silent')).toBe(true);
    expect(await found('never heard of')).toBe(false);
    await engine.close();
  }));

test('the last bytes of an erased member go within a day, also when the engine restarts', () =>
  withTemporaryFolder(async (dataDir) => {
    const names = ['receipt-of-unmistakable-name', 'member-of-unmistakable-name'];
    const [receipt = '', member = ''] = names;
    let engine = await open(dataDir);
    await engine.writes.ingest([buys(receipt, member)]);
    const { bytesGoneBy } = await engine.members.erase(member);
    expect(Date.parse(bytesGoneBy)).toBe(clockMs + dayMs);
    await engine.close();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      engine = await open(dataDir);
      expect(findTexts(dataDir, names)).not.toEqual([]);
      vi.advanceTimersByTime(dayMs);
    } finally {
      vi.useRealTimers();
    }
    // A file that is replaced between its name and its bytes is looked for again.
    await vi.waitFor(() => expect(findTexts(dataDir, names)).toEqual([]), { timeout: 30_000 });
    await engine.close();
  }));
