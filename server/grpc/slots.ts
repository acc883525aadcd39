// Room for receipts that are being recorded: shared out, and whoever finds none waits in line, each
// connection in a line of its own.
import { type Client, Shares } from '../shares.ts';

export interface Slots {
  /** Takes so many when they are there for this client. */
  tryAcquire(client: Client, count: number): boolean;
  /** Resolves when they were taken. */
  acquire(client: Client, count: number): Promise<void>;
  /** To be called once for all that was taken. */
  release(client: Client, count: number): void;
}

interface Waiting {
  readonly count: number;
  onAcquired(): void;
}

interface Line {
  readonly client: Client;
  readonly waiting: Waiting[];
}

export function createSlots(whole: number): Slots {
  const shares = new Shares(whole);
  /** Of connections; whose turn it is stands first. */
  const lines = new Map<unknown, Line>();
  /** To the connection that has waited longest for its turn, of those that may take. */
  const grantNext = (): boolean => {
    for (const line of lines.values()) {
      const { client, waiting } = line;
      const [first] = waiting;
      if (!shares.acquire(client, first!.count)) continue;
      waiting.shift();
      lines.delete(client.connection);
      if (waiting.length > 0) lines.set(client.connection, line);
      first!.onAcquired();
      return true;
    }
    return false;
  };
  const tryAcquire = (client: Client, count: number): boolean =>
    // Nobody who comes now may overtake.
    !lines.has(client.connection) && shares.acquire(client, count);
  return {
    tryAcquire,
    acquire(client, count) {
      if (tryAcquire(client, count)) return Promise.resolve();
      const line = lines.get(client.connection) ?? { client, waiting: [] };
      lines.set(client.connection, line);
      return new Promise((onAcquired) => line.waiting.push({ count, onAcquired }));
    },
    release(client, count) {
      shares.release(client, count);
      while (lines.size > 0 && grantNext());
    },
  };
}
