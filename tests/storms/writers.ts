// Sixteen tills at once: what they send while the storm lasts, drawn from a seed.
import type { Engine, Event, Purchase } from '../../engine/index.ts';
import { type Chance, chanceOf } from './chance.ts';
import { importBookmark, send } from './inspection.ts';
import type { Journal, Operation } from './journal.ts';

const itemCount = 60;
const membersOfARound = 40;
/** Later lives still touch the members of so many lives before. */
const roundsRemembered = 3;
const recentMax = 64;
const importBatchReceipts = 20;
const firstMs = Date.UTC(2026, 3, 1);
const minuteMs = 60_000;

export interface Storm {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly round: number;
  readonly seed: number;
  /** Stops by itself after so many operations; a storm that is killed needs no end. */
  readonly operationsMax: number;
}

interface Entry {
  readonly key: string;
  readonly operation: Operation;
}

/** What the tills of one life know together. */
class Town {
  readonly storm: Storm;
  readonly recent: Operation[] = [];
  readonly purchases: Purchase[] = [];
  sent = 0;
  private minutes = 0;

  constructor(storm: Storm) {
    this.storm = storm;
  }

  /** No two are equal within a chain, so that no two consents stand at one moment. */
  nextTime(chance: Chance): string {
    this.minutes += 1;
    const days = chance.integer(20) * 1_440 * minuteMs;
    const ms = firstMs + days + this.storm.round * 500_000 + this.minutes * 97;
    return new Date(ms).toISOString();
  }

  member(chance: Chance): string {
    const round = Math.max(0, this.storm.round - chance.integer(roundsRemembered));
    return `member-${round}-${chance.integer(membersOfARound)}`;
  }

  remember(operation: Operation): void {
    this.recent.push(operation);
    if (this.recent.length > recentMax) this.recent.shift();
    if (operation.kind !== 'purchase') return;
    this.purchases.push(operation.purchase);
    if (this.purchases.length > recentMax) this.purchases.shift();
  }
}

function drawLines(chance: Chance) {
  const first = chance.integer(itemCount);
  return Array.from({ length: 1 + chance.integer(5) }, (_, index) => ({
    itemId: `item-${(first + index * 7) % itemCount}`,
    quantity: 1 + chance.integer(3),
  }));
}

function drawPurchase(town: Town, chance: Chance, purchaseId: string): Purchase {
  return {
    purchaseId,
    memberId: chance.happens(0.8) ? town.member(chance) : undefined,
    storeId: `store-${chance.integer(4)}`,
    channel: 'pos',
    occurredAt: town.nextTime(chance),
    lines: drawLines(chance),
  };
}

function drawReturn(town: Town, chance: Chance, key: string, purchase: Purchase): Event {
  const { itemId } = chance.pick(purchase.lines);
  const lines = [{ itemId, quantity: 1 }];
  const { purchaseId } = purchase;
  const occurredAt = town.nextTime(chance);
  const value = {
    returnId: `return-${key}`,
    purchaseId,
    channel: 'app',
    occurredAt,
    lines,
  } as const;
  return { kind: 'return', return: value };
}

/** The same id with other content, while the first may still be on its way. */
function conflictOf(purchase: Purchase): Event {
  const lines = purchase.lines.map((line) => ({ ...line, quantity: line.quantity + 10 }));
  return { kind: 'purchase', purchase: { ...purchase, lines } };
}

function drawRare(town: Town, chance: Chance, key: string): Operation {
  const memberId = town.member(chance);
  const occurredAt = town.nextTime(chance);
  // A merge or a consent asks for a recount after a crash; every other life is without, and catches
  // up.
  switch (chance.integer(town.storm.round % 2 === 0 ? 6 : 4)) {
    case 0:
    case 1:
      return { kind: 'erase', memberId };
    case 2: {
      const lines = [{ itemId: `item-${chance.integer(itemCount)}`, quantity: 1 }];
      const returnId = `unreferenced-${key}`;
      return {
        kind: 'unreferencedReturn',
        unreferencedReturn: { returnId, memberId, occurredAt, lines },
      };
    }
    case 3: {
      const itemId = `item-${chance.integer(itemCount)}`;
      return { kind: 'item', item: { itemId, name: `${itemId} as of ${key}`, status: 'active' } };
    }
    case 4: {
      const fromMemberId = town.member(chance);
      if (fromMemberId === memberId) return { kind: 'erase', memberId };
      return { kind: 'merge', merge: { memberId, fromMemberId } };
    }
    default: {
      const personalization = chance.happens(0.5);
      return { kind: 'consent', consent: { memberId, personalization, occurredAt } };
    }
  }
}

/** One to three operations that are sent together. */
function drawGroup(town: Town, chance: Chance, key: string): Operation[] {
  const purchase = drawPurchase(town, chance, `purchase-${key}`);
  const bought: Event = { kind: 'purchase', purchase };
  const kind = chance.integer(100);
  if (kind < 50) return [bought];
  if (kind < 56) return [bought, bought];
  if (kind < 62) return [bought, conflictOf(purchase)];
  // The return first: it waits for its purchase, here for the next in the same transaction.
  if (kind < 66) return [drawReturn(town, chance, key, purchase), bought];
  if (kind < 70) return [drawReturn(town, chance, key, purchase)];
  const known = town.purchases.length > 0 ? chance.pick(town.purchases) : purchase;
  if (kind < 80) return [drawReturn(town, chance, key, known)];
  if (kind < 84) return [conflictOf(known)];
  if (kind < 90 && town.recent.length > 0) return [chance.pick(town.recent)];
  return [drawRare(town, chance, key)];
}

async function sendGroup(town: Town, entries: readonly Entry[], batch?: number): Promise<void> {
  const { engine, journal } = town.storm;
  journal.sent(entries, batch);
  town.sent += entries.length;
  for (const { operation } of entries) town.remember(operation);
  const [first] = entries;
  if (first!.operation.kind === 'erase') {
    journal.answered([{ key: first!.key, answer: await send(engine, first!.operation) }]);
    return;
  }
  const events = entries.map(({ operation }) => operation as Event);
  const bookmark = { key: importBookmark, value: String(batch) };
  const answers = await engine.writes.ingest(events, batch === undefined ? {} : { bookmark });
  journal.answered(answers.map((answer, index) => ({ key: entries[index]!.key, answer })));
}

const isOver = ({ sent, storm }: Town): boolean => sent >= storm.operationsMax;

async function runTill(town: Town, till: number): Promise<void> {
  const { seed, round } = town.storm;
  const chance = chanceOf(seed + till * 7_919);
  for (let number = 0; !isOver(town); number++) {
    const key = `${round}.${till}.${number}`;
    const group = drawGroup(town, chance, key);
    // An erase has a transaction of its own, so it is sent alone, also when it is repeated.
    const entries = group.map((operation, index) => ({ key: `${key}.${index}`, operation }));
    await sendGroup(town, entries);
  }
}

/** An import that goes on where the bookmark stands, whatever happened in the life before. */
async function runImport(town: Town): Promise<void> {
  const { engine, round } = town.storm;
  let batch = Number(engine.records.bookmark(importBookmark) ?? 0);
  while (!isOver(town)) {
    batch += 1;
    // The same receipts for the same batch, in whatever life: a file does not change.
    const chance = chanceOf(batch);
    const entries = Array.from({ length: importBatchReceipts }, (_, index): Entry => {
      const occurredAt = new Date(firstMs + (batch * 100 + index) * minuteMs).toISOString();
      const memberId = `member-${chance.integer(3)}-${chance.integer(membersOfARound)}`;
      const purchaseId = `import-${batch}-${index}`;
      const purchase = { purchaseId, memberId, channel: 'other', occurredAt } as const;
      const operation = { kind: 'purchase', purchase: { ...purchase, lines: drawLines(chance) } };
      return { key: `import.${batch}.${index}`, operation: operation as Event };
    });
    await sendGroup(town, entries, batch);
    // A file is read between two batches; the tills of this life go on meanwhile.
    for (let turn = round % 3; turn < 5; turn++) await new Promise(setImmediate);
  }
}

/**
 * Checkpoints, compactions and audits beside the tills, in turn, at moments drawn from the seed.
 */
async function runUpkeep(town: Town): Promise<void> {
  const { engine, seed, round } = town.storm;
  const chance = chanceOf(seed + 1);
  const works = [
    () => engine.upkeep.checkpoint(),
    () => engine.upkeep.compact(),
    () => engine.upkeep.checkpoint(),
    () => proveCounts(engine),
  ];
  let next = 5 + chance.integer(60);
  for (let turn = round; !isOver(town); ) {
    await new Promise(setImmediate);
    if (town.sent < next) continue;
    next = town.sent + 30 + chance.integer(150);
    await works[turn++ % works.length]!();
  }
}

async function proveCounts(engine: Engine): Promise<void> {
  const { ok, differences } = await engine.upkeep.verify();
  if (!ok) throw new Error(`verify during the storm: ${differences.join('; ')}`);
}

/** Writes until it is killed, or until so many operations are sent. */
export async function rage(storm: Storm, tills: number): Promise<void> {
  const town = new Town(storm);
  const chance = chanceOf(storm.seed);
  const work = Array.from({ length: tills }, (_, till) => runTill(town, till + 1));
  work.push(runUpkeep(town));
  if (chance.happens(0.6)) work.push(runImport(town));
  await Promise.all(work);
}
