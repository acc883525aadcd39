// The strict reader: what JSON.parse accepts it reads the same, and it tells what JSON.parse lets
// through.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonReader, readJson } from './json.ts';
import { doorLimits } from './limits.ts';

const parseIssuesOf = (text: string) =>
  readJson(text).parseIssues.map(({ path, value }) => ({ path: path.join('.'), value }));

test('any JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1), (text, space) => {
      const spaced = JSON.stringify(JSON.parse(text), null, space);
      expect(readJson(spaced).value).toEqual(JSON.parse(spaced));
    }),
  );
});

test('any text is refused by both or read by both', () => {
  const letters = fc.constantFrom(...'{}[]":,\\u0019-+.eE tfnrualsd\n'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 24 }), (text) => {
      const read = (reader: () => unknown) => {
        try {
          return JSON.stringify(reader());
        } catch {
          return 'refused';
        }
      };
      expect(read(() => readJson(text).value)).toBe(read(() => JSON.parse(text)));
    }),
    { numRuns: 2_000 },
  );
});

test('a key given twice is a parse issue at its place', () => {
  expect(parseIssuesOf('{"lines":[{"a":1},{"b":1,"b":2}]}')).toEqual([
    { path: 'lines.1.b', value: 'repeated' },
  ]);
  expect(parseIssuesOf('{"a":1,"\\u0061":2}')).toEqual([{ path: 'a', value: 'repeated' }]);
});

test('__proto__ is a key like any other and touches no prototype', () => {
  const { value } = readJson('{"__proto__":{"quantity":1}}');
  expect(Object.keys(value as object)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('lone surrogates, negative zero and endless numbers are parse issues', () => {
  expect(parseIssuesOf('{"id":"a\\ud800"}')).toEqual([{ path: 'id', value: '"a\\ud800"' }]);
  expect(parseIssuesOf('["\\ud83d\\ude00"]')).toEqual([]);
  expect(parseIssuesOf('[-0, -0.0, 0, 1e400]')).toEqual([
    { path: '0', value: '"-0"' },
    { path: '1', value: '"-0.0"' },
    { path: '3', value: '"1e400"' },
  ]);
});

test('what is not JSON is refused with field and position', () => {
  expect(() => readJson('{"lines":[{"quantity":NaN}]}')).toThrow(
    'lines[0].quantity is not JSON: expected a value at position 22, found "NaN}]}"',
  );
  expect(() => readJson('{"a":1')).toThrow('expected "}" at position 6, found the end');
  expect(() => readJson('')).toThrow('body is not JSON');
});

test('nesting is bounded', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  expect(readJson(nested(doorLimits.jsonDepthMax)).parseIssues).toEqual([]);
  expect(() => readJson(nested(doorLimits.jsonDepthMax + 1))).toThrow('nests deeper than 16');
  expect(() => readJson('['.repeat(1_000_000))).toThrow('nests deeper than 16');
});

test('no parse issue is dropped unseen: too many refuse the whole body', () => {
  const many = (count: number) => `[${Array(count).fill('-0').join(',')}]`;
  expect(readJson(many(doorLimits.parseIssuesMax)).parseIssues).toHaveLength(
    doorLimits.parseIssuesMax,
  );
  expect(() => readJson(many(doorLimits.parseIssuesMax + 1))).toThrow(
    'more than 1000 parse issues',
  );
});

/** Reads a text `units` at a time; the reading, and how many pieces it took. */
function inPieces(text: string, units: number) {
  const reader = new JsonReader(text);
  let pieces = 1;
  while (!reader.read(units)) pieces += 1;
  return { ...reader.reading, pieces };
}

test('any text that is read in pieces is the same as read at once', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 1, max: 60 }), (text, units) => {
      const { value, parseIssues } = inPieces(text, units);
      expect({ value, parseIssues }).toEqual(readJson(text));
    }),
  );
  const broken = '{"a":[1,"\\ud800\\u0041",{"b":-0,"b":2}]}';
  for (let units = 1; units < 60; units++) {
    expect(inPieces(broken, units).parseIssues).toEqual(readJson(broken).parseIssues);
  }
});

test.each([
  ['numbers', `[${Array(50_000).fill(0).join()}]`],
  ['objects', `[${Array(50_000).fill('{}').join()}]`],
  ['one text of escapes', `"${'\\n'.repeat(400_000)}"`],
  ['one key of escapes', `{"${'\\u4e2d'.repeat(100_000)}":1}`],
  ['receipts', JSON.stringify(Array(2_000).fill({ itemId: 'milk', quantity: 1 }))],
])('no piece of %s is much longer than another', (_, text) => {
  const units = 10_000;
  // What is beyond its characters is what its values cost.
  expect(inPieces(text, units).pieces).toBeGreaterThanOrEqual(Math.floor(text.length / units));
});

test('a body of more values than the largest that we take is refused', () => {
  const array = (values: number) => `[${Array(values).fill(0).join()}]`;
  expect(readJson(array(doorLimits.jsonValuesMax - 1)).parseIssues).toEqual([]);
  expect(() => readJson(array(doorLimits.jsonValuesMax))).toThrow('more than 131072 values');
});

test('an object of too many fields is told once, and none beyond the limit is kept', () => {
  const object = (fields: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: fields }, (_, k) => [`k${k}`, k])));
  const most = doorLimits.jsonFieldsMax;
  expect(readJson(object(most)).parseIssues).toEqual([]);
  const { value, parseIssues } = readJson(`[1,${object(10 * most)},2]`);
  expect(parseIssues).toEqual([
    { path: [1], message: 'has more than 32 fields', value: 'more than 32', limit: '32' },
  ]);
  expect(Object.keys((value as object[])[1]!)).toHaveLength(most);
  expect((value as unknown[])[2]).toBe(2);
});
