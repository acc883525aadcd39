// Which items a selection of the kernel lists, and what code outside of it gets.
import { expect, test } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import type { ServeContext } from '../context.ts';
import { startDraft } from '../draft.ts';
import { eligibility, isEligible } from './eligibility.ts';

/** Items 0 … 99; every fourth is not on the shelf. */
function kernelOf(): Kernel {
  const kernel = new Kernel();
  kernel.setDecay({
    halfLifeDays: 0,
    landmarkDay: 0,
    popularityHalfLifeDays: 0,
    popularityLandmarkDay: 0,
  });
  for (let item = 0; item < 100; item++) {
    kernel.run.addItem(BigInt(item));
    kernel.run.setCatalogued(item, item % 4 !== 0, true);
  }
  return kernel;
}

function addUpTo(kernel: Kernel, count: number): void {
  for (let item = 100; item < count; item++) {
    kernel.run.addItem(BigInt(item));
    kernel.run.setCatalogued(item, true, true);
  }
}

function decided(kernel: Kernel, asked: Partial<ServeContext> = {}): ServeContext {
  const context = {
    kernel,
    bitmaps: [],
    excluded: [],
    scenario: 'guess-you-like',
    anchorNumber: undefined,
    history: undefined,
    ...asked,
  } as unknown as ServeContext;
  eligibility.run(startDraft(context, 20));
  return context;
}

/** What is listed where every item scores. */
function selected({ kernel }: ServeContext): number[] {
  kernel.run.startRequest(100, 1);
  for (let item = 0; item < 100; item++) kernel.run.addScore(item, 1 + item);
  const { tables, priors, repeats } = kernel.layout;
  kernel.run.select(1, tables.none, 0, priors.sales, repeats.none, true, true);
  const found = kernel.results().map(({ item }) => item);
  return found.sort((a, b) => a - b);
}

const numbers = Array.from({ length: 100 }, (_, item) => item);
const active = numbers.filter((item) => item % 4 !== 0);

/** A selection and isEligible must say the same. */
function eligible(context: ServeContext): number[] {
  const listed = selected(context);
  expect(numbers.filter((item) => isEligible(context, item))).toEqual(listed);
  return listed;
}

test('what is on the shelf may be listed, but for what the request excludes', () => {
  const kernel = kernelOf();
  expect(eligible(decided(kernel))).toEqual(active);
  expect(eligible(decided(kernel, { excluded: [1, 2, 4] }))).toEqual(active.slice(2));
  // The next request begins anew.
  expect(eligible(decided(kernel))).toEqual(active);
});

test('a list that starts from an item never lists it', () => {
  const kernel = kernelOf();
  const asked = { scenario: 'similar', anchorNumber: 1 } as const;
  expect(eligible(decided(kernel, asked))).toEqual(active.slice(1));
  // Elsewhere the item is an item like others.
  expect(eligible(decided(kernel, { ...asked, scenario: 'popular' }))).toEqual(active);
});

test('an item must have its bit in each of three bitmaps', () => {
  const kernel = kernelOf();
  const bitmaps = [2, 3, 5].map((factor) => {
    const bitmap = kernel.run.makeBitmap();
    for (const item of numbers) kernel.run.setBit(bitmap, item, item % factor === 0);
    return bitmap;
  });
  const by = (...factors: number[]) =>
    active.filter((item) => factors.every((factor) => item % factor === 0));
  expect(eligible(decided(kernel, { bitmaps: bitmaps.slice(0, 1) }))).toEqual(by(2));
  expect(eligible(decided(kernel, { bitmaps: bitmaps.slice(0, 2) }))).toEqual(by(2, 3));
  expect(eligible(decided(kernel, { bitmaps }))).toEqual(by(2, 3, 5));
  expect(eligible(decided(kernel))).toEqual(active);
});

test('bitmaps grow with the catalogue and keep their bits; a new item has none', () => {
  const kernel = kernelOf();
  const bitmap = kernel.run.makeBitmap();
  kernel.run.setBit(bitmap, 7, true);
  addUpTo(kernel, 5_000);
  const context = decided(kernel, { bitmaps: [bitmap] });
  expect(eligible(context)).toEqual([7]);
  expect(isEligible(context, 4_999)).toBe(false);
  kernel.run.setBit(bitmap, 4_999, true);
  expect(isEligible(context, 4_999)).toBe(true);
});

test('what is barred beside a request may be listed again after it', () => {
  const kernel = kernelOf();
  const context = decided(kernel, { excluded: [1] });
  kernel.run.startRequest(20, 1);
  kernel.run.startAside(20);
  for (const item of numbers) kernel.run.bar(item);
  expect(numbers.some((item) => isEligible(context, item))).toBe(false);
  kernel.run.endAside();
  expect(numbers.filter((item) => isEligible(context, item))).toEqual(active.slice(1));
});

test('more than a thousand items can be barred, each of them as often as one likes', () => {
  const kernel = kernelOf();
  addUpTo(kernel, 5_000);
  const excluded = Array.from({ length: 9_000 }, (_, at) => at % 4_500);
  const context = decided(kernel, { excluded });
  expect(isEligible(context, 4_499)).toBe(false);
  expect(isEligible(context, 4_500)).toBe(true);
  expect(isEligible(decided(kernel), 4_499)).toBe(true);
});
