// The list of mutants that change no answer follows the code: `npm run test:mutation` takes an
// hour, and would be tried too seldom to see that it has fallen behind.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
// @ts-expect-error: plain Node runs these, which takes no types
import { withoutEquivalents } from './equivalents.mjs';
// @ts-expect-error: the same
import { mutantsOf, mutated } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each<string>(mutated)('every mutant of %s that is left out is one', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const { sensible } = withoutEquivalents(file, text, mutantsOf(text));
  expect(sensible.length).toBeGreaterThan(0);
});
