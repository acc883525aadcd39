// A disk that is full to the last byte: a write to a member is told of in the room that is kept for
// it, reads wait, and all goes on when there is room.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage } from '../server/trail/read.ts';
import { Trail } from '../server/trail/trail.ts';
import { verifyTrail } from '../server/trail/verify.ts';
import { erasedIds } from './support/erased-ids.ts';
import { withTemporaryFolder } from './support/folders.ts';

/** Only root may, and not in every container. */
function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Until nothing more goes in. */
function fill(path: string, folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(path, Buffer.alloc(bavail * bsize, 1));
  expect(statfsSync(folder).bavail).toBe(0);
}

test('on a full disk writes are told of, and reads wait until there is room', (context) =>
  withTemporaryFolder(async (disk) => {
    if (!mount(disk)) context.skip('no file system may be mounted here');
    try {
      const messages: string[] = [];
      const path = join(disk, 'audit');
      const notify = (message: string) => messages.push(message);
      const trail = await Trail.open({ folder: path, dataDir: disk, clock: Date.now, notify });
      await trail.forget(erasedIds());
      const subjects = [{ kind: 'member', id: 'ann' }] as const;
      await trail.append({ operation: 'writeConsent', subjects });
      fill(join(disk, 'other'), disk);
      // What is left of the last page of each file takes some yet.
      let written = 1;
      for (; existsSync(join(path, 'reserve')); written++) {
        await trail.append({ operation: 'eraseMember', subjects });
      }
      trail.note({ operation: 'recommendForMember', outcome: 'ok', subjects });
      await expect.poll(() => messages).toContain('reads wait for the audit trail');
      for (let more = 0; more < 20; more++, written++) {
        await trail.append({ operation: 'eraseMember', subjects });
      }
      await trail.forget(erasedIds(['ann']));
      rmSync(join(disk, 'other'));
      await expect
        .poll(() => messages, { timeout: 20_000 })
        .toContain('the audit trail is written again');
      const { treeSize, entries } = await readPage(trail, written, 10);
      expect([treeSize, entries[0]?.operation]).toEqual([written + 1, 'recommendForMember']);
      expect(existsSync(join(path, 'reserve'))).toBe(true);
      expect(await verifyTrail(path)).toMatchObject({ ok: true, subjectsKept: 0 });
      await trail.close();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  }));
