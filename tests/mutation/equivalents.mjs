// Mutants that no test can tell from the original by what the engine does, each with the reason.

/**
 * Lines that are not mutated at all, because they only decide speed or memory: `from` is the line
 * of code where it begins, `to` the one where it ends (`from` itself when absent).
 */
export const untouched = [
  {
    file: 'assembly/counts.ts',
    from: 'export function warmRow(row: u32, keys: u32, count: u32): void {',
    to: '}',
    why: 'reads slots early so that their cache misses overlap; its sum is never used',
  },
  {
    file: 'assembly/contribution.ts',
    from: 'warmRow(row, first, count);',
    why: 'the calls of it',
  },
];

/** Single mutants: the code of their line, the mutator, the place in the line (1 when absent). */
export const equivalents = [];

/** Without what cannot be told apart. Throws at an entry that stands for no mutant any more. */
export function withoutEquivalents(file, text, mutants) {
  const lines = text.split('\n').map((line) => line.trim());
  const skipped = new Set();
  const excluded = new Set();
  const complain = (code) => {
    throw new Error(`equivalents.mjs names what is not in ${file}: ${code}`);
  };
  for (const { from, to } of untouched.filter((entry) => entry.file === file)) {
    if (!lines.includes(from)) complain(from);
    for (const [at, line] of lines.entries()) {
      if (line !== from) continue;
      const end = to === undefined ? at : text.split('\n').indexOf(to, at);
      for (let skip = at; skip <= end; skip++) skipped.add(skip + 1);
    }
  }
  for (const { code, name, place = 1 } of equivalents.filter((entry) => entry.file === file)) {
    const found = mutants.filter(
      (mutant) => mutant.code === code && mutant.name === name && mutant.place === place,
    );
    if (found.length === 0) complain(`${code} (${name})`);
    for (const mutant of found) excluded.add(mutant);
  }
  const touched = mutants.filter(({ line }) => !skipped.has(line));
  return {
    sensible: touched.filter((mutant) => !excluded.has(mutant)),
    equivalent: touched.filter((mutant) => excluded.has(mutant)),
  };
}
