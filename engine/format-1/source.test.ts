// Reading data format 1: what the last version that wrote it has left, and what nobody can have
// written.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import {
  type FormatOneName,
  factsOf,
  formatOneNames,
  makeFormatOne,
} from '../../tests/support/format-1.ts';
import { decodeEntry, type LogEntry } from '../events/index.ts';
import { openDatabase, openRoot } from '../store/environment.ts';
import { Table } from '../store/table.ts';
import { convertEntry } from './entry.ts';
import { readReceipts } from './history.ts';
import { readMember } from './members.ts';
import { FormatOne } from './source.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder('format-1');
  for (const name of formatOneNames) makeFormatOne(join(folder.path, name), name);
});
afterAll(() => folder.remove());

async function reading<Result>(name: string, read: (old: FormatOne) => Result): Promise<Result> {
  const old = await FormatOne.open(join(folder.path, name, 'chain'));
  try {
    return read(old);
  } finally {
    await old.close();
  }
}

function entriesOf(old: FormatOne): LogEntry[] {
  return old.read(1, old.head).map(({ bytes, sequence }) => decodeEntry(bytes, sequence));
}

test.each(formatOneNames)('every entry of %s is read as one of today', async (name) => {
  const entries = await reading(name, entriesOf);
  const { events, erased } = factsOf(name);
  expect(entries).toHaveLength(events);
  const count = (kind: LogEntry['kind']) => entries.filter((entry) => entry.kind === kind).length;
  const hashes = entries.flatMap((entry) => (entry.kind === 'erase' ? entry.value.hashes : []));
  expect(hashes).toHaveLength(erased.length);
  expect(count('stub')).toBeGreaterThan(erased.length);
  for (const kind of ['purchase', 'return', 'merge', 'consent', 'item', 'store'] as const) {
    expect(count(kind), kind).toBeGreaterThan(0);
  }
});

test('pieces become thousandths, and consent becomes an answer to one question', async () => {
  const entries = await reading('alone', entriesOf);
  const quantities = entries.flatMap((entry) =>
    entry.kind === 'purchase' ? entry.value.lines.map(({ thousandths }) => thousandths) : [],
  );
  expect(quantities.every((thousandths) => thousandths % 1_000 === 0)).toBe(true);
  const answers = entries.flatMap((entry) => (entry.kind === 'consent' ? [entry.value] : []));
  const withdrawn = answers.filter(({ given }) => !given).map(({ memberId }) => memberId);
  expect(withdrawn).toEqual(expect.arrayContaining([...factsOf('alone').withdrawn]));
  expect(new Set(answers.map(({ purpose }) => purpose))).toEqual(new Set(['personalization']));
});

test('a log that has a name tells whose each entry is; one that was alone does not', async () => {
  const placesOf = (old: FormatOne) => old.read(1, old.head).map(({ place }) => place);
  const named = await reading('named', placesOf);
  const [origin, last] = factsOf('named').watermark.split(':');
  expect(`${named.at(-1)?.origin}/${named.at(-1)?.epoch}`).toBe(origin);
  expect(named.at(-1)?.sequence).toBe(Number(last));
  expect(named.map((place) => place?.sequence)).toEqual(named.map((_, index) => index + 1));
  expect(new Set(await reading('alone', placesOf))).toEqual(new Set([undefined]));
  const several = await reading('several', placesOf);
  expect(new Set(several.map((place) => place?.origin))).toEqual(new Set(['bay', 'zoo']));
  expect(await reading('named', ({ own }) => own)).toBe('shop');
  expect(await reading('alone', ({ own }) => own)).toBeUndefined();
});

test.each(formatOneNames)(
  '%s: histories and members are read as they were counted',
  async (name) => {
    const { members, rows, merged, erased } = factsOf(name);
    await reading(name, (old) => {
      const histories = [...old.tables.histories.rows()].map(({ value }) => readReceipts(value));
      expect(histories).toHaveLength(members);
      const tickets = entriesOf(old).flatMap((entry) =>
        entry.kind === 'purchase' && entry.value.memberId === undefined ? [entry.value] : [],
      );
      // Several origins may have accepted one, which counts once.
      const counted = new Map(tickets.map((ticket) => [ticket.purchaseId, ticket])).values();
      const lines = [...histories.flat(), ...counted].reduce(
        (sum, one) => sum + one.lines.length,
        0,
      );
      expect(lines).toBe(rows);
      const records = [...old.tables.members.rows()].flatMap(
        ({ key, value }) => readMember(key.toString(), value) ?? [],
      );
      for (const [memberId, fromMemberId] of merged) {
        const record = records.find(({ root }) => root === memberId);
        expect(record?.aliases).toContain(fromMemberId);
      }
      const withdrawn = records.filter(({ isPersonalised }) => !isPersonalised);
      expect(withdrawn.map(({ root }) => root).toSorted()).toEqual(
        [...factsOf(name).withdrawn].toSorted(),
      );
      const ofMembers = [...old.tombstones()].filter((key) => key.toString('latin1', 0, 1) === 'm');
      expect(ofMembers).toHaveLength(erased.length);
    });
  },
);

test('a folder of another format is refused by name', async () => {
  const other = join(folder.path, 'other');
  makeFormatOne(other, 'named');
  await change(other, 'meta', (meta) => meta.put(Buffer.from('formatVersion'), Buffer.from('7')));
  await expect(FormatOne.open(join(other, 'chain'))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    reason: 'FORMAT_VERSION',
    message: expect.stringContaining('data format 7'),
  });
});

async function change(dataDir: string, name: 'meta' | 'log', edit: (table: Table) => void) {
  const root = openRoot(join(dataDir, 'chain'));
  const table = new Table(openDatabase(root, name), name);
  await root.childTransaction(() => edit(table));
  await root.close();
}

function logKey(sequence: number): Buffer {
  return Buffer.from(`000000000001${sequence.toString(16).padStart(16, '0')}`, 'hex');
}

test.each<[what: string, edit: (log: Table) => void, message: string]>([
  ['is missing', (log) => log.remove(logKey(400)), 'log entry 400 is missing'],
  [
    'cannot be read',
    (log) => log.put(logKey(401), Buffer.from('["q",1,[]]')),
    'log entry 401 of data format 1 cannot be read: it is of the unknown kind "q"',
  ],
])('an entry that %s is told by its sequence', async (what, edit, message) => {
  const name: FormatOneName = 'named';
  const dataDir = join(folder.path, what);
  makeFormatOne(dataDir, name);
  await change(dataDir, 'log', edit);
  await expect(reading(what, entriesOf)).rejects.toMatchObject({
    code: 'DATA_LOSS',
    message,
  });
});

const sound = ['p', 1, 480, ['r1', 5, 'ann', null, 'pos', null, [['milk', 2, 990]]]];

test('an entry that a version before has written is read, to the last field', () => {
  const entry = decodeEntry(convertEntry(Buffer.from(JSON.stringify(sound)), 1), 1);
  expect(entry).toMatchObject({
    kind: 'purchase',
    acceptedAtMs: 1,
    value: {
      ...{ purchaseId: 'r1', memberId: 'ann', channel: 'pos', occurredAtMs: 5, offsetMinutes: 480 },
      lines: [{ itemId: 'milk', thousandths: 2_000, unitPriceFen: 990, isGift: false }],
    },
  });
});

test.each<[what: string, entry: unknown]>([
  ['half a piece', [...sound.slice(0, 3), ['r1', 5, null, null, 'pos', null, [['milk', 0.5]]]]],
  ['no lines', [...sound.slice(0, 3), ['r1', 5, null, null, 'pos', null, []]]],
  ['a channel of tomorrow', [...sound.slice(0, 3), ['r1', 5, null, null, 'tv', null, [['a', 1]]]]],
  ['a moment before 1970', [...sound.slice(0, 3), ['r1', -5, null, null, 'pos', null, [['a', 1]]]]],
  ['an offset of days', ['p', 1, 4_000, sound[3]]],
  ['more than it knew', [...sound, 'more']],
  ['less than it knew', sound.slice(0, 3)],
  ['an empty id', ['r', 1, 0, ['', 'r1', 5, null, 'pos', [['milk', 1]]]]],
  ['a merge of one', ['m', 1, ['ann']]],
  ['a consent of words', ['c', 1, ['ann', 'yes', 5, 0]]],
  ['a hash of nobody', ['e', 1, ['abc']]],
  ['an item without an id', ['i', 1, { name: 'milk' }]],
  ['a store in no time zone', ['s', 1, { storeId: 'S1', timeZone: 'Mars/Olympus' }]],
  ['no entry', { kind: 'purchase' }],
])('an entry with %s is refused, and not guessed', (_, entry) => {
  expect(() => convertEntry(Buffer.from(JSON.stringify(entry)), 12)).toThrow(
    /^log entry 12 of data format 1 cannot be read: /,
  );
});

test('bytes that are no JSON are refused by their sequence', () => {
  expect(() => convertEntry(Buffer.from('["p",1'), 12)).toThrow(/^log entry 12 of data format 1/);
});

test('a history that is cut short is refused', () => {
  const entry = Buffer.alloc(56);
  entry.writeUInt16LE(1, 38);
  expect(readReceipts(entry.subarray(0, 52))).toHaveLength(1);
  for (const cut of [60, 51, 30]) {
    const bytes = Buffer.concat([entry.subarray(0, 52), entry]).subarray(0, cut + 42);
    expect(() => readReceipts(bytes)).toThrow('ends too soon');
  }
});
