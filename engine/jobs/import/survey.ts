// Survey: the cheap first pass that finds how many rows there are and whose rows do not lie
// together.
import type { NobodyTest } from '../../base/outside-ids.ts';
import { isNegativeAmount } from './amounts.ts';
import { lastOf } from './memo.ts';
import { rawId } from './row.ts';
import { cell, type SourceRow } from './source-row.ts';
import type { TimeReader } from './times.ts';

const initialSlots = 1 << 12;

/**
 * A set of ids as 32-bit hashes, 8 to 16 bytes an id: five million receipts take 64 MB. Two ids of
 * one hash are taken for one, which costs the second a detour over the spill files and nothing
 * else.
 */
class IdSet {
  private slots = new Uint32Array(initialSlots);
  private size = 0;

  /** Whether the id was new. */
  add(id: string): boolean {
    if (this.size * 2 >= this.slots.length) this.grow();
    return this.insert(slotValue(id));
  }

  has(id: string): boolean {
    return this.size > 0 && this.slots[this.find(slotValue(id))] !== 0;
  }

  private insert(value: number): boolean {
    const at = this.find(value);
    if (this.slots[at] !== 0) return false;
    this.slots[at] = value;
    this.size += 1;
    return true;
  }

  private find(value: number): number {
    const mask = this.slots.length - 1;
    let at = value & mask;
    while (this.slots[at] !== 0 && this.slots[at] !== value) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    this.size = 0;
    for (const value of old) if (value !== 0) this.insert(value);
  }
}

/** 32 bits of FNV-1a over the UTF-16 units, mixed so that every bit depends on all of them. */
export function hashId(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export interface Survey {
  readonly rows: number;
  /** Ids whose rows are torn apart by rows of others. */
  readonly scattered: { has(id: string): boolean };
  /** Items that somebody without a member brings back. */
  readonly orphanItems: ReadonlySet<string>;
  /** Items that were only ever given away: each of their rows has a price of nothing. */
  readonly givenAway: ReadonlySet<string>;
  /** The latest time that can be read without knowing more of the files; 0: none. */
  readonly newestMs: number;
}

export interface SurveyRules {
  readonly isNobody: NobodyTest;
  readonly readTime: TimeReader;
  readonly readItemId: (text: string) => string;
  readonly signal: AbortSignal | undefined;
}

/** Reads everything once; what it says after `signal` stopped it is of no use. */
export async function surveyRows(
  chunks: AsyncIterable<readonly SourceRow[]>,
  { isNobody, readTime, readItemId, signal }: SurveyRules,
): Promise<Survey> {
  let newestMs = 0;
  const orphanItems = new Set<string>();
  const [paid, unpaid] = [new Set<string>(), new Set<string>()];
  const seen = new IdSet();
  const scattered = new IdSet();
  let rows = 0;
  let current = '';
  const idOf = lastOf(rawId);
  for await (const chunk of chunks) {
    for (const source of chunk) {
      if (source.skipped !== undefined || source.problem !== undefined) continue;
      if (isBroughtBack(source) && isNobody(cell(source, 'memberId'))) {
        orphanItems.add(rawId(cell(source, 'itemId')));
      }
      const item = cell(source, 'itemId');
      if (!paid.has(item)) (isForNothing(source) ? unpaid : paid).add(item);
      const time = readTime(cell(source, 'occurredAt'));
      if (typeof time === 'object' && time.epochMs > newestMs) newestMs = time.epochMs;
      const id = idOf(cell(source, 'purchaseId'));
      // A receipt in one object is complete, and a row without an id is refused later.
      if (id === current || source.whole > 0 || id === '') continue;
      current = id;
      if (!seen.add(id)) scattered.add(id);
    }
    rows += chunk.length;
    if (signal?.aborted) break;
  }
  const paidIds = new Set([...paid].map(readItemId));
  const givenAway = new Set([...unpaid].map(readItemId).filter((id) => !paidIds.has(id)));
  return { rows, scattered, orphanItems, givenAway, newestMs };
}

const moneyFields = ['unitPrice', 'unitPriceFen', 'lineTotal', 'lineTotalFen'] as const;

/** By the text, since it is not known yet how amounts are written: zeros, and nothing else. */
function isForNothing(source: SourceRow): boolean {
  const money = moneyFields.map((field) => cell(source, field)).join('');
  return /^[\s0.,-]*0[\s0.,-]*$/.test(money);
}

function isBroughtBack(source: SourceRow): boolean {
  return source.isReturn || isNegativeAmount(cell(source, 'quantity'));
}

/** An empty slot is 0, so a hash of 0 is kept as 1. */
function slotValue(id: string): number {
  return hashId(id) || 1;
}
