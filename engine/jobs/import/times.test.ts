// Tests of times: every accepted form, and what a zone makes of it.
import { expect, test } from 'vitest';
import { timeSchema } from '../../base/shapes.ts';
import { type DateOrders, dayText, orderEvidence } from './dates.ts';
import { createTimeReader, type Moment } from './times.ts';

function read(text: string, timeZone = 'Asia/Shanghai', dateOrders?: DateOrders) {
  const moment = createTimeReader({ timeZone, dateOrders })(text);
  return typeof moment === 'string' ? moment : moment.text;
}

function expectAll(cases: Readonly<Record<string, string>>, dateOrders?: DateOrders): void {
  for (const [text, time] of Object.entries(cases)) {
    expect(read(text, 'Asia/Shanghai', dateOrders), text).toBe(time);
    expect(timeSchema.safeParse(time).success, time).toBe(true);
  }
}

test('local times get the offset of the zone', () => {
  expectAll({
    '2026-05-01 09:10': '2026-05-01T09:10:00+08:00',
    '2026-05-01 09:10:11': '2026-05-01T09:10:11+08:00',
    '2026-05-01T09:10:11.5': '2026-05-01T09:10:11.500+08:00',
    '2026-05-01': '2026-05-01T00:00:00+08:00',
    '2026/5/1 9:10': '2026-05-01T09:10:00+08:00',
  });
});

test('every form that leaves no doubt is read', () => {
  expectAll({
    '2018.05.01 09:10': '2018-05-01T09:10:00+08:00',
    '2018年5月1日 9:10': '2018-05-01T09:10:00+08:00',
    '2018年05月01日9时10分11秒': '2018-05-01T09:10:11+08:00',
    '20180501': '2018-05-01T00:00:00+08:00',
    '20180501091011': '2018-05-01T09:10:11+08:00',
    '20180501 0910': '2018-05-01T09:10:00+08:00',
    '20180501T091011': '2018-05-01T09:10:11+08:00',
    '2018-05-01 09:10 PM': '2018-05-01T21:10:00+08:00',
    '2018-05-01 12:10 AM': '2018-05-01T00:10:00+08:00',
    '2018-05-01 下午 9:10': '2018-05-01T21:10:00+08:00',
    '2018-05-01T09:10:11.123456': '2018-05-01T09:10:11.123+08:00',
    '2018-05-01 24:00:00': '2018-05-02T00:00:00+08:00',
    '2018-05-01 23:59:60': '2018-05-02T00:00:00+08:00',
    '2018-05-01  09:10': '2018-05-01T09:10:00+08:00',
    '01-May-2018': '2018-05-01T00:00:00+08:00',
    '1 May 2018 09:10': '2018-05-01T09:10:00+08:00',
    'May 1, 2018': '2018-05-01T00:00:00+08:00',
    'May 1, 2018, 9:10 AM': '2018-05-01T09:10:00+08:00',
    'Tue, 01 May 2018 09:10:11 +0800': '2018-05-01T09:10:11+08:00',
    '2018-05-01 09.10.11': '2018-05-01T09:10:11+08:00',
    '2018-05-01-09.10.11.000000': '2018-05-01T09:10:11+08:00',
    '21.07.2015 14:05:00': '2015-07-21T14:05:00+08:00',
    '30-10-2016 09:58': '2016-10-30T09:58:00+08:00',
    '5/5/2018': '2018-05-05T00:00:00+08:00',
    '２０１８－０５－０１ ０９：１０': '2018-05-01T09:10:00+08:00',
    '2018-05-01 0.5': '2018-05-01T12:00:00+08:00',
    '20180501 19': '2018-05-01T19:00:00+08:00',
  } as Readonly<Record<string, string>>);
});

test('seconds and milliseconds since 1970 are moments, days of a spreadsheet local times', () => {
  expectAll({
    '1525137011': '2018-05-01T01:10:11Z',
    '1525137011000': '2018-05-01T01:10:11Z',
    '43221.3824': '2018-05-01T09:10:39+08:00',
    '43221': '2018-05-01T00:00:00+08:00',
  });
});

test('day and month that cannot be told apart need an order', () => {
  for (const text of ['12/1/2010 8:26', '5/1/2018 9:10:11 AM', '01-02-2018', '1/5/18']) {
    expect(read(text), text).toBe('ambiguous');
  }
  expectAll({ '12/1/2010 8:26': '2010-01-12T08:26:00+08:00' }, 'dmy');
  expectAll({ '5/1/2018 9:10:11 PM': '2018-05-01T21:10:11+08:00' }, 'mdy');
  expectAll({ '1/5/18': '2018-05-01T00:00:00+08:00' }, 'dmy');
  expectAll({ '18-05-01': '2018-05-01T00:00:00+08:00' }, 'ymd');
  expectAll({ '5/1/2015': '2015-05-01T00:00:00+08:00' }, { '/': 'mdy' });
  expect(read('5-1-2015', 'Asia/Shanghai', { '/': 'mdy' })).toBe('ambiguous');
  expect(read('13/13/2015', 'Asia/Shanghai', 'dmy')).toBe('unreadable');
});

test('a date says what it can of the order of its file', () => {
  expect(orderEvidence('21-07-2015')).toEqual({ style: '-', order: 'dmy' });
  expect(orderEvidence('01/25/2026 23:50')).toEqual({ style: '/', order: 'mdy' });
  expect(orderEvidence('5/1/2015')).toEqual({ style: '/', order: 'either' });
  for (const text of ['5/5/2015', '2015-07-21', '', '20250101']) {
    expect(orderEvidence(text), text).toBeUndefined();
  }
});

test('the day of a time is one text, however it is written', () => {
  const days = [
    '2026-05-01 09:00',
    '2026/5/1',
    '20260501091011',
    '2026年5月1日 9:10',
    '1 May 2026',
  ];
  for (const day of days) expect(dayText(day, {}), day).toBe('2026-05-01');
  expect(['5/1/2015 8:26', '5/1/2015'].map((day) => dayText(day, 'mdy'))).toEqual([
    '2015-05-01',
    '2015-05-01',
  ]);
  // What may be two days, or is none, stays as it stands.
  expect(['5/1/2015 8:26', '2026-02-30', '0007'].map((day) => dayText(day, {}))).toEqual([
    '5/1/2015',
    '2026-02-30',
    '0007',
  ]);
});

test('a time with an offset keeps it, and one in UTC says nothing of the place', () => {
  const cases = {
    '2026-05-01T09:10:00+02:00': '2026-05-01T09:10:00+02:00',
    '2026-05-01T09:10:00-0330': '2026-05-01T09:10:00-03:30',
    '2018-05-01 09:10:11.000 +0800': '2018-05-01T09:10:11+08:00',
    '2018-05-01T09:10:11+08': '2018-05-01T09:10:11+08:00',
    '2026-05-01T09:10:00z': '2026-05-01T09:10:00Z',
    '2026-05-01T09:10:00-00:00': '2026-05-01T09:10:00Z',
    '2018-05-01 09:10:11 UTC': '2018-05-01T09:10:11Z',
    '2018-05-01 09:10:11+0000 UTC': '2018-05-01T09:10:11Z',
  };
  for (const [text, time] of Object.entries(cases)) expect(read(text), text).toBe(time);
});

test('the offset is the one that held at that time', () => {
  expect(read('2011-01-04 10:00', 'Europe/London')).toBe('2011-01-04T10:00:00+00:00');
  expect(read('2011-07-04 10:00', 'Europe/London')).toBe('2011-07-04T10:00:00+01:00');
});

test('an hour that happens twice is its first, a skipped one keeps the offset before', () => {
  expect(read('2011-10-30 01:30', 'Europe/London')).toBe('2011-10-30T01:30:00+01:00');
  expect(read('2011-03-27 01:30', 'Europe/London')).toBe('2011-03-27T01:30:00+00:00');
  expect(createTimeReader({ timeZone: 'Europe/London' })('2011-03-27 01:30')).toMatchObject({
    epochMs: Date.UTC(2011, 2, 27, 1, 30),
    hasTime: true,
  });
});

test('times of an hour that the clocks went through twice, or never, say so, and no others', () => {
  const hours = (texts: readonly string[]) => {
    const readTime = createTimeReader({ timeZone: 'America/New_York' });
    return texts.map((text) => (readTime(text) as Moment).hour);
  };
  const back = ['2025-11-02 00:59', '2025-11-02 01:00', '2025-11-02 01:59', '2025-11-02 02:00'];
  expect(hours(back)).toEqual([undefined, 'twice', 'twice', undefined]);
  const on = ['2026-03-08 01:59', '2026-03-08 02:00', '2026-03-08 02:59', '2026-03-08 03:00'];
  expect(hours(on)).toEqual([undefined, 'skipped', 'skipped', undefined]);
  expect(hours(['2025-11-02 01:30-05:00', '2026-03-08'])).toEqual([undefined, undefined]);
});

test('what is no time, or before 1970, is refused', () => {
  const wrong = ['', 'yesterday', '2026-02-30', '2026-13-01', '2026-05-01 24:01', '00000000'];
  const odd = ['2026-05-01 09:60', '2026-05/01', '2026-05-01T09:10+25:00', '1969-12-31 23:59'];
  const empty = [
    '0000-00-00 00:00:00',
    '1900-01-01 00:00:00',
    '1',
    '12345',
    '2026-05-01 25',
    '8:26',
  ];
  for (const text of [...wrong, ...odd, ...empty]) expect(read(text), text).toBe('unreadable');
});
