// Tests of the progress bar: drawn in place on a terminal, a few lines elsewhere.
import { expect, test } from 'vitest';
import { createProgressBar } from './progress.ts';

function record(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test('a log gets a line every ten seconds, and none from what takes less', () => {
  const stream = record(false);
  let nowMs = 5_000;
  const bar = createProgressBar(stream, () => nowMs);
  for (const [ms, done] of [
    [5_100, 1],
    [14_999, 2],
    [15_000, 3],
    [16_000, 4],
    [25_000, 6],
  ] as const) {
    nowMs = ms;
    bar.show('importing', done, 8);
  }
  bar.end();
  expect(stream.written).toEqual(['importing: 3 of 8 (37 %)\n', 'importing: 6 of 8 (75 %)\n']);
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
