// What a damaged file does: the chain opens with all that was acknowledged, or it is refused in one
// line; nothing else.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineError, openEngine } from '../engine/index.ts';
import {
  type Holdings,
  holdingsOf,
  makeChainWithAPast,
  pastClock,
  receiptOf,
  seeded,
} from './support/chain-with-a-past.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';

const seed = Number(process.env['CAINI_DAMAGE_SEED'] ?? 20260301);
const pageBytes = 4096;
const [data, checkpoint] = ['chain/data.mdb', 'chain/counts.checkpoint'];
const [ledger, key] = ['erased/ledger', 'erased/key'];

let folder: TemporaryFolder;
let original: string;
let holdings: Holdings;

beforeAll(async () => {
  folder = await makeTemporaryFolder('damage');
  original = join(folder.path, 'original');
  holdings = await makeChainWithAPast(original);
});

afterAll(() => folder.remove());

type Damager = (path: string, random: () => number) => string;

function change(path: string, edit: (bytes: Buffer) => string): string {
  const bytes = readFileSync(path);
  const reported = edit(bytes);
  writeFileSync(path, bytes);
  return reported;
}

const below = (random: () => number, limit: number) => Math.floor(random() * limit);

const cutShort: Damager = (path, random) => {
  const size = statSync(path).size;
  const pages = Math.floor(size / pageBytes);
  const at = random() < 0.5 ? below(random, size) : below(random, pages) * pageBytes;
  truncateSync(path, at);
  return `cut at ${at} of ${size}`;
};

const emptied: Damager = (path) => {
  truncateSync(path, 0);
  return 'emptied';
};

const removed: Damager = (path) => {
  rmSync(path);
  return 'removed';
};

const zeroedPage: Damager = (path, random) =>
  change(path, (bytes) => {
    const page = below(random, Math.ceil(bytes.length / pageBytes));
    bytes.fill(0, page * pageBytes, Math.min(bytes.length, (page + 1) * pageBytes));
    return `page ${page} zeroed`;
  });

const noise =
  (length: number): Damager =>
  (path, random) =>
    change(path, (bytes) => {
      const at = below(random, Math.max(1, bytes.length - length));
      const end = Math.min(bytes.length, at + length);
      for (let place = at; place < end; place++) bytes[place] = below(random, 256);
      return `${length} bytes of noise at ${at}`;
    });

const noisyPage: Damager = (path, random) =>
  change(path, (bytes) => {
    const page = below(random, Math.ceil(bytes.length / pageBytes));
    const end = Math.min(bytes.length, (page + 1) * pageBytes);
    for (let place = page * pageBytes; place < end; place++) bytes[place] = below(random, 256);
    return `page ${page} is noise`;
  });

/**
 * One bit among the first `headBytes` of a page, where everything hangs; the whole page by default.
 */
const flippedBit =
  (headBytes = pageBytes, pages = Number.POSITIVE_INFINITY): Damager =>
  (path, random) =>
    change(path, (bytes) => {
      const page = below(random, Math.min(pages, Math.ceil(bytes.length / pageBytes)));
      const at = page * pageBytes + below(random, headBytes);
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << below(random, 8));
      return `a bit of byte ${at} flipped`;
    });

async function refusalOf(error: unknown): Promise<string> {
  expect(error).toBeInstanceOf(EngineError);
  const { code, message } = error as EngineError;
  expect(code).toBe('DATA_LOSS');
  expect(message).not.toContain('\n');
  expect(message).toMatch(/damaged|is gone/);
  expect(message).toMatch(/restore the newest backup|from the newest backup/);
  return message;
}

/** Opens a damaged copy: 'refused', or 'opened' with everything there and able to go on. */
async function outcomeOf(dataDir: string, random: () => number): Promise<string> {
  let engine: Awaited<ReturnType<typeof openEngine>>;
  try {
    engine = await openEngine({ dataDir, clock: pastClock });
  } catch (error) {
    await refusalOf(error);
    return 'refused';
  }
  try {
    expect(holdingsOf(engine)).toEqual(holdings);
    const late = receiptOf(400, random) as { purchase: object };
    const ofErased = { ...late.purchase, purchaseId: 'late', memberId: 'm3' };
    const [answer] = await engine.writes.ingest([
      { kind: 'purchase', purchase: ofErased } as never,
    ]);
    expect(answer).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
    // Later writes take pages from the freelist, which must not be anybody's.
    for (let index = 1_000; index < 1_020; index += 5) {
      await engine.writes.ingest([0, 1, 2, 3, 4].map((more) => receiptOf(index + more, random)));
    }
    expect((await engine.upkeep.verify()).differences).toEqual([]);
    expect(holdingsOf(engine).rows.startsWith(holdings.rows.slice(0, -1))).toBe(true);
  } finally {
    await engine.close();
  }
  return 'opened';
}

interface Case {
  readonly file: string;
  readonly kind: string;
  readonly damager: Damager;
  readonly times: number;
  /** The only outcome that is right; undefined when it depends on the place. */
  readonly outcome?: 'refused' | 'opened';
}

const cases: readonly Case[] = [
  { file: data, kind: 'cut short', damager: cutShort, times: 20 },
  { file: data, kind: 'emptied', damager: emptied, times: 1, outcome: 'refused' },
  { file: data, kind: 'removed', damager: removed, times: 1, outcome: 'refused' },
  { file: data, kind: 'a page zeroed', damager: zeroedPage, times: 30 },
  { file: data, kind: 'a page of noise', damager: noisyPage, times: 30 },
  { file: data, kind: '40 bytes of noise', damager: noise(40), times: 15 },
  { file: data, kind: '100 kB of noise', damager: noise(100_000), times: 5 },
  { file: data, kind: 'a bit flipped', damager: flippedBit(), times: 40 },
  { file: data, kind: 'a bit flipped in a page header', damager: flippedBit(24), times: 30 },
  { file: data, kind: 'a bit flipped in a pointer', damager: flippedBit(60), times: 15 },
  { file: data, kind: 'a bit flipped in a meta page', damager: flippedBit(168, 2), times: 60 },
  { file: checkpoint, kind: 'cut short', damager: cutShort, times: 5, outcome: 'opened' },
  { file: checkpoint, kind: 'removed', damager: removed, times: 1, outcome: 'opened' },
  { file: checkpoint, kind: 'a page zeroed', damager: zeroedPage, times: 5, outcome: 'opened' },
  { file: checkpoint, kind: 'noise', damager: noise(40), times: 5, outcome: 'opened' },
  { file: checkpoint, kind: 'a bit flipped', damager: flippedBit(), times: 10, outcome: 'opened' },
  { file: ledger, kind: 'cut short', damager: cutShort, times: 3, outcome: 'opened' },
  { file: ledger, kind: 'removed', damager: removed, times: 1, outcome: 'opened' },
  { file: ledger, kind: 'a page zeroed', damager: zeroedPage, times: 1 },
  { file: ledger, kind: 'noise', damager: noise(40), times: 3, outcome: 'refused' },
  { file: ledger, kind: 'a bit flipped', damager: flippedBit(82), times: 8 },
  { file: key, kind: 'cut short', damager: cutShort, times: 3, outcome: 'refused' },
  { file: key, kind: 'removed', damager: removed, times: 1, outcome: 'refused' },
  { file: key, kind: 'a bit flipped', damager: flippedBit(36), times: 5, outcome: 'refused' },
  { file: 'chain/lock.mdb', kind: 'noise', damager: noise(4096), times: 2, outcome: 'opened' },
  { file: 'chain/lock.mdb', kind: 'removed', damager: removed, times: 1, outcome: 'opened' },
];

test.for(cases)(
  '$file, $kind: all is there, or it is refused in one line',
  { timeout: 240_000 },
  async (row) => {
    const random = seeded(seed + row.file.length * 1_000 + row.kind.length);
    const outcomes: Record<string, number> = {};
    for (let time = 0; time < row.times; time++) {
      const dataDir = mkdtempSync(join(folder.path, 'copy-'));
      cpSync(original, dataDir, { recursive: true });
      const reported = row.damager(join(dataDir, row.file), random);
      const outcome = await outcomeOf(dataDir, random).catch((error) => {
        throw new Error(`${row.file} ${reported} (seed ${seed})`, { cause: error });
      });
      if (row.outcome) expect(outcome, reported).toBe(row.outcome);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      rmSync(dataDir, { recursive: true, force: true });
    }
    console.log(`seed ${seed}: ${row.file}, ${row.kind}: ${JSON.stringify(outcomes)}`);
    expect(existsSync(original)).toBe(true);
  },
);

test('the damages are at least 200', () => {
  expect(cases.reduce((sum, { times }) => sum + times, 0)).toBeGreaterThanOrEqual(200);
});
