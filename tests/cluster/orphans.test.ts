// Followers behind one port whose first process is killed: none of them is left over, and all of it
// comes back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, startNode } from '../support/cluster.ts';
import { withTemporaryFolder } from '../support/folders.ts';
import { Load } from '../support/load.ts';

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test(
  'followers go with the process that has started them, also in the midst of a write',
  {
    timeout: 180_000,
  },
  () =>
    withTemporaryFolder(async (folder) => {
      const dataDir = join(folder, 'shop');
      const shop = await startNode({ dataDir, role: 'origin', name: 'shop', followers: 2 });
      const started = new Set<number>();
      try {
        // Each round catches some of them while lmdb is writing, where a process cannot exit.
        for (let round = 0; round < 6; round++) {
          await shop.ready();
          const load = new Load(shop, 8, `round-${round}-`);
          await load.more(30 + 7 * round);
          const children = shop.children();
          for (const pid of children) started.add(pid);
          expect(children.length).toBeGreaterThan(0);
          await shop.kill();
          await load.stop();
          await eventually('its followers are gone', () => !children.some(isAlive), 10_000);
          shop.start();
          await shop.ready();
          expect(await load.lost()).toEqual([]);
        }
      } finally {
        await shop.kill();
        for (const pid of started) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      }
    }, 'orphans'),
);
