// Random chains in which receipts expire, members are erased, receipts come late and goods come
// back: a replay of what is left of the log counts what the chain counted, and refuses what it
// refused. TEST_RUNS sets how many chains are run.
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backUp,
  createRandom,
  type Engine,
  type Event,
  openEngine,
  restore,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { trials } from './support/trials.ts';

const runs = Math.ceil(Number(process.env['TEST_RUNS'] ?? (process.env['CI'] ? 120 : 60)) / 10);
const steps = 80;
const settings = { timeZone: 'Asia/Shanghai', halfLifeDays: 60, popularityHalfLifeDays: 30 };
const dayMs = 86_400_000;
const retentionDays = 20;
const items = ['milk', 'bread', 'tea', 'eggs', 'rice'] as const;

interface Seen {
  expired: number;
  erased: number;
  parked: number;
}

test(`${runs} random chains with expiry replay to what they were`, {
  timeout: 700_000,
}, async () => {
  const reported: Seen = { expired: 0, erased: 0, parked: 0 };
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom('shop', undefined), (seed, origin) =>
      withTemporaryFolder((folder) => new Life(folder, seed, origin).prove(reported), 'expired'),
    ),
    trials(runs),
  );
  // Else they would have shown nothing of it; a single chain may well lack one of them.
  if (runs < 6) return;
  for (const [what, times] of Object.entries(reported)) expect(times, what).toBeGreaterThan(0);
});

class Life {
  private readonly folder: string;
  private readonly origin: string | undefined;
  private readonly random: ReturnType<typeof createRandom>;
  private readonly sent: Event[] = [];
  private receipts = 0;
  private nowMs = Date.parse('2026-03-02T01:00:00Z');

  constructor(folder: string, seed: number, origin: string | undefined) {
    this.folder = folder;
    this.origin = origin;
    this.random = createRandom(seed);
  }

  private open(name: string): Promise<Engine> {
    const clock = () => this.nowMs;
    const { origin } = this;
    const dataDir = join(this.folder, name);
    return openEngine({ dataDir, clock, steadyClock: clock, origin, retentionDays });
  }

  private pick<Value>(values: readonly Value[]): Value {
    return values[this.random.integer(values.length)]!;
  }

  private get memberId(): string {
    return `m${this.random.integer(12)}`;
  }

  /** Receipts up to three weeks late; of what comes back some has not come yet. */
  private event(): Event {
    const { random } = this;
    const daysAgo = (most: number) =>
      new Date(this.nowMs - random.integer(most * 24) * 3_600_000).toISOString();
    const lines = [{ itemId: this.pick(items), quantity: 1 + random.integer(2) }];
    const number = this.sent.length;
    const chance = random.integer(20);
    if (chance < 4) {
      const purchaseId = `p${random.integer(this.receipts + 3)}`;
      const back = { returnId: `r${number}`, purchaseId, channel: 'pos' as const, lines };
      return { kind: 'return', return: { ...back, occurredAt: daysAgo(1) } };
    }
    if (chance === 4) {
      const goods = { returnId: `u${number}`, memberId: this.memberId, lines };
      return {
        kind: 'unreferencedReturn',
        unreferencedReturn: { ...goods, occurredAt: daysAgo(1) },
      };
    }
    if (chance === 5) {
      const answer = { memberId: this.memberId, personalization: random.chance(0.5) };
      return { kind: 'consent', consent: { ...answer, occurredAt: daysAgo(3) } };
    }
    if (chance === 6 && this.sent.length > 0) return this.pick(this.sent);
    const more = items.filter(() => random.chance(0.4));
    const bought = more.filter((itemId) => itemId !== lines[0]!.itemId);
    return {
      kind: 'purchase',
      purchase: {
        ...{ purchaseId: `p${this.receipts++}`, channel: 'pos', occurredAt: daysAgo(21) },
        ...(random.chance(0.8) ? { memberId: this.memberId } : {}),
        lines: [...lines, ...bought.map((itemId) => ({ itemId, quantity: 1 }))],
      },
    };
  }

  async prove(reported: Seen): Promise<void> {
    const { random } = this;
    let engine = await this.open('data');
    for (let step = 0; step < steps; step++) {
      const event = this.event();
      this.sent.push(event);
      const [result] = await engine.writes.ingest([event]);
      if (result?.parked) reported.parked += 1;
      if (step % 20 === 19) {
        const { found } = await engine.members.erase(this.memberId);
        if (found) reported.erased += 1;
      }
      if (!random.chance(0.1)) continue;
      this.nowMs += random.integer(6) * dayMs;
      reported.expired += await engine.writes.expire();
      if (random.chance(0.5)) continue;
      await engine.close();
      engine = await this.open('data');
    }
    await this.compare(engine);
  }

  /** The chain as it lived, and what a replay of its log makes of it. */
  private async compare(lived: Engine): Promise<void> {
    await lived.upkeep.checkpoint();
    const before = stateOf(lived);
    const { events } = lived.status();
    await lived.close();
    const [dataDir, backup] = ['data', 'backup'].map((name) => join(this.folder, name));
    const clock = () => this.nowMs;
    await backUp({ dataDir: dataDir!, folder: backup!, clock, settings });
    const report = await restore({
      ...{ backup: backup!, dataDir: join(this.folder, 'replayed'), toSequence: events },
      openFolder: () => this.open('replayed'),
    });
    expect(report.differences).toEqual([]);
    const [one, other] = [await this.open('data'), await this.open('replayed')];
    try {
      expect(stateOf(other)).toEqual(before);
      // All is sent again: what each event is answered must be the same.
      const [mine, theirs] = [
        await one.writes.ingest(this.sent),
        await other.writes.ingest(this.sent),
      ];
      expect(withoutPlace(theirs)).toEqual(withoutPlace(mine));
      expect(stateOf(other)).toEqual(stateOf(one));
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  }
}

function stateOf(engine: Engine) {
  const { events, members } = engine.status();
  const digest = engine.inspect.digest();
  return { events, members, digest, rows: [...engine.records.receipts({ gross: true })] };
}

/** Each life of an origin has another name for the places of its log. */
function withoutPlace(results: Awaited<ReturnType<Engine['writes']['ingest']>>) {
  return results.map(({ watermark: _, ...reported }) => reported);
}
