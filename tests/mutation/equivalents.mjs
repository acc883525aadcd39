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
  ...['warmRow(row, first, count);', 'warmRow(row, others, count);'].map((from) => ({
    file: 'assembly/contribution.ts',
    from,
    why: 'the calls of it',
  })),
  {
    file: 'assembly/counts.ts',
    from: 'const larger = max(wanted, scopeCapacity * 2);',
    why: 'how far ahead the directory grows; never less than what is wanted, whatever the factor',
  },
  {
    file: 'assembly/counts.ts',
    from: '} else if (capacity > 8 && size * 4 < capacity) {',
    why: 'when a row that has shrunk moves to fewer slots, which are enough at any moment',
  },
];

/** Single mutants: the code of their line, the mutator, the place in the line (1 when absent). */
export const equivalents = [
  ...['NEXT', 'SAME', 'MEM'].map((table) => ({
    file: 'assembly/contribution.ts',
    code: `cellChanged(row, TABLE_${table}, other, now, sign > 0);`,
    name: 'more to more or equal',
    why: 'the sign is 1 or -1, never 0',
  })),
  {
    file: 'assembly/counts.ts',
    code: 'if (wanted > load<u32>(row, ROW_CAPACITY)) {',
    name: 'more to more or equal',
    why: 'a row with just enough slots grows one cell earlier',
  },
  {
    file: 'assembly/counts.ts',
    code: 'if (weight == 0 && count == 0) return i64.MIN_VALUE;',
    name: 'equal to unequal',
    why: 'a weight comes without a count only to a pair whose nearer lag has made its cell already',
  },
  ...[1, 2].map((place) => ({
    file: 'assembly/counts.ts',
    code: 'return <u32>((<u64>(key * 0x9e3779b1) * <u64>capacity) >> 32);',
    name: 'times to divided',
    place,
    why: 'every key starts at slot 0 and is found by probing all the same, only later',
  })),
  {
    file: 'assembly/counts.ts',
    code: 'const stays = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;',
    name: 'less or equal to less',
    why: 'a row has an empty slot at any moment, where the walk ends: it never meets the hole',
  },
];

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
