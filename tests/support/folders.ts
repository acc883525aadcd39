// Temporary data folders for tests, each removed when its user is done, also when the test fails.
import { accessSync, constants, statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const sharedMemory = '/dev/shm';
/** Less room than this may be too little: a container often has 64 MB. */
const memoryBytesMin = 4_294_967_296;

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes an empty folder in memory, else under the system's temporary folder; the caller removes it.
 * What counts and lists come to hangs on no disk, and to wait for one is half of the time that
 * thousands of chains take. `TMPDIR` names another place.
 */
export function makeTemporaryFolder(name = 'test'): Promise<TemporaryFolder> {
  return makeFolder(hasRoomInMemory() ? sharedMemory : tmpdir(), name);
}

/** The same on a disk, for proofs of what is still there after a fall. */
export function makeDiskFolder(name = 'test'): Promise<TemporaryFolder> {
  return makeFolder(tmpdir(), name);
}

/** Runs `use` in an empty folder and removes it afterwards, whatever happens. */
export async function withTemporaryFolder<Result>(
  use: (path: string) => Promise<Result>,
  name = 'test',
): Promise<Result> {
  return within(await makeTemporaryFolder(name), use);
}

/** The same on a disk. */
export async function withDiskFolder<Result>(
  use: (path: string) => Promise<Result>,
  name = 'test',
): Promise<Result> {
  return within(await makeDiskFolder(name), use);
}

function hasRoomInMemory(): boolean {
  if (process.env['TMPDIR'] !== undefined) return false;
  try {
    accessSync(sharedMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(sharedMemory);
    return bavail * bsize >= memoryBytesMin;
  } catch {
    return false;
  }
}

async function makeFolder(base: string, name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(base, `caini-${name}-`));
  // LMDB may still be closing its files when a failed test gives up, hence the retries.
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  return { path, remove };
}

async function within<Result>(
  { path, remove }: TemporaryFolder,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(path);
  } finally {
    await remove();
  }
}
