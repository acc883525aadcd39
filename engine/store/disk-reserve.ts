// Room kept for a full disk: a file that is given up so that erases and checkpoints can go on, and
// made again afterwards.
import {
  closeSync,
  existsSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { steadyMilliseconds } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

const fullCodes: readonly unknown[] = ['ENOSPC', 'EFBIG', 'EDQUOT'];
/** The same as LMDB reports them, by their numbers on Linux and macOS. */
const fullNumbers: readonly unknown[] = [28, 27, 122, 69];
/** LMDB says EIO, too, for a write that stopped half-way because the room ended there. */
const inputOutputNumber = 5;
const chunkBytes = 1_048_576;

/** Whether an error says that there is no room, or that a file may not grow. */
export function isFull(error: unknown): boolean {
  if (error instanceof EngineError) return error.reason === 'DISK_FULL';
  const { code } = Object(error) as { code?: unknown };
  return fullCodes.includes(code) || fullNumbers.includes(code);
}

export function diskFull(cause?: unknown): EngineError {
  const message =
    'there is no room on the disk of the data folder, or a file may not grow; ' +
    'nothing was written, reading goes on, and writing resumes when there is room';
  const details = { reason: 'DISK_FULL', retryAfterMs: limits.diskFullRetryMs, cause };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}

/** The failure of a commit in our words; `path` is the file that should have grown. */
export function explainCommit(error: unknown, path: string): unknown {
  if (error instanceof EngineError) return error;
  const { code } = Object(error) as { code?: unknown };
  const wasCutShort = code === inputOutputNumber && !canGrow(path);
  return isFull(error) || wasCutShort ? diskFull(error) : error;
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * Tries the last byte that the file would take next, in another file, so that limits of size show
 * too.
 */
function canGrow(path: string): boolean {
  if (freeBytes(dirname(path)) < limits.diskReserveBytes) return false;
  const probe = `${path}.probe`;
  const descriptor = openSync(probe, 'w');
  try {
    return writeSync(descriptor, Buffer.alloc(1), 0, 1, statSync(path).size + chunkBytes) === 1;
  } catch (error) {
    if (!isFull(error)) throw error;
    return false;
  } finally {
    closeSync(descriptor);
    unlinkSync(probe);
  }
}

export class DiskReserve {
  private readonly path: string;
  private bytes: number;
  private state: 'held' | 'absent' | 'spent';
  private triedAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  /**
   * Takes over the file of an earlier process; a new one is made when the folder has been open for
   * a while.
   */
  constructor(path: string) {
    this.path = path;
    const found = existsSync(path) ? statSync(path).size : 0;
    this.state = found >= limits.diskReserveBytesMin ? 'held' : 'absent';
    this.bytes = this.state === 'held' ? found : 0;
    if (this.state === 'absent') this.makeLater(limits.diskReserveDelayMs);
  }

  /**
   * Throws DISK_FULL while the room that was given up is not there again: it is not for new
   * receipts.
   */
  assertHeld(): void {
    if (this.state !== 'spent') return;
    if (steadyMilliseconds() - this.triedAt >= limits.diskFullRetryMs) this.make();
    if (this.state === 'spent') throw diskFull();
  }

  /**
   * After a write that must not fail: gives the room up. False when there is none to give, or it
   * was no lack of room.
   */
  spend(error: unknown): boolean {
    if (!isFull(error) || this.state !== 'held') return false;
    rmSync(this.path, { force: true });
    this.state = 'spent';
    this.triedAt = steadyMilliseconds();
    return true;
  }

  private makeLater(milliseconds: number): void {
    this.timer = setTimeout(() => {
      try {
        this.make();
      } catch {
        // A folder that cannot even be asked for room fails the next write, which says so; the disk
        // reserve is only tried again.
        this.state = 'absent';
      }
      if (this.state === 'absent') this.makeLater(limits.checkpointIntervalMs);
    }, milliseconds).unref();
  }

  private make(): void {
    this.triedAt = steadyMilliseconds();
    const free = freeBytes(dirname(this.path));
    // Of a small disk it takes a quarter; what was given up is made again as large as it was.
    if (this.state === 'absent')
      this.bytes = Math.min(limits.diskReserveBytes, Math.floor(free / 4));
    // Something must stay free: else the next write would be refused for the sake of the disk
    // reserve.
    if (this.bytes < limits.diskReserveBytesMin || free < this.bytes + limits.diskReserveBytesMin)
      return;
    try {
      this.write();
      this.state = 'held';
    } catch (error) {
      rmSync(this.path, { force: true });
      if (!isFull(error)) throw error;
    }
  }

  private write(): void {
    const descriptor = openSync(this.path, 'w');
    try {
      // No zeros, which some file systems do not store.
      const chunk = Buffer.alloc(Math.min(chunkBytes, this.bytes), 'ballast');
      for (let done = 0; done < this.bytes; ) {
        const wanted = Math.min(chunk.length, this.bytes - done);
        done += writeSync(descriptor, chunk, 0, wanted);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
