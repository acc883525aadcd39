// What a node tells others of its log while a transaction is on its way to the disk.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Engine, openEngine } from '../../engine/index.ts';
import { withTemporaryFolder } from '../support/folders.ts';

const price = (engine: Engine, priceFen: number) =>
  engine.writes.ingest([{ kind: 'item', item: { itemId: 'milk', priceFen, status: 'active' } }]);

test('who knows more of another origin than is on the disk yet is no stranger', () =>
  withTemporaryFolder(async (folder) => {
    const [shop, hub] = await Promise.all(
      ['shop', 'hub'].map((origin) => openEngine({ dataDir: `${folder}/${origin}`, origin })),
    );
    for (let round = 1; round <= 30; round++) {
      await Promise.all([price(shop!, 10 * round), price(hub!, 10 * round + 5)]);
      // A follower that follows both has the shop's entry already; the hub is taking it in.
      const ahead = `${hub!.replication.watermark},${shop!.replication.watermark}`
        .split(',')
        .filter((place, index, all) => index === all.findLastIndex((b) => isSame(place, b)))
        .join(',');
      await price(shop!, 10 * round + 1);
      const { replication } = shop!;
      const next = replication.positionAfter(hub!.replication.watermark);
      let isApplied = false;
      const applied = hub!.replication.apply(replication.entriesFrom(next, 100)).finally(() => {
        isApplied = true;
      });
      while (!isApplied) {
        expect(hub!.replication.positionAfter(ahead)).toBeLessThanOrEqual(
          hub!.replication.position + 1,
        );
        await setImmediate();
      }
      await applied;
    }
    await Promise.all([shop!.close(), hub!.close()]);
  }, 'mid-write'));

const isSame = (one: string, other: string) => one.split('/')[0] === other.split('/')[0];
