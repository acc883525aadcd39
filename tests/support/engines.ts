// Engines of one chain that give each other entries by hand.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  backUp,
  type Engine,
  type EngineOptions,
  openEngine,
  restore,
} from '../../engine/index.ts';
import { withTemporaryFolder } from './folders.ts';

export const day = 86_400_000;
export const start = Date.parse('2026-06-01T00:00:00Z');

export interface Chain {
  readonly folder: string;
  nowMs: number;
  open(name: string, options?: Partial<EngineOptions>): Promise<Engine>;
  close(engine: Engine): Promise<void>;
}

export async function withChain(use: (chain: Chain) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const opened = new Set<Engine>();
    const chain: Chain = {
      folder,
      nowMs: start,
      async open(name, options = { origin: name }) {
        const key = join('erased', 'key');
        const dataDir = join(folder, name);
        mkdirSync(join(dataDir, 'erased'), { recursive: true });
        if (opened.size > 0 && name !== 'a') cpSync(join(folder, 'a', key), join(dataDir, key));
        const engine = await openEngine({
          dataDir,
          clock: () => chain.nowMs,
          steadyClock: () => chain.nowMs,
          ...options,
        });
        opened.add(engine);
        return engine;
      },
      async close(engine) {
        opened.delete(engine);
        await engine.close();
      },
    };
    try {
      await use(chain);
    } finally {
      for (const engine of opened) await engine.close();
    }
  }, 'engines');
}

export async function give(from: Engine, to: Engine): Promise<number> {
  const { replication } = from;
  const position = replication.positionAfter(to.replication.watermark);
  return to.replication.apply(replication.entriesFrom(position, 10_000));
}

export async function exchange(...engines: readonly Engine[]): Promise<void> {
  for (let taken = 1; taken > 0; ) {
    taken = 0;
    for (const from of engines) {
      for (const to of engines) if (from !== to) taken += await give(from, to);
    }
  }
}

export const buys = (engine: Engine, purchaseId: string, at: number, memberId?: string) =>
  engine.writes.ingest([
    {
      kind: 'purchase',
      purchase: {
        purchaseId,
        ...(memberId === undefined ? {} : { memberId }),
        channel: 'pos',
        occurredAt: new Date(at).toISOString(),
        lines: ['milk', 'bread'].map((itemId) => ({ itemId, quantity: 1 })),
      },
    },
  ]);

export function expectSame(...engines: readonly Engine[]): void {
  for (const engine of engines) {
    expect(engine.status().watermark).toBe(engines[0]!.status().watermark);
    expect(engine.inspect.digest()).toBe(engines[0]!.inspect.digest());
  }
}

const settings = { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 };

interface Cut {
  readonly toSequence?: number;
  readonly toTimeMs?: number;
}

/** The folder of a node as it was up to a moment, under another name. */
export async function putBackTo(chain: Chain, name: string, cut: Cut): Promise<string> {
  const clock = () => chain.nowMs;
  const backup = join(chain.folder, `backup-${chain.nowMs}`);
  await backUp({ dataDir: join(chain.folder, name), folder: backup, clock, settings });
  const into = `back-${chain.nowMs}`;
  const dataDir = join(chain.folder, into);
  chain.nowMs += 60_000;
  await restore({ backup, dataDir, openFolder: () => openEngine({ dataDir, clock }), ...cut });
  return into;
}

/** The folder `a` backed up, and restored as `b`, which is opened. */
export async function restoredFrom(
  folder: string,
  clock: () => number,
  open: (dataDir: string) => Promise<Engine>,
): Promise<Engine> {
  const [backup, dataDir] = [join(folder, 'backup'), join(folder, 'b')];
  await backUp({ dataDir: join(folder, 'a'), folder: backup, clock, settings });
  await restore({ backup, dataDir, openFolder: () => open(dataDir) });
  return open(dataDir);
}
