// Tests of times: every accepted form, and what a zone makes of it.
import { expect, test } from 'vitest';
import { timeSchema } from '../../base/shapes.ts';
import { createTimeReader } from './times.ts';

const read = (text: string, zone = 'Asia/Shanghai') => createTimeReader(zone)(text)?.text;

test('local times get the offset of the zone', () => {
  const cases = {
    '2026-05-01 09:10': '2026-05-01T09:10:00+08:00',
    '2026-05-01 09:10:11': '2026-05-01T09:10:11+08:00',
    '2026-05-01T09:10:11.5': '2026-05-01T09:10:11.500+08:00',
    '2026-05-01': '2026-05-01T00:00:00+08:00',
    '2026/5/1 9:10': '2026-05-01T09:10:00+08:00',
  };
  for (const [text, time] of Object.entries(cases)) {
    expect(read(text), text).toBe(time);
    expect(timeSchema.safeParse(time).success, time).toBe(true);
  }
});

test('a time with an offset keeps it, and one in UTC says nothing of the place', () => {
  expect(read('2026-05-01T09:10:00+02:00')).toBe('2026-05-01T09:10:00+02:00');
  expect(read('2026-05-01T09:10:00-0330')).toBe('2026-05-01T09:10:00-03:30');
  expect(read('2026-05-01T09:10:00z')).toBe('2026-05-01T09:10:00Z');
  expect(read('2026-05-01T09:10:00-00:00')).toBe('2026-05-01T09:10:00Z');
});

test('the offset is the one that held at that time', () => {
  expect(read('2011-01-04 10:00', 'Europe/London')).toBe('2011-01-04T10:00:00+00:00');
  expect(read('2011-07-04 10:00', 'Europe/London')).toBe('2011-07-04T10:00:00+01:00');
});

test('an hour that happens twice is its first, a skipped one keeps the offset before', () => {
  expect(read('2011-10-30 01:30', 'Europe/London')).toBe('2011-10-30T01:30:00+01:00');
  expect(read('2011-03-27 01:30', 'Europe/London')).toBe('2011-03-27T01:30:00+00:00');
  expect(createTimeReader('Europe/London')('2011-03-27 01:30')?.epochMs).toBe(
    Date.UTC(2011, 2, 27, 1, 30),
  );
});

test('what is no time, or before 1970, is refused', () => {
  const wrong = ['', 'yesterday', '2026-02-30', '2026-13-01', '01/05/2026', '2026-05-01 24:00'];
  const odd = ['2026-05-01 09:60', '2026-05/01', '2026-05-01T09:10+25:00', '1969-12-31 23:59'];
  for (const text of [...wrong, ...odd]) expect(read(text), text).toBeUndefined();
});
