// The limit of durable ingest: the puts that the engine made of the same receipts, as many and as
// long, into an LMDB environment of the same kind, by group commits and nothing else.
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Purchase } from '../engine/index.ts';

interface Put {
  readonly table: string;
  readonly key: Buffer;
  readonly value: Buffer;
}

const tableNames = ['log', 'ids', 'items', 'histories'] as const;
/** engine/views/history.ts draws an entry; engine/store/table.ts seals it with 4 bytes more. */
const entryHeadBytes = 40;
const entryLineBytes = 12;
const sealBytes = 4;

function openEnvironment(path: string, readOnly: boolean): RootDatabase {
  const settings = { overlappingSync: false, eventTurnBatching: false } as const;
  return open({ path, maxDbs: 32, noSubdir: false, readOnly, ...settings });
}

function openTables(root: RootDatabase): Map<string, Database<Buffer, Buffer>> {
  const settings = { keyEncoding: 'binary', encoding: 'binary', cache: false } as const;
  return new Map(
    tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, ...settings })]),
  );
}

function entryBytes({ purchaseId, lines }: Purchase): number {
  const idBytes = (Buffer.byteLength(purchaseId) + 3) & ~3;
  return entryHeadBytes + lines.length * entryLineBytes + idBytes;
}

/**
 * What an engine's folder tells it has put for each of the receipts that it took, in order. Throws
 * when histories are not as long as they are drawn.
 */
export async function putsOf(folder: string, list: readonly Purchase[]): Promise<Put[][]> {
  const root = openEnvironment(folder, true);
  const tables = openTables(root);
  const rows = (name: string) =>
    [...tables.get(name)!.getRange()].map(({ key, value }) => ({ key, value }));
  const [log, items] = [rows('log'), rows('items')];
  const histories = new Map(rows('histories').map(({ key, value }) => [key.toString(), value]));
  const seen = new Set<string>();
  const bytes = new Map<string, number>();
  const puts = list.map((purchase, index): Put[] => {
    const { purchaseId, memberId } = purchase;
    const idKey = Buffer.from(`p${purchaseId}`);
    const made: Put[] = [
      { table: 'log', ...log[index]! },
      { table: 'ids', key: idKey, value: tables.get('ids')!.get(idKey)! },
    ];
    for (const { itemId } of purchase.lines) {
      if (seen.has(itemId)) continue;
      made.push({ table: 'items', ...items[seen.size]! });
      seen.add(itemId);
    }
    if (memberId === undefined) return made;
    const length = (bytes.get(memberId) ?? 0) + entryBytes(purchase);
    bytes.set(memberId, length);
    const value = histories.get(memberId)!.subarray(0, length + sealBytes);
    made.push({ table: 'histories', key: Buffer.from(memberId), value });
    return made;
  });
  for (const [memberId, length] of bytes) {
    if (histories.get(memberId)!.length !== length + sealBytes) {
      throw new Error(`the history of ${memberId} is not as long as it is drawn`);
    }
  }
  await root.close();
  return puts;
}

/** Puts what arrives; one transaction takes all that came while the last one was written. */
export class RawWriter {
  private readonly root: RootDatabase;
  private readonly tables: ReadonlyMap<string, Database<Buffer, Buffer>>;
  private queue: { readonly puts: readonly Put[]; readonly done: () => void }[] = [];
  private running: Promise<void> | undefined;

  constructor(folder: string) {
    this.root = openEnvironment(folder, false);
    this.tables = openTables(this.root);
  }

  /** Resolves after fsync. */
  write(puts: readonly Put[]): Promise<void> {
    return new Promise((done) => {
      this.queue.push({ puts, done });
      this.running ??= this.run();
    });
  }

  private async run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const jobs = this.queue.splice(0);
      await this.root.transaction(() => {
        for (const { puts } of jobs) {
          for (const { table, key, value } of puts) this.tables.get(table)!.putSync(key, value);
        }
      });
      for (const { done } of jobs) done();
    }
    this.running = undefined;
  }

  async close(): Promise<void> {
    await this.running;
    await this.root.close();
  }
}
