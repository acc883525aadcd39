// `npm run test:mutation [-- COUNT [SEED [LANES [ONLY]]]]`: how many small bugs in the code that
// counts, erases and knows duplicates the tests notice. Tries all of them (COUNT 0), or COUNT drawn
// by SEED, each in a copy of the tree; LANES are tried side by side; ONLY those whose place begins
// so, as in `assembly/counts.ts:61 `. Prints each verdict, then `N killed, N survived, score N %`;
// exits 1 below 85 %.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { withoutEquivalents } from './equivalents.mjs';
import { mutantsOf, mutated } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Each stage runs only for mutants that those before did not notice: the quick ones come first. */
const stages = [
  ['tests/scenarios.test.ts'],
  ['engine/counting/counts.test.ts', 'tests/long-rows.test.ts', 'tests/habits.test.ts'],
  ['tests/contract.test.ts', 'tests/upkeep.test.ts'],
  ['tests/erase-receipt.test.ts', 'tests/privacy.test.ts', 'tests/oracle.test.ts'],
];
const copied = [
  'assembly',
  'engine',
  'tests',
  'dist',
  'package.json',
  'asconfig.json',
  'vitest.config.ts',
  'tsconfig.json',
];
const scoreMin = 85;
const randomRuns = 25;
/**
 * A mutant that hangs is killed. Measured in seconds of the processor, a few times what any file
 * takes, so that a busy machine changes no verdict; a mutant that sleeps for ever meets the other.
 */
const cpuSecondsMax = 15;
const stageMsMax = 300_000;
/** What a small test needs many times over; a mutant that goes on allocating traps there. */
const memoryPagesMax = 4096;

const [countAsked, seed = 1, lanes = 1] = process.argv.slice(2, 5).map(Number);
const only = process.argv[5] ?? '';

/** Numerical Recipes' linear congruence: enough to draw a sample. */
function* draws(from) {
  let state = from >>> 0;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/**
 * Whether a stage passes. It gets a process group of its own, because an endless loop in a worker
 * outlives the test runner that started it.
 */
function passes(folder, tests) {
  return new Promise((resolve) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const options = ['run', '--bail=1', '--no-file-parallelism', ...tests];
    const limited = `ulimit -t ${cpuSecondsMax}; exec "$0" "$@"`;
    const child = spawn('sh', ['-c', limited, process.execPath, vitest, ...options], {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
      env: {
        ...process.env,
        TMPDIR: join(folder, 'tmp'),
        TEST_RUNS: String(randomRuns),
        TEST_SEED: String(seed),
        TEST_SHRINK: 'no',
      },
    });
    running.add(child);
    const timer = setTimeout(() => endGroup(child), stageMsMax);
    child.on('exit', (code) => {
      clearTimeout(timer);
      endGroup(child);
      running.delete(child);
      resolve(code === 0);
    });
  });
}

const running = new Set();

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // The group has ended by itself.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Only the kernel that the engine loads; the compiler stays in this process, where it is warm. */
async function buildKernel(folder) {
  const bounds = ['--maximumMemory', String(memoryPagesMax)];
  const silent = { stdout: asc.createMemoryStream(), stderr: asc.createMemoryStream() };
  const options = ['--baseDir', folder, '--target', 'release', '--optimizeLevel', '1', ...bounds];
  return (await asc.main(options, silent)).error === null;
}

/** The test files of the first stage that fails; undefined when all pass. */
async function failingStage(folder) {
  const tmp = join(folder, 'tmp');
  for (const tests of stages) {
    mkdirSync(tmp, { recursive: true });
    const isPassed = await passes(folder, tests);
    rmSync(tmp, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    if (!isPassed) return tests.join(' ');
  }
  return undefined;
}

function makeCopy(folder) {
  mkdirSync(folder);
  for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}

/** One mutant in a copy of the tree, which is afterwards as it was. */
async function tryMutant(folder, { file, text }) {
  const path = join(folder, file);
  await writeFile(path, text);
  try {
    const isKernel = file.startsWith('assembly/');
    if (isKernel && !(await buildKernel(folder))) return 'does not compile';
    const failing = await failingStage(folder);
    return failing ? `killed by ${failing}` : 'SURVIVED';
  } finally {
    cpSync(join(root, file), path);
    const kernel = 'dist/kernel/release.wasm';
    cpSync(join(root, kernel), join(folder, kernel));
  }
}

function placeOf({ file, line, name, place }) {
  return `${file}:${line} ${name}${place > 1 ? ` (place ${place})` : ''}`;
}

function drawSample() {
  const all = [];
  let equivalent = 0;
  for (const file of mutated) {
    const text = readFileSync(join(root, file), 'utf8');
    const told = withoutEquivalents(file, text, mutantsOf(text));
    all.push(...told.sensible.map((mutant) => ({ file, ...mutant })));
    equivalent += told.equivalent.length;
  }
  const random = draws(seed);
  const sample = all
    .filter((mutant) => placeOf(mutant).startsWith(only))
    .map((mutant) => ({ mutant, order: random.next().value }))
    .sort((a, b) => a.order - b.order)
    .slice(0, countAsked || all.length)
    .map(({ mutant }) => mutant);
  const left = `${equivalent} equivalent ones left out`;
  console.log(`${sample.length} of ${all.length} mutants, seed ${seed}; ${left}`);
  return sample;
}

async function main(home) {
  const queue = drawSample();
  const folders = Array.from({ length: lanes }, (_, lane) => join(home, `lane-${lane}`));
  for (const folder of folders) makeCopy(folder);
  await buildKernel(folders[0]);
  const broken = await failingStage(folders[0]);
  if (broken) throw new Error(`the tests fail without any mutant: ${broken}`);
  const tally = { killed: 0, survived: 0 };
  const work = async (folder) => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const verdict = await tryMutant(folder, mutant);
      if (verdict === 'SURVIVED') tally.survived += 1;
      else if (verdict.startsWith('killed')) tally.killed += 1;
      console.log(`${verdict}: ${placeOf(mutant)}`);
    }
  };
  await Promise.all(folders.map(work));
  const score = (100 * tally.killed) / Math.max(1, tally.killed + tally.survived);
  console.log(`${tally.killed} killed, ${tally.survived} survived, score ${score.toFixed(1)} %`);
  process.exitCode = score >= scoreMin ? 0 : 1;
}

const home = mkdtempSync(join(tmpdir(), 'caini-mutation-'));
const clean = () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) endGroup(child);
    clean();
    process.exit(1);
  });
}
try {
  await main(home);
} finally {
  clean();
}
