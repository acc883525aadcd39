// One writer a folder: a claim that the operating system drops by itself when the process dies.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../base/errors.ts';

export interface FolderClaim {
  release(): Promise<void>;
  /** The next claim of this process takes it over, so that no other process comes in between. */
  passOn(): void;
}

/** Claims that were passed on and not taken over yet, by name. */
const passedOn = new Map<string, Server>();

/**
 * Linux has socket names without a file, which vanish with their process, however it ends;
 * elsewhere a socket file
 * stands in. A lock file with a process id would lie after a crash, since ids are used again.
 */
function claimName(folder: string): string {
  const key = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  return process.platform === 'linux' ? `\0caini-${key}` : join(tmpdir(), `caini-${key}.sock`);
}

/** Throws FAILED_PRECONDITION when another process has the folder. */
export async function claimFolder(folder: string): Promise<FolderClaim> {
  const name = claimName(folder);
  const server = passedOn.get(name) ?? (await listen(name, folder));
  passedOn.delete(name);
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
    passOn: () => passedOn.set(name, server),
  };
}

async function listen(name: string, folder: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = `${folder} is in use by another caini process; stop that one first`;
      reject(
        error.code === 'EADDRINUSE'
          ? new EngineError('FAILED_PRECONDITION', message, { reason: 'FOLDER_IN_USE' })
          : error,
      );
    });
    // By itself: a cluster's workers would share a socket of their primary's, and all have claimed.
    server.listen({ path: name, exclusive: true }, resolve);
  });
  return server.unref();
}
