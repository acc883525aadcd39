// What holds the event loop, and for how long: everything that can be asked of a server, one after
// another, with a record of its turns and a stopwatch on /healthz. `npm run bench -- stall`, on a
// small chain; `-- stall large` on one of 300,000 items and 1,000,000 receipts, by name only.
// `-- stall large FOLDER` keeps the chain there before it changes, and takes it from there later.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from './chain.ts';
import { figuresOf, type RecordRow, rounded, table } from './figures.ts';
import { startWatched, type WatchedProgram } from './load/process.ts';
import { type Action, actionsOn, askLists } from './stall/actions.ts';
import { type Caller, createCaller } from './stall/caller.ts';
import { makeChain, type StallSize, sizes } from './stall/chain.ts';
import { measureOthers } from './stall/others.ts';
import { startStopwatch } from './stall/stopwatch.ts';
import type { Turns } from './turns.ts';

/** The first round of each compiles what has never run before, and is reported apart. */
const rounds = 4;
const turnMsMax = 5;

interface Seen {
  readonly name: string;
  readonly turns: readonly Turns[];
  /** The longest that /healthz took in each round. */
  readonly health: readonly number[];
}

async function measure(
  program: WatchedProgram,
  caller: Caller,
  { name, rounds: asked = rounds, run }: Action,
): Promise<Seen> {
  const [turns, health]: [Turns[], number[]] = [[], []];
  for (let round = 0; round < asked; round++) {
    await program.turns();
    const stopwatch = startStopwatch(program.url);
    try {
      await run(caller, round);
    } finally {
      health.push(await stopwatch.stop());
    }
    turns.push(await program.turns());
  }
  return { name, turns, health };
}

/** What only a fresh process shows: the start itself, and the first lists after it. */
async function measureStart(folder: string, size: StallSize, what: string): Promise<Seen[]> {
  const program = await startWatched(folder);
  const caller = createCaller(program);
  try {
    const start = { name: `${what}: the start`, turns: [await program.turns()], health: [] };
    const lists: Action = {
      name: `${what}: first lists`,
      rounds: 1,
      run: (each) => askLists(each, size),
    };
    const again: Action = {
      name: `${what}: lists after them`,
      run: (each) => askLists(each, size),
    };
    return [start, await measure(program, caller, lists), await measure(program, caller, again)];
  } finally {
    caller.close();
    await program.stop();
  }
}

async function measureAll(folder: string, size: StallSize): Promise<Seen[]> {
  // Old receipts leave on the last day of the chain, one day of them.
  const program = await startWatched(folder);
  const caller = createCaller(program);
  try {
    const seen: Seen[] = [];
    for (const action of actionsOn(size)) {
      seen.push(await measure(program, caller, action));
      console.log(table([cellsOf(seen.at(-1)!)]));
    }
    return seen;
  } finally {
    caller.close();
    await program.stop();
  }
}

/** What is measured: all rounds but the first, if there are more. */
function turnFigures({ turns }: Seen): readonly Turns[] {
  return turns.length > 1 ? turns.slice(1) : turns;
}

const head = ['what', 'turns', 'first ms', 'computed ms', 'with GC', 'wall ms', 'health max ms'];

function cellsOf(seen: Seen): string[] {
  const turns = turnFigures(seen);
  const [first] = seen.turns as [Turns];
  const median = (of: (each: Turns) => number) => rounded(figuresOf(turns.map(of)).median);
  return [
    seen.name,
    String(first.n),
    rounded(first.processorMax),
    median(({ processorMax }) => processorMax),
    median(({ processorWithCollectorMax: most }) => most),
    median(({ wallMax }) => wallMax),
    seen.health.length === 0 ? '' : rounded(Math.max(...seen.health)),
  ];
}

function recordSeen(record: RecordRow, seen: Seen): void {
  const { name, health } = seen;
  const samples = turnFigures(seen).map(({ processorMax }) => processorMax);
  record({ name, unit: 'ms', samples, bars: [{ of: 'median', atMost: turnMsMax }] });
  if (health.length > 0) record({ name: `${name}: /healthz`, unit: 'ms', samples: health });
}

/** The chain with its receipts, of which a folder may keep a copy: the large one takes minutes. */
async function takeChain(folder: string, size: StallSize, kept: string | undefined): Promise<void> {
  if (kept !== undefined && existsSync(kept)) return cpSync(kept, folder, { recursive: true });
  await makeChain(folder, size, true);
  if (kept !== undefined) cpSync(folder, kept, { recursive: true });
}

export async function benchStall(record: RecordRow): Promise<string> {
  const size: StallSize = process.argv[3] === 'large' ? sizes.large : sizes.small;
  const scratch = scratchFolder();
  const folder = join(scratch.path, 'data');
  try {
    await makeChain(folder, size, false);
    const seen = await measureStart(folder, size, 'a catalogue without receipts');
    rmSync(folder, { recursive: true });
    await takeChain(folder, size, process.argv[4]);
    const copy = join(scratch.path, 'copy');
    cpSync(folder, copy, { recursive: true });
    const others = await measureOthers(copy, size, record);
    console.log(others);
    rmSync(copy, { recursive: true });
    seen.push(
      ...(await measureStart(folder, size, 'a chain')),
      ...(await measureAll(folder, size)),
    );
    console.log(table([head, ...seen.map(cellsOf)]));
    for (const each of seen) recordSeen(record, each);
    const medians = seen.map(
      (each) => figuresOf(turnFigures(each).map(({ processorMax }) => processorMax)).median,
    );
    const over = medians.filter((median) => median > turnMsMax).length;
    const longest = rounded(Math.max(...medians));
    const turnsText = `${over} of them over ${turnMsMax} ms, longest ${longest} ms`;
    return `stall ${seen.length} kinds of work, ${turnsText}; ${others}`;
  } finally {
    scratch.remove();
  }
}
