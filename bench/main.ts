// `npm run bench -- PART`: runs one part of the suite, or all of it, each in a process of its own;
// the last line of each sums it up. Rows go to bench/runs/.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { relative } from 'node:path';
import { scratchFolder } from './chain.ts';
import { benchCheckpoint } from './checkpoint.ts';
import { benchCluster } from './cluster.ts';
import { benchErase } from './erase.ts';
import { type Part, rounded } from './figures.ts';
import { benchFreshness } from './freshness.ts';
import { benchGrpc } from './grpc.ts';
import { benchHttp } from './http.ts';
import { benchIngest } from './ingest.ts';
import { benchKernel } from './kernel.ts';
import { benchMemory } from './memory.ts';
import { benchMixed } from './mixed.ts';
import { benchOverload } from './overload.ts';
import { benchRecommend } from './recommend.ts';
import { makeRunFolder, recorder, writeSummary } from './run.ts';
import { benchSoak } from './soak.ts';
import { benchStall } from './stall.ts';
import { benchStart } from './start.ts';
import { benchTill } from './till.ts';

const parts: Readonly<Record<string, Part>> = {
  kernel: benchKernel,
  ingest: benchIngest,
  recommend: benchRecommend,
  http: benchHttp,
  grpc: benchGrpc,
  freshness: benchFreshness,
  mixed: benchMixed,
  overload: benchOverload,
  erase: benchErase,
  checkpoint: benchCheckpoint,
  start: benchStart,
  memory: benchMemory,
  till: benchTill,
  cluster: benchCluster,
  stall: benchStall,
  soak: benchSoak,
};

/** Too long for a suite of ten minutes: run by name only. */
const byNameOnly: ReadonlySet<string> = new Set(['soak']);

/** Names the folder of a run for the processes of its parts. */
const folderVariable = 'BENCH_RUN';
/** And the folder where they share a seeded chain. */
const chainVariable = 'BENCH_CHAIN';

/** A part that takes longer has hung. */
const partMsMax = 5 * 60_000;

async function runSuite(folder: string): Promise<void> {
  const scratch = scratchFolder();
  for (const name of Object.keys(parts).filter((part) => !byNameOnly.has(part))) {
    console.log(`\n== ${name}`);
    const startedAt = performance.now();
    const child = spawn(process.execPath, [process.argv[1]!, name], {
      stdio: 'inherit',
      env: {
        ...process.env,
        [folderVariable]: folder,
        [chainVariable]: `${scratch.path}/chain`,
      },
      timeout: partMsMax,
    });
    const [code] = await once(child, 'close');
    console.log(`${name} took ${rounded((performance.now() - startedAt) / 1_000)} s`);
    if (code === 0) continue;
    console.error(`${name} failed`);
    process.exitCode = 1;
  }
  scratch.remove();
  const summary = writeSummary(folder, 'npm run bench');
  if (summary !== undefined) console.log(`\n${summary}`);
  console.log(`\nwritten to ${relative(process.cwd(), folder)}/`);
}

async function runPart(name: string, part: Part): Promise<void> {
  const ofSuite = process.env[folderVariable];
  const folder = ofSuite ?? makeRunFolder(new Date());
  const line = await part(recorder(folder, name));
  if (ofSuite === undefined) {
    const summary = writeSummary(folder, `npm run bench -- ${name}`);
    if (summary !== undefined) console.log(summary);
  }
  console.log(line);
}

const asked = process.argv[2];
if (asked === undefined) await runSuite(makeRunFolder(new Date()));
else if (Object.hasOwn(parts, asked)) await runPart(asked, parts[asked]!);
else {
  console.error(`there is no part ${asked}; the parts are ${Object.keys(parts).join(', ')}`);
  process.exitCode = 2;
}
