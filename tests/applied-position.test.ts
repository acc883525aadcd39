// What an engine says of its counts while receipts are on their way to the disk.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom, type Engine, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const receipts = 300;
const start = Date.parse('2026-05-01T00:00:00Z');

/** Of few items, which the first receipts all name. */
function receipt(index: number) {
  const random = createRandom(index);
  const lines = Array.from({ length: 1 + random.integer(6) }, (_, line) => ({
    itemId: `item-${index < 10 ? index * 4 + line : random.integer(20)}`,
    quantity: 1,
  }));
  const occurredAt = new Date(start + index * 60_000).toISOString();
  const memberId = `m${random.integer(12)}`;
  const purchase = {
    purchaseId: `r${index}`,
    memberId,
    channel: 'pos',
    occurredAt,
    lines,
  } as const;
  return { kind: 'purchase', purchase } as const;
}

const stateOf = (engine: Engine) => [engine.status().watermark, engine.inspect.digest()] as const;

test('digest and watermark stand for the same receipts, also in the midst of a write', () =>
  withTemporaryFolder(async (folder) => {
    const clock = () => start + 86_400_000;
    const alone = await openEngine({ dataDir: join(folder, 'one-by-one'), clock });
    const digests = new Map([stateOf(alone)]);
    for (let index = 0; index < receipts; index++) {
      await alone.writes.ingest([receipt(index)]);
      digests.set(...stateOf(alone));
    }
    await alone.close();
    const engine = await openEngine({ dataDir: join(folder, 'busy'), clock });
    let left = receipts;
    const writers = Array.from({ length: 5 }, async (_, writer) => {
      for (let index = writer; index < receipts; index += 5) {
        await engine.writes.ingest([receipt(index)]);
        left -= 1;
      }
    });
    // Receipts of five writers come in the order of their numbers, five at a time.
    let looks = 0;
    for (; left > 0; looks++) {
      const [watermark, digest] = stateOf(engine);
      expect(digest, `at ${watermark}`).toBe(digests.get(watermark));
      await setImmediate();
    }
    await Promise.all(writers);
    expect(looks).toBeGreaterThan(receipts);
    expect(stateOf(engine)).toEqual([...digests].at(-1));
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.close();
  }, 'standing'));
