// The process that copies a chain: neither the serving thread nor writers wait for it. It reads the
// data file that its parent has opened, does what that says over IPC, and ends with it.
import { constants, setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { EngineError } from '../base/errors.ts';
import { type CopyAnswer, type CopyOrder, dataDescriptor } from './copy.ts';
import { Rebuild } from './rebuild.ts';

const parent = process.ppid;

function tell(answer: CopyAnswer): void {
  process.send!(answer);
}

function tellFailure(error: unknown): void {
  const { message, code, reason } = Object(error) as Partial<EngineError>;
  const isOurs = error instanceof EngineError;
  tell({
    said: 'failed',
    code: isOurs ? code! : 'INTERNAL',
    reason: isOurs ? reason : undefined,
    message: isOurs ? message! : `${Object(error).stack ?? error}`,
  });
}

async function copy(to: string): Promise<Rebuild> {
  const rebuild: Rebuild = new Rebuild(dataDescriptor, to, (done) => {
    // While it copies it hears nothing: a parent that was killed does not say so.
    if (process.ppid !== parent) process.exit();
    tell({ said: 'progress', done, total: rebuild.total });
  });
  tell({ said: 'reading' });
  await setImmediate();
  rebuild.copyAll();
  tell({ said: 'copied' });
  return rebuild;
}

async function obey(rebuild: Rebuild, order: CopyOrder): Promise<void> {
  switch (order.do) {
    case 'apply':
      rebuild.apply(order.table, order.rows);
      return;
    case 'sync':
      rebuild.sync();
      tell({ said: 'synced' });
      return;
    case 'finish':
      rebuild.sync();
      await rebuild.close();
      process.send!({ said: 'finished' } satisfies CopyAnswer, () => process.disconnect());
  }
}

// Whoever asked for the copy is gone: nobody would use it, and its folder is swept.
process.on('disconnect', () => process.exit());
// A stop that everybody is told, as by Ctrl-C, is the parent's to judge.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
// What is served and written goes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

let work: Promise<Rebuild> = copy(process.argv[2]!);
work.catch(tellFailure);
process.on('message', (order: CopyOrder) => {
  work = work.then(async (rebuild) => {
    await obey(rebuild, order);
    return rebuild;
  });
  work.catch(tellFailure);
});
