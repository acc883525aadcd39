// The oracle against ../shared/reference/oracle.py, another program by other hands, on a slice of
// real receipts.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Event } from '../../../engine/index.ts';
import { withTemporaryFolder } from '../folders.ts';
import type { Basket, State } from './counts.ts';
import { createOracle } from './oracle.ts';
import { createScorer, type Scorer, type Scores } from './scores.ts';

const script = '../shared/reference/oracle.py';
const receipts = '../shared/data/online_retail_y2.csv.gz';
const membersTaken = 25;
const lineTolerance = 2e-4;
/** Receipts of up to so many items are paired whole (docs/reference/counts.md), as there. */
const pairedWhole = 64;

type Metrics = Record<string, number>;

test.skipIf(!existsSync(script) || !existsSync(receipts) || !hasPython())(
  'ranks like the Python oracle (skipped where ../shared or python3 is absent)',
  async () => {
    const rows = sliceOfMembers(gunzipSync(readFileSync(receipts)).toString('utf8'));
    const theirs = await withTemporaryFolder(async (folder) => {
      const file = join(folder, 'slice.csv');
      await writeFile(file, ['purchaseId,memberId,occurredAt,itemId', ...rows].join('\n'));
      return parseMetrics(execFileSync('python3', [script, file], { encoding: 'utf8' }));
    });
    const ours = metricsOf(rows);
    for (const [name, value] of Object.entries(ours)) {
      const difference = Math.abs(value - (theirs[name] ?? Number.NaN));
      expect(difference, `${name}: ${value} here, ${theirs[name]} there`).toBeLessThan(
        lineTolerance,
      );
    }
  },
);

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
}

/** Without the receipts of which we pair no more than that program does. */
function sliceOfMembers(text: string): string[] {
  const [, ...all] = text.trim().split(/\r?\n/);
  const sizes = new Map<string, number>();
  const purchaseOf = (row: string) => row.split(',')[0] ?? '';
  for (const row of all) sizes.set(purchaseOf(row), (sizes.get(purchaseOf(row)) ?? 0) + 1);
  const rows = all.filter((row) => (sizes.get(purchaseOf(row)) ?? 0) <= pairedWhole);
  const members = new Set<string>();
  return rows.filter((row) => {
    const memberId = row.split(',')[1] ?? '';
    if (members.size < membersTaken) members.add(memberId);
    return members.has(memberId);
  });
}

/** Lines such as `all  n=150 R@10 0.1234 NDCG@10 0.2345` become `all R@10` and so on. */
function parseMetrics(output: string): Metrics {
  const metrics: Metrics = {};
  for (const line of output.split('\n')) {
    const name = /^add-on \w+|^\w+/.exec(line)?.[0] ?? '';
    const pairs = line.matchAll(/([A-Za-z0-9]+(?:@\d+)?) (\d+(?:\.\d+)?)/g);
    for (const [, metric, value] of pairs) metrics[`${name} ${metric}`] = Number(value);
  }
  return metrics;
}

function metricsOf(rows: readonly string[]): Metrics {
  const { learnt, heldOut } = foldAllButLast(rows);
  const scorer = createScorer(learnt, { compareIds: byName });
  const sums = new Map<string, number[]>();
  const note = (name: string, value: number) => sums.set(name, [...(sums.get(name) ?? []), value]);
  for (const [memberId, last] of heldOut) {
    const history = learnt.histories.get(memberId) ?? [];
    if (history.length > 0) recordRanking(note, { scorer, learnt, history, last });
    if (last.size >= 2 && last.size <= 60) note('add-on shipped HR@10', completion(scorer, last));
  }
  return Object.fromEntries(
    [...sums].map(([name, values]) => [
      name,
      values.reduce((sum, value) => sum + value, 0) / values.length,
    ]),
  );
}

function foldAllButLast(rows: readonly string[]) {
  const oracle = createOracle({
    now: () => Number.MAX_SAFE_INTEGER,
    timeZone: 'Etc/UTC',
    halfLifeDays: null,
    popularityHalfLifeDays: null,
  });
  const heldOut = new Map<string, Set<string>>();
  for (const [memberId, tickets] of ticketsByMember(rows)) {
    const ordered = [...tickets].sort(([left], [right]) => (left < right ? -1 : 1));
    const last = ordered.pop();
    for (const [key, lines] of ordered) oracle.accept(purchaseOf({ key, memberId, lines }));
    heldOut.set(memberId, new Set(last?.[1]));
  }
  return { learnt: oracle.state(), heldOut };
}

/** Per member the items of each receipt, under a key that sorts by time and purchaseId. */
function ticketsByMember(rows: readonly string[]): Map<string, Map<string, string[]>> {
  const members = new Map<string, Map<string, string[]>>();
  for (const row of rows) {
    const [purchaseId = '', memberId = '', occurredAt = '', itemId = ''] = row.split(',');
    const tickets = members.get(memberId) ?? new Map<string, string[]>();
    const key = `${occurredAt} ${purchaseId}`;
    members.set(memberId, tickets.set(key, [...(tickets.get(key) ?? []), itemId]));
  }
  return members;
}

function purchaseOf(ticket: {
  readonly key: string;
  readonly memberId: string;
  readonly lines: readonly string[];
}): Event {
  const lines = ticket.lines.map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = ticket.key.split(' ')[0] ?? '';
  const purchaseId = `${ticket.memberId} ${ticket.key}`;
  const { memberId } = ticket;
  const purchase = { purchaseId, memberId, channel: 'other' as const, occurredAt, lines };
  return { kind: 'purchase', purchase };
}

interface Held {
  readonly scorer: Scorer;
  readonly learnt: State;
  readonly history: readonly Basket[];
  readonly last: ReadonlySet<string>;
}

function recordRanking(
  note: (name: string, value: number) => void,
  { scorer, learnt, history, last }: Held,
): void {
  const taste = scorer.taste(history);
  const follow = scorer.follow(taste);
  const scores = new Map<string, number>();
  for (const itemId of learnt.ledger.items.keys()) {
    const own = scorer.designRepeat(taste, itemId) + 0.3 * scorer.mix * (follow.get(itemId) ?? 0);
    scores.set(itemId, own + 0.05 * scorer.mix * scorer.prior(itemId));
  }
  const allowed = {
    all: () => true,
    explore: (itemId: string) => !taste.weights.has(itemId),
    repeat: (itemId: string) => taste.weights.has(itemId),
  };
  for (const [name, may] of Object.entries(allowed)) {
    const truth = [...last].filter(may);
    if (truth.length === 0) continue;
    const top = first(new Map([...scores].filter(([itemId]) => may(itemId))), 10);
    const hits = [...top.keys()].flatMap((itemId, at) => (truth.includes(itemId) ? [at] : []));
    const gain = (positions: Iterable<number>) =>
      [...positions].reduce((sum, at) => sum + 1 / Math.log2(at + 2), 0);
    note(`${name} R@10`, hits.length / truth.length);
    note(`${name} NDCG@10`, gain(hits) / gain(truth.keys()));
    note(`${name} PHR@10`, hits.length > 0 ? 1 : 0);
  }
}

/** The share of the ticket's items that the other items bring back within ten. */
function completion(scorer: Scorer, ticket: ReadonlySet<string>): number {
  let hits = 0;
  for (const target of ticket) {
    const scores = new Map<string, number>();
    for (const anchor of ticket) {
      if (anchor === target) continue;
      for (const [itemId, score] of scorer.together(anchor)) {
        const isOffered = itemId === target || !ticket.has(itemId);
        if (isOffered) scores.set(itemId, (scores.get(itemId) ?? 0) + score);
      }
    }
    if (first(scores, 10).has(target)) hits += 1;
  }
  return hits / ticket.size;
}

function first(scores: Scores, length: number): Scores {
  const ordered = [...scores].sort(
    ([leftId, left], [rightId, right]) => right - left || byName(leftId, rightId),
  );
  return new Map(ordered.slice(0, length));
}

/** The Python oracle breaks ties by the number in ids such as `i894`. */
function byName(left: string, right: string): number {
  return Number(left.slice(1)) - Number(right.slice(1));
}
