// Tests of the progress bar: drawn in place on a terminal, silent elsewhere.
import { expect, test } from 'vitest';
import { createProgressBar } from './progress.ts';

function record(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test('nothing is written where no terminal is', () => {
  const stream = record(false);
  const bar = createProgressBar(stream, () => 0);
  bar.show('importing', 1, 2);
  bar.end();
  expect(stream.written).toEqual([]);
});

test('a terminal sees the share, at most ten times a second', () => {
  const stream = record(true);
  let nowMs = 0;
  const bar = createProgressBar(stream, () => nowMs);
  bar.show('importing', 1, 2);
  bar.show('importing', 3, 4);
  nowMs = 100;
  bar.show('importing', 4, 4);
  expect(stream.written).toHaveLength(2);
  expect(stream.written[0]).toContain('50 %');
  expect(stream.written[1]).toContain('100 %');
});

test('a line never wraps', () => {
  const stream = record(true, 20);
  createProgressBar(stream, () => 0).show('importing', 1, 2);
  expect(stream.written[0]?.replace('\r\u001b[2K', '')).toHaveLength(19);
});
