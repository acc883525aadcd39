// What the kernel estimates before it counts, and counting in slices.
import { expect, test } from 'vitest';
import { historyEntry } from '../../tests/support/history-entries.ts';
import { createRandom, type Random } from '../base/random.ts';
import { encodeEntry } from '../history/entry.ts';
import { Kernel, type KernelChange } from '../kernel/kernel.ts';

const itemCount = 700;
const firstDay = 20_000;
const rounds = 300;

function newKernel(): Kernel {
  const kernel = new Kernel({ build: 'debug' });
  kernel.setDecay({
    halfLifeDays: 60,
    landmarkDay: firstDay,
    popularityHalfLifeDays: 30,
    popularityLandmarkDay: firstDay,
  });
  return kernel;
}

const registerAll = ({ run }: Kernel) => {
  for (let item = run.itemCount.value; item < itemCount; item++) run.addItem(BigInt(item) * 7919n);
};

/** A receipt of some items; every tenth is larger than what may pair. */
function entry(random: Random, sequence: number): Buffer {
  const size = random.integer(10) === 0 ? 60 + random.integer(120) : 1 + random.integer(70);
  const items = new Set(Array.from({ length: size }, () => random.integer(itemCount)));
  return encodeEntry({
    ...historyEntry(sequence, [...items]),
    occurredAtMs: (firstDay + Math.floor(sequence / 3)) * 86_400_000,
    daypart: random.integer(6),
  });
}

/** Receipts come in, at the end or in between, and some go; of members and of nobody. */
class Shop {
  private readonly histories = new Map<string, Buffer[]>();
  private readonly random: Random;
  private sequence = 1;

  constructor(random: Random) {
    this.random = random;
  }

  next(): KernelChange {
    const { random } = this;
    const isMember = random.integer(4) > 0;
    const added = entry(random, this.sequence++);
    if (!isMember) return { before: undefined, after: added, isMember };
    const name = `m${random.integer(5)}`;
    const entries = this.histories.get(name) ?? [];
    const before = Buffer.concat(entries);
    const place = random.integer(3) === 0 ? random.integer(entries.length + 1) : entries.length;
    if (random.integer(4) === 0 && entries.length > 0) entries.splice(place, 1);
    else entries.splice(place, 0, added);
    this.histories.set(name, entries);
    return { before, after: Buffer.concat(entries), isMember };
  }
}

test('counting a batch never takes more memory than was estimated', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = createRandom(seed);
  const kernel = newKernel();
  const shop = new Shop(random);
  let isTight = false;
  for (let round = 0; round < rounds; round++) {
    const changes = Array.from({ length: 1 + random.integer(4) }, () => shop.next());
    const newItems = itemCount - kernel.run.itemCount.value;
    const estimated = kernel.estimateGrowth(changes, { newItems, newStores: 0 });
    const before = kernel.run.usedBytes();
    registerAll(kernel);
    for (const change of changes) kernel.apply(change);
    const grown = kernel.run.usedBytes() - before;
    expect(grown, `seed ${seed}, round ${round}`).toBeLessThanOrEqual(estimated);
    isTight ||= round > 0 && grown > estimated / 4;
  }
  // An estimate that is always far off would refuse what there is room for.
  expect(isTight).toBe(true);
});

test('counted in slices it is the same, and requests in between change nothing', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const [whole, sliced] = [newKernel(), newKernel()];
  const [one, other] = [new Shop(createRandom(seed)), new Shop(createRandom(seed))];
  const asked = createRandom(seed + 1);
  let [slices, listed] = [0, 0];
  for (const kernel of [whole, sliced]) registerAll(kernel);
  for (let round = 0; round < rounds; round++) {
    whole.apply(one.next());
    const change = other.next();
    sliced.beginChange(change);
    while (!sliced.continueChange(300)) {
      slices += 1;
      sliced.readHistory(2, entry(asked, round));
      sliced.run.askBitmaps(0, 0, 0);
      sliced.run.bar(asked.integer(itemCount));
      sliced.run.startRequest(20, 1);
      sliced.run.weighHistory(0.9);
      sliced.run.accumulateNext();
      sliced.run.select(1, 1, 0.1, 0, 1, true, true);
      listed += sliced.results().length;
    }
    expect(sliced.digest(), `seed ${seed}, round ${round}`).toBe(whole.digest());
  }
  expect(slices).toBeGreaterThan(rounds);
  // A request may find nothing; the requests in between did.
  expect(listed).toBeGreaterThan(slices);
  for (let item = 0; item < itemCount; item++) {
    expect(sliced.counters(item)).toEqual(whole.counters(item));
  }
});
