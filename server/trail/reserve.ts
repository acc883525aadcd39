// Room kept for a full disk: a file that is given up so that erases can be told of, and so done. It
// is made again when there is room.
import { existsSync, rmSync, statfsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { trailLimits } from './limits.ts';

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

export class Reserve {
  private readonly folder: string;
  private readonly path: string;
  private triedMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, 'reserve');
  }

  /** Whichever process gave it up. */
  get isHeld(): boolean {
    return existsSync(this.path);
  }

  /** Gives the room up for a write that failed for lack of it; false where that helps nobody. */
  spend(error: unknown): boolean {
    const { code } = Object(error) as { readonly code?: unknown };
    if (!fullCodes.includes(code) || !this.isHeld) return false;
    rmSync(this.path, { force: true });
    this.triedMs = performance.now();
    return true;
  }

  /** Where there is room for it, and as much is left for others; tried once a second. */
  async make(): Promise<void> {
    if (this.isHeld || performance.now() - this.triedMs < trailLimits.retryMs) return;
    this.triedMs = performance.now();
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail * bsize < 2 * trailLimits.reserveBytes) return;
    const fresh = `${this.path}.new`;
    try {
      const file = await open(fresh, 'w', 0o600);
      try {
        // No zeros, which some file systems do not store.
        await file.writeFile(Buffer.alloc(trailLimits.reserveBytes, 'ballast'));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(fresh, this.path);
    } catch {
      // Without it all goes on, but for writes on a disk that is full to the last byte.
      rmSync(fresh, { force: true });
    }
  }
}
