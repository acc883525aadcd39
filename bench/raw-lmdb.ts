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
/**
 * engine/history/entry.ts draws an entry, engine/history/chunk.ts what it lies in;
 * engine/store/table.ts seals that with 4 bytes more.
 */
const entryHeadBytes = 44;
const entryLineBytes = 12;
const entryMoneyBytes = 8;
const chunkHeadBytes = 12;
const chunkNextAt = 10;
const sealBytes = 4;
/** The code of purchases among ids. */
const purchaseCode = 1;

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
  const hasMoney = lines.some(({ unitPriceFen }) => unitPriceFen !== undefined);
  const lineBytes = entryLineBytes + (hasMoney ? entryMoneyBytes : 0);
  return entryHeadBytes + lines.length * lineBytes + idBytes;
}

type Row = Omit<Put, 'table'>;

/** Of a chunk before another one came after it, whose place it then says. */
function lengthOf({ value }: Row): number {
  return value.length - value.readUInt16LE(chunkNextAt);
}

/** The chunks of one history, drawn again as they grew. */
class GrowingHistory {
  private readonly chunks: readonly Row[];
  private at = 0;
  private bytes = 0;

  constructor(chunks: readonly Row[]) {
    this.chunks = chunks;
  }

  /** What is put for the next receipt: its chunk, and the one before when it opens a new one. */
  grow(entry: number): Row[] {
    const puts: Row[] = [];
    if (this.lengthAfter(entry) > lengthOf(this.chunks[this.at]!)) {
      puts.push(this.chunks[this.at]!);
      this.at += 1;
      this.bytes = 0;
    }
    const length = this.lengthAfter(entry);
    this.bytes += entry;
    const { key, value } = this.chunks[this.at]!;
    puts.push({ key, value: value.subarray(0, length) });
    return puts;
  }

  /** Whether all that is there has been drawn. */
  get isWhole(): boolean {
    const isLast = this.at === this.chunks.length - 1;
    return isLast && this.lengthAfter(0) === lengthOf(this.chunks[this.at]!);
  }

  private lengthAfter(entry: number): number {
    return chunkHeadBytes + this.bytes + entry + sealBytes;
  }
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
  const chunks = new Map<string, Row[]>();
  for (const row of rows('histories')) {
    const id = row.key.toString('utf8', 1, 1 + row.key[0]!);
    chunks.set(id, [...(chunks.get(id) ?? []), row]);
  }
  const histories = new Map([...chunks].map(([id, own]) => [id, new GrowingHistory(own)]));
  const seen = new Set<string>();
  const puts = list.map((purchase, index): Put[] => {
    const { purchaseId, memberId } = purchase;
    const idKey = Buffer.concat([Buffer.of(purchaseCode), Buffer.from(purchaseId)]);
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
    const grown = histories.get(memberId)!.grow(entryBytes(purchase));
    made.push(...grown.map((row) => ({ table: 'histories', ...row })));
    return made;
  });
  for (const [memberId, history] of histories) {
    if (!history.isWhole) throw new Error(`the history of ${memberId} is not as it is drawn`);
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
