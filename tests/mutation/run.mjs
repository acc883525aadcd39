// `npm run test:mutation [-- COUNT [SEED]]`: how many seeded mutants of the counting, erasing and
// deduping code the tests notice. Works in a copy of the tree; prints each verdict, then
// `N killed, N survived, score N %`; exits 1 below 85 %.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutantsOf } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = [
  'assembly/contribution.ts',
  'assembly/counts.ts',
  'engine/views/erase.ts',
  'engine/log/dedupe.ts',
];
const tests = ['tests/scenarios.test.ts', 'tests/oracle.test.ts', 'tests/privacy.test.ts'];
const copied = [
  'assembly',
  'engine',
  'tests',
  'proto',
  'package.json',
  'asconfig.json',
  'vitest.config.ts',
  'tsconfig.json',
];
const scoreMin = 85;
const testTimeoutMs = 60_000;
const [count = 60, seed = 1] = process.argv.slice(2).map(Number);

/** Numerical Recipes' linear congruence: enough to draw a sample. */
function* draws(from) {
  let state = from >>> 0;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function buildKernels(folder) {
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  for (const target of ['debug', 'release']) {
    const built = spawnSync(process.execPath, [compiler, '--target', target], { cwd: folder });
    if (built.status !== 0) return false;
  }
  return true;
}

function isKilled(folder, file) {
  if (file.startsWith('assembly/') && !buildKernels(folder)) return undefined;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const run = spawnSync(process.execPath, [vitest, 'run', '--bail=1', ...tests], {
    cwd: folder,
    timeout: testTimeoutMs,
    env: { ...process.env, TEST_RUNS: process.env.TEST_RUNS ?? '15' },
  });
  return run.status !== 0;
}

const folder = mkdtempSync(join(tmpdir(), 'caini-mutation-'));
try {
  for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync('mkdir', ['-p', join(folder, 'dist/kernel')]);
  buildKernels(folder);
  const all = files.flatMap((file) =>
    mutantsOf(readFileSync(join(root, file), 'utf8')).map((mutant) => ({ file, ...mutant })),
  );
  const random = draws(seed);
  const sample = all
    .map((mutant) => ({ mutant, order: random.next().value }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ mutant }) => mutant);
  console.log(`${sample.length} of ${all.length} mutants, seed ${seed}`);
  let killed = 0;
  let survived = 0;
  for (const { file, line, name, text } of sample) {
    const path = join(folder, file);
    const original = readFileSync(join(root, file));
    writeFileSync(path, text);
    const verdict = isKilled(folder, file);
    writeFileSync(path, original);
    if (file.startsWith('assembly/')) buildKernels(folder);
    if (verdict === undefined) continue;
    if (verdict) killed += 1;
    else survived += 1;
    console.log(`${verdict ? 'killed' : 'SURVIVED'}: ${file}:${line} ${name}`);
  }
  const score = (100 * killed) / Math.max(1, killed + survived);
  console.log(`${killed} killed, ${survived} survived, score ${score.toFixed(0)} %`);
  process.exitCode = score >= scoreMin ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
