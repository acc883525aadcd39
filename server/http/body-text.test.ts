// The JSON of long replies: the same text as at once, made over several turns.
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doorLimits } from '../limits.ts';
import { encodeBody } from './body-text.ts';

test('a long body is the text that JSON.stringify makes of it', async () => {
  const entry = fc.record({ id: fc.string(), size: fc.option(fc.nat(), { nil: undefined }) });
  const list = fc.array(entry, { minLength: 0, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(list, fc.option(fc.string(), { nil: undefined }), async (results, next) => {
      const body = { before: next, results, after: next, none: [] };
      expect(await encodeBody(body)).toBe(JSON.stringify(body));
    }),
  );
});

test('between two pieces of a long body others have their turn', async () => {
  const results = Array(1_000).fill({ message: 'x'.repeat(2_000) });
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await setImmediate();
  })();
  const text = await encodeBody({ results });
  isOver = true;
  await counting;
  expect(turns).toBeGreaterThanOrEqual(Math.floor(text.length / doorLimits.pieceBytes / 2));
});
