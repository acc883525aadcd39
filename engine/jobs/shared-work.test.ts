// Shared work: one run at a time, joined until it begins to read, given up when nobody waits.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Run, SharedWork } from './shared-work.ts';

interface Begun extends Run {
  readonly finish: (result: string) => void;
  readonly fail: (error: Error) => void;
}

/** Work whose runs are ended by hand; an aborted run fails with the reason. */
function workByHand() {
  const runs: Begun[] = [];
  const work = new SharedWork<string>((run) => {
    return new Promise((resolve, reject) => {
      runs.push({ ...run, finish: resolve, fail: reject });
      run.signal.addEventListener('abort', () => reject(run.signal.reason));
    });
  });
  return { runs, work };
}

const outcome = (asked: Promise<string>) =>
  asked.catch((error: { reason?: string; message: string }) => error.reason ?? error.message);

test('who asks before the run reads gets its answer, who asks later that of the next', async () => {
  const { runs, work } = workByHand();
  const first = [work.ask(), work.ask()];
  runs[0]!.seal();
  const second = [work.ask(), work.ask(), work.ask()];
  expect(runs).toHaveLength(1);
  runs[0]!.finish('first');
  expect(await Promise.all(first)).toEqual(['first', 'first']);
  await setImmediate();
  expect(runs).toHaveLength(2);
  runs[1]!.finish('second');
  expect(await Promise.all(second)).toEqual(['second', 'second', 'second']);
  expect(runs).toHaveLength(2);
});

test('progress is told to all, and to who joins at once', async () => {
  const { runs, work } = workByHand();
  const heard: string[] = [];
  const listen = (name: string) => ({
    progress: (done: number, total: number) => heard.push(`${name} ${done}/${total}`),
  });
  const asked = [work.ask(listen('a')), work.ask(listen('b'))];
  runs[0]!.progress(1, 3);
  asked.push(work.ask(listen('c')));
  runs[0]!.progress(2, 3);
  runs[0]!.finish('done');
  await Promise.all(asked);
  expect(heard).toEqual(['a 1/3', 'b 1/3', 'c 1/3', 'a 2/3', 'b 2/3', 'c 2/3']);
});

test('a run goes on while anybody waits, and is given up with the last', async () => {
  const { runs, work } = workByHand();
  const stops = [new AbortController(), new AbortController()];
  const asked = stops.map(({ signal }) => outcome(work.ask({ signal })));
  stops[0]!.abort();
  expect(await asked[0]).toBe('ABANDONED');
  expect(runs[0]!.signal.aborted).toBe(false);
  stops[1]!.abort();
  expect(await asked[1]).toBe('ABANDONED');
  expect(runs[0]!.signal.aborted).toBe(true);
  const later = work.ask();
  await setImmediate();
  expect(runs).toHaveLength(2);
  runs[1]!.finish('later');
  expect(await later).toBe('later');
});

test('a run that all have left before it began does not begin', async () => {
  const { runs, work } = workByHand();
  const first = work.ask();
  runs[0]!.seal();
  const stop = new AbortController();
  const left = outcome(work.ask({ signal: stop.signal }));
  stop.abort();
  expect(await left).toBe('ABANDONED');
  runs[0]!.finish('first');
  await first;
  await setImmediate();
  expect(runs).toHaveLength(1);
  expect(await outcome(work.ask({ signal: stop.signal }))).toBe('ABANDONED');
  expect(runs).toHaveLength(1);
});

test('who asks while a run that was given up still ends gets the next', async () => {
  const { runs, work } = workByHand();
  const stop = new AbortController();
  const left = outcome(work.ask({ signal: stop.signal }));
  stop.abort();
  const next = work.ask();
  expect(await left).toBe('ABANDONED');
  await setImmediate();
  runs[1]!.finish('next');
  expect(await next).toBe('next');
});

test('a failure is told to all who wait, and the next run is another try', async () => {
  const { runs, work } = workByHand();
  const asked = [work.ask(), work.ask()].map(outcome);
  runs[0]!.fail(new Error('broken'));
  expect(await Promise.all(asked)).toEqual(['broken', 'broken']);
  const again = work.ask();
  runs[1]!.finish('well');
  expect(await again).toBe('well');
});

test('closing gives up what runs and what waits, and takes nothing more', async () => {
  const { runs, work } = workByHand();
  const running = outcome(work.ask());
  runs[0]!.seal();
  const waiting = outcome(work.ask());
  await work.close();
  expect([await running, await waiting, await outcome(work.ask())]).toEqual(
    Array(3).fill('CLOSING'),
  );
  expect(runs).toHaveLength(1);
});
