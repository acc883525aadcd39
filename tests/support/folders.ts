// Temporary data folders for tests, each removed when its user is done, also when the test fails.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes an empty folder under the system's temporary folder; the caller removes it. */
export async function makeTemporaryFolder(name = 'test'): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `caini-${name}-`));
  // LMDB may still be closing its files when a failed test gives up, hence the retries.
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  return { path, remove };
}

/** Runs `use` in an empty folder and removes it afterwards, whatever happens. */
export async function withTemporaryFolder<Result>(
  use: (path: string) => Promise<Result>,
  name = 'test',
): Promise<Result> {
  const folder = await makeTemporaryFolder(name);
  try {
    return await use(folder.path);
  } finally {
    await folder.remove();
  }
}
