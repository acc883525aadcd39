// The states of following: which step leads where, whatever came before.
import { expect, test } from 'vitest';
import {
  type Comparison,
  type LinkEvent,
  type LinkState,
  nextComparison,
  nextLinkState,
  notConnected,
} from './link-state.ts';

const after = (...events: LinkEvent[]): LinkState => events.reduce(nextLinkState, notConnected);
const greeted = { name: 'greeted' } as const;
const inStep = { name: 'inStep' } as const;
const lost = { name: 'lost' } as const;
const failed = (reason?: string) => ({ name: 'failed', trouble: 'no route', reason }) as const;

test('a line begins apart and reads the journal once greeted', () => {
  expect(notConnected).toEqual({ name: 'apart', trouble: 'not connected yet' });
  expect(after(greeted)).toEqual({ name: 'tailing' });
});

test('Redis takes over when it is in step, and the journal when anything is missing', () => {
  expect(after(greeted, inStep)).toEqual({ name: 'streaming' });
  expect(after(greeted, inStep, inStep)).toEqual({ name: 'streaming' });
  expect(after(greeted, inStep, lost)).toEqual({ name: 'tailing' });
  expect(after(greeted, inStep, lost, inStep)).toEqual({ name: 'streaming' });
});

test('Redis may be in step while the other node cannot be reached', () => {
  expect(after(failed(), inStep)).toEqual({ name: 'streaming' });
});

test('what Redis misses changes nothing where it does not carry', () => {
  expect(after(lost)).toBe(notConnected);
  expect(after(greeted, lost)).toEqual({ name: 'tailing' });
});

test('a failure ends every state, and says what is wrong', () => {
  for (const before of [[], [greeted], [greeted, inStep]]) {
    expect(after(...before, failed())).toEqual({ name: 'apart', trouble: 'no route' });
  }
});

test('a node that is set up otherwise is refused until another failure or a hello', () => {
  for (const refusal of ['SETTINGS_DIFFER', 'OTHER_CHAIN', 'SAME_NAME']) {
    const refused = after(greeted, failed(refusal));
    expect(refused).toEqual({ name: 'apart', trouble: 'no route', refusal });
    expect(nextLinkState(refused, failed())).not.toHaveProperty('refusal');
    expect(nextLinkState(refused, greeted)).toEqual({ name: 'tailing' });
  }
  expect(after(failed('GAP'))).not.toHaveProperty('refusal');
});

test('comparisons that differ are counted until one is the same', () => {
  const compared = (...same: boolean[]) =>
    same.reduce<Comparison>(nextComparison, { name: 'unknown' });
  expect(compared()).toEqual({ name: 'unknown' });
  expect(compared(true)).toEqual({ name: 'same' });
  expect(compared(false, false, false)).toEqual({ name: 'differs', times: 3 });
  expect(compared(false, false, true)).toEqual({ name: 'same' });
  expect(compared(false, true, false)).toEqual({ name: 'differs', times: 1 });
});
