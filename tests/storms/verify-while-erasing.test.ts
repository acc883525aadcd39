// Verify beside a steady stream of erases: what is erased while it reads is no difference.
import { expect, test } from 'vitest';
import { type Event, openEngine } from '../../engine/index.ts';
import { withDiskFolder } from '../support/folders.ts';

const members = 3_000;
const receiptsOfAMember = 3;

function receiptsOf(round: number): Event[] {
  return Array.from({ length: members }, (_, member) => ({
    kind: 'purchase',
    purchase: {
      purchaseId: `purchase-${round}-${member}`,
      memberId: `member-${member}`,
      channel: 'pos',
      occurredAt: '2026-05-01T09:10:00Z',
      lines: [
        { itemId: 'milk', quantity: 2 },
        { itemId: 'bread', quantity: 1 },
      ],
    },
  }));
}

test('verify finds no difference in what is erased while it reads', async () => {
  await withDiskFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir });
    for (let round = 0; round < receiptsOfAMember; round++)
      await engine.writes.ingest(receiptsOf(round));
    let isOver = false;
    const erasing = (async () => {
      for (let member = 0; !isOver && member < members; member++) {
        await engine.members.erase(`member-${member}`);
      }
    })();
    try {
      for (let look = 0; look < 5; look++)
        expect((await engine.upkeep.verify()).differences).toEqual([]);
    } finally {
      isOver = true;
      await erasing;
      await engine.close();
    }
  });
});
