// The process that copies a chain: neither the serving thread nor writers wait for it. It reads the
// data file that its parent has opened, does what that says over IPC, and ends with it.
import { constants, setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { EngineError } from '../base/errors.ts';
import { type CopyCommand, type CopyMessage, dataDescriptor } from './copy.ts';
import { Rebuild } from './rebuild.ts';

const parent = process.ppid;

function post(answer: CopyMessage): void {
  process.send!(answer);
}

function postFailure(error: unknown): void {
  const { message, code, reason } = Object(error) as Partial<EngineError>;
  const isOurs = error instanceof EngineError;
  post({
    state: 'failed',
    code: isOurs ? code! : 'INTERNAL',
    reason: isOurs ? reason : undefined,
    message: isOurs ? message! : `${Object(error).stack ?? error}`,
  });
}

async function copy(to: string): Promise<Rebuild> {
  const rebuild: Rebuild = new Rebuild(dataDescriptor, to, (done) => {
    // While it copies it hears nothing: a parent that was killed does not say so.
    if (process.ppid !== parent) process.exit();
    post({ state: 'progress', done, total: rebuild.total });
  });
  post({ state: 'reading' });
  await setImmediate();
  rebuild.copyAll();
  post({ state: 'copied' });
  return rebuild;
}

async function handle(rebuild: Rebuild, order: CopyCommand): Promise<void> {
  switch (order.do) {
    case 'apply':
      rebuild.apply(order.table, order.rows);
      return;
    case 'sync':
      rebuild.sync();
      post({ state: 'synced' });
      return;
    case 'finish':
      rebuild.sync();
      await rebuild.close();
      process.send!({ state: 'finished' } satisfies CopyMessage, () => process.disconnect());
  }
}

// Whoever asked for the copy is gone: nobody would use it, and its folder is swept.
process.on('disconnect', () => process.exit());
// A signal that every process gets, as by Ctrl-C, is for the parent to handle.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
// What is served and written goes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

let work: Promise<Rebuild> = copy(process.argv[2]!);
work.catch(postFailure);
process.on('message', (order: CopyCommand) => {
  work = work.then(async (rebuild) => {
    await handle(rebuild, order);
    return rebuild;
  });
  work.catch(postFailure);
});
