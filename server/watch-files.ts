// Files that may change while the server runs: certificates and keys, looked at every few seconds.
import { statSync } from 'node:fs';
import type { Logger } from 'pino';

export interface WatchedFiles<Content> {
  readonly current: () => Content;
  stop(): void;
}

interface WatchOptions<Content> {
  readonly paths: readonly string[];
  /** Throws what is wrong with them; then what was read before stays in force. */
  readonly read: () => Content;
  readonly onChange?: (content: Content) => void;
  readonly everyMs: number;
  readonly log: Logger;
}

/**
 * Reads once, and again whenever one of the files has changed. Throws what the first reading
 * throws. It asks for the state of the files rather than for events: those are lost when a folder
 * is swapped by a link, which is how certificates come to containers.
 */
export function watchFiles<Content>(options: WatchOptions<Content>): WatchedFiles<Content> {
  const { paths, read, onChange, everyMs, log } = options;
  let seen = stateOf(paths);
  let content = read();
  let failed: string | undefined;
  const look = (): void => {
    const state = stateOf(paths);
    if (state === seen) return;
    // Tried again and again, since a file may be half written; what is wrong is logged once.
    const isKnown = state === failed;
    try {
      content = read();
      // Only now: of two files written one after the other the first alone may not fit the other.
      seen = state;
      onChange?.(content);
      log.info(`${paths.join(', ')} changed and count from now on`);
    } catch (error) {
      failed = state;
      if (isKnown) return;
      log.error(
        { err: error },
        `${paths.join(', ')} changed and cannot be used; the old ones stay`,
      );
    }
  };
  const timer = setInterval(look, everyMs).unref();
  return { current: () => content, stop: () => clearInterval(timer) };
}

function stateOf(paths: readonly string[]): string {
  return paths.map(stateOfOne).join('; ');
}

function stateOfOne(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    // Reading it tells what is wrong, and not what the path was: that may be a key.
    return String((error as NodeJS.ErrnoException).code);
  }
}
