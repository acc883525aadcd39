// Room for receipts that are being recorded: shared out, and whoever finds none waits in line, each
// connection in a line of its own.
import { type Client, Shares } from '../shares.ts';

export interface Slots {
  /** Takes so many when they are there for this client. */
  tryTake(client: Client, count: number): boolean;
  /** Resolves when they were taken. */
  take(client: Client, count: number): Promise<void>;
  /** To be called once for all that was taken. */
  give(client: Client, count: number): void;
}

interface Waiting {
  readonly count: number;
  taken(): void;
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
  const handOn = (): boolean => {
    for (const line of lines.values()) {
      const { client, waiting } = line;
      const [first] = waiting;
      if (!shares.take(client, first!.count)) continue;
      waiting.shift();
      lines.delete(client.connection);
      if (waiting.length > 0) lines.set(client.connection, line);
      first!.taken();
      return true;
    }
    return false;
  };
  const tryTake = (client: Client, count: number): boolean =>
    // Nobody who comes now may overtake.
    !lines.has(client.connection) && shares.take(client, count);
  return {
    tryTake,
    take(client, count) {
      if (tryTake(client, count)) return Promise.resolve();
      const line = lines.get(client.connection) ?? { client, waiting: [] };
      lines.set(client.connection, line);
      return new Promise((taken) => line.waiting.push({ count, taken }));
    },
    give(client, count) {
      shares.give(client, count);
      while (lines.size > 0 && handOn());
    },
  };
}
