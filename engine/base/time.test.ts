// Time zones are known by their names, whatever way they are written.
import { expect, test, vi } from 'vitest';
import { zoneOffsetMinutes } from './time.ts';

test('a zone is learnt once, in however many ways its name is written', () => {
  const { DateTimeFormat } = Intl;
  const learnt = vi.spyOn(Intl, 'DateTimeFormat').mockImplementation(function learn(...given) {
    return new DateTimeFormat(...given);
  } as typeof DateTimeFormat);
  const at = Date.parse('2026-05-01T00:00:00Z');
  const name = 'America/Argentina/ComodRivadavia';
  const spellings = Array.from({ length: 500 }, (_, number) =>
    [...name]
      .map((letter, at) => ((number >> (at % 9)) & 1 ? letter.toUpperCase() : letter.toLowerCase()))
      .join(''),
  );
  const offsets = spellings.map((spelling) => zoneOffsetMinutes(spelling, at));
  expect(new Set(offsets)).toEqual(new Set([-180]));
  expect(new Set(spellings).size).toBeGreaterThan(250);
  expect(learnt).toHaveBeenCalledTimes(1);
  learnt.mockRestore();
});

test('offsets are right after more moments than are kept', () => {
  const quarterMs = 15 * 60_000;
  const start = Date.parse('2020-01-01T00:00:00Z');
  for (let quarter = 0; quarter < 60_000; quarter += 6) {
    zoneOffsetMinutes('Asia/Shanghai', start + quarter * quarterMs);
  }
  expect(zoneOffsetMinutes('asia/shanghai', start)).toBe(480);
  expect(zoneOffsetMinutes('Europe/Berlin', Date.parse('2026-07-01T00:00:00Z'))).toBe(120);
  expect(zoneOffsetMinutes('Europe/Berlin', Date.parse('2026-01-01T00:00:00Z'))).toBe(60);
});
