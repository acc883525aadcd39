// Validation of long input: the same verdict as zod's, and no more looked at than is shown.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { purchaseSchema } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { check, checkInSteps } from './violations.ts';

const { pieceEntries, violationsMax } = doorLimits;
const line = { itemId: 'milk', quantity: 1 };
const receipt = (lines: unknown) => ({
  purchaseId: 'r-1',
  occurredAt: '2026-05-01T09:10:00+08:00',
  lines,
});

/** A list of up to 2,000 entries, that counts how many of them were looked at. */
function counted() {
  const seen = { entries: 0 };
  const entry = z.strictObject({ itemId: z.string() }).refine(() => true);
  const counting = z.preprocess((value) => {
    seen.entries += 1;
    return value;
  }, entry);
  return { seen, schema: z.strictObject({ lines: z.array(counting).max(2_000) }) };
}

test('long input is taken as zod takes it', () => {
  const quantity = fc.oneof({ weight: 200, arbitrary: fc.constant(1) }, fc.constant(0));
  fc.assert(
    fc.property(fc.array(quantity, { maxLength: 300, size: 'max' }), (quantities) => {
      const raw = receipt(quantities.map((each) => ({ itemId: 'milk', quantity: each })));
      const expected = purchaseSchema.safeParse(raw);
      const checked = check(purchaseSchema, raw);
      expect(checked.ok).toBe(expected.success);
      if (checked.ok) expect(checked.value).toEqual(expected.data);
      else {
        const fields = expected.error!.issues.map(({ path }) => path.join());
        const reported = checked.violations.map(({ field }) => field.replaceAll(/[[\].]+/g, ','));
        expect(reported).toEqual(fields.slice(0, violationsMax));
      }
    }),
    { numRuns: 50 },
  );
});

test('a fault far down a list is told at its place', () => {
  const lines = [...Array(1_500).fill(line), { ...line, quantity: 0 }, ...Array(499).fill(line)];
  const checked = check(purchaseSchema, receipt(lines));
  expect(checked.ok ? [] : checked.violations).toEqual([
    {
      field: 'lines[1500].quantity',
      value: '0',
      limit: 0.001,
      message: 'must not be 0',
    },
  ]);
});

test('what is all faults is looked at no further than they are told', () => {
  const { schema, seen } = counted();
  const checked = check(schema, { lines: Array(2_000).fill({ colour: 'red' }) });
  expect(checked.ok ? [] : checked.violations).toHaveLength(violationsMax);
  expect(seen.entries).toBe(pieceEntries);
});

test('of a list that is too long no entry is looked at', () => {
  const { schema, seen } = counted();
  const checked = check(schema, { lines: Array(400_000).fill(1) });
  expect(checked.ok ? [] : checked.violations).toEqual([
    {
      field: 'lines',
      value: 'array of 400000',
      limit: 2_000,
      message: 'must be at most 2000 entries long',
    },
  ]);
  expect(seen.entries).toBe(0);
});

test('between two pieces of a long list others have their turn', () => {
  const { schema, seen } = counted();
  const steps = checkInSteps(schema, { lines: Array(2_000).fill({ itemId: 'milk' }) });
  const pieces: number[] = [];
  for (let before = 0; ; before = seen.entries) {
    const { done } = steps.next();
    pieces.push(seen.entries - before);
    if (done) break;
  }
  expect(Math.max(...pieces)).toBe(pieceEntries);
  expect(pieces).toHaveLength(Math.ceil(2_000 / pieceEntries));
});
