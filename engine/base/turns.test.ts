// Long work takes turns: one piece in each turn of the event loop, however many wait.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nextTurn, useTurn } from './turns.ts';

/** Tells the number of the turn, while `work` runs. */
async function withTurns(work: (turn: () => number) => Promise<unknown>): Promise<void> {
  let turn = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await setImmediate();
      turn += 1;
    }
  })();
  await work(() => turn);
  isOver = true;
  await counting;
}

test('of many that wait, each turn of the event loop takes one, in their order', () =>
  withTurns(async (turn) => {
    const taken: { readonly who: number; readonly turn: number }[] = [];
    const work = async (who: number) => {
      for (let piece = 0; piece < 3; piece++) {
        await nextTurn();
        taken.push({ who, turn: turn() });
      }
    };
    await Promise.all([0, 1, 2, 3].map(work));
    expect(taken.map(({ who }) => who)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    expect(new Set(taken.map((each) => each.turn)).size).toBe(taken.length);
  }));

test('a piece waits while a turn is used by what cannot wait, and goes on all the same', () =>
  withTurns(async (turn) => {
    await nextTurn();
    const [first] = [turn(), useTurn()];
    await nextTurn();
    expect(turn()).toBeGreaterThanOrEqual(first + 2);
    let isOver = false;
    const busy = (async () => {
      while (!isOver) {
        useTurn();
        await setImmediate();
      }
    })();
    const begun = turn();
    for (let piece = 0; piece < 10; piece++) await nextTurn();
    isOver = true;
    await busy;
    expect(turn() - begun).toBeLessThanOrEqual(22);
  }));
