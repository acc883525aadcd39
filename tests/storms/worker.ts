// The process that is killed, and the one that looks at what is left. Runs the built engine,
// compiled by child.ts.
import { join } from 'node:path';
import { openEngine } from '../../engine/index.ts';
import { expectationOf } from './expectation.ts';
import { inspect } from './inspection.ts';
import { Journal, readJournal } from './journal.ts';
import { rage } from './writers.ts';

export interface Task {
  /** `live`: look, then write until killed. `look`: look, close and wait for the next folder. */
  readonly kind: 'live' | 'look';
  /** Holds `data` and `journal`. */
  readonly folder: string;
  readonly round: number;
  readonly seed: number;
  readonly tills: number;
  readonly operationsMax: number;
  readonly isThorough: boolean;
}

export type Report =
  | { readonly state: 'opening' }
  | {
      readonly state: 'looked';
      readonly problems: readonly string[];
      readonly readyMs: number;
      readonly events: number;
      readonly notices: readonly string[];
    }
  | { readonly state: 'over' };

function report(message: Report): void {
  process.send!(message);
}

async function look(task: Task, journalled: Journal | undefined) {
  const { folder, seed, isThorough } = task;
  const expectation = expectationOf(readJournal(join(folder, 'journal')));
  const notices: string[] = [];
  const notify = (message: string) => notices.push(message);
  report({ state: 'opening' });
  const startMs = performance.now();
  const engine = await openEngine({ dataDir: join(folder, 'data'), notify });
  const readyMs = performance.now() - startMs;
  const found = { engine, expectation, journal: journalled, isThorough, seed };
  const problems = await inspect(found);
  const { events } = engine.status();
  return { engine, looked: { state: 'looked', problems, readyMs, events, notices } } as const;
}

async function live(task: Task): Promise<void> {
  const { folder, round, seed, tills, operationsMax } = task;
  const journal = new Journal(join(folder, 'journal'));
  const { engine, looked } = await look(task, journal);
  report(looked);
  await rage({ engine, journal, round, seed, operationsMax }, tills);
  report({ state: 'over' });
}

async function lookAndClose(task: Task): Promise<void> {
  const { engine, looked } = await look(task, undefined);
  // Told after the close: whoever hears it may remove the folder.
  await engine.close();
  report(looked);
}

process.on('message', (task: Task) => {
  const work = task.kind === 'live' ? live(task) : lookAndClose(task);
  work.catch((error: Error) => {
    const problems = [error.stack ?? String(error)];
    report({ state: 'looked', problems, readyMs: 0, events: 0, notices: [] });
  });
});
