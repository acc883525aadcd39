// Reads JSON (RFC 8259) strictly. JSON.parse keeps the last of two equal keys, turns \ud800 into a
// broken string and 1e400 into Infinity, and often tells no position; each of these would let a
// receipt mean something nobody sent.
import { EngineError } from '../engine/index.ts';
import { doorLimits } from './limits.ts';
import { shown, shownPath } from './shown.ts';

export type Path = readonly (string | number)[];

/** Well-formed JSON that a careful reader must still refuse, at its place in the value. */
export interface Flaw {
  readonly path: Path;
  readonly message: string;
  readonly value: string;
  readonly limit: string;
}

export interface JsonReading {
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
}

interface Reader {
  readonly text: string;
  position: number;
  readonly path: (string | number)[];
  readonly flaws: Flaw[];
}

/** Throws INVALID_ARGUMENT with the position for what is not JSON or nests too deep. */
export function readJson(text: string): JsonReading {
  const reader: Reader = { text, position: 0, path: [], flaws: [] };
  const value = readValue(reader);
  skipSpace(reader);
  if (reader.position < text.length) throw malformed(reader, 'the end of the body');
  return { value, flaws: reader.flaws };
}

/**
 * Sets an own property whatever its name: plain assignment of `__proto__` would set the prototype.
 */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

const spacePattern = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string.
const plainPattern = /[^"\\\u0000-\u001f]*/y;
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function readValue(reader: Reader): unknown {
  skipSpace(reader);
  switch (reader.text[reader.position]) {
    case '{':
      return readObject(reader);
    case '[':
      return readArray(reader);
    case '"':
      return readString(reader);
    case 't':
      return readWord(reader, 'true', true);
    case 'f':
      return readWord(reader, 'false', false);
    case 'n':
      return readWord(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: Reader): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  enter(reader);
  if (takes(reader, '}')) return object;
  do {
    skipSpace(reader);
    if (reader.text[reader.position] !== '"') throw malformed(reader, 'a quoted key');
    const key = readString(reader);
    reader.path.push(key);
    if (Object.hasOwn(object, key)) {
      flaw(reader, 'is given more than once', { value: 'repeated', limit: 'once' });
    }
    expect(reader, ':');
    setOwn(object, key, readValue(reader));
    reader.path.pop();
  } while (takes(reader, ','));
  expect(reader, '}');
  return object;
}

function readArray(reader: Reader): unknown[] {
  const array: unknown[] = [];
  enter(reader);
  if (takes(reader, ']')) return array;
  do {
    reader.path.push(array.length);
    array.push(readValue(reader));
    reader.path.pop();
  } while (takes(reader, ','));
  expect(reader, ']');
  return array;
}

function readString(reader: Reader): string {
  const start = reader.position;
  let end = run(plainPattern, reader.text, start + 1);
  if (reader.text[end] === '"') {
    reader.position = end + 1;
    return reader.text.slice(start + 1, end);
  }
  while (reader.text[end] === '\\') {
    const escaped = run(escapePattern, reader.text, end);
    reader.position = end;
    if (escaped === end) throw malformed(reader, 'an escape such as \\n or \\u4e2d');
    end = run(plainPattern, reader.text, escaped);
  }
  reader.position = end;
  if (reader.text[end] !== '"') throw malformed(reader, 'a closing quote');
  reader.position = end + 1;
  return readEscaped(reader, reader.text.slice(start, end + 1));
}

function readEscaped(reader: Reader, quoted: string): string {
  const string = JSON.parse(quoted) as string;
  if (!string.isWellFormed()) {
    const message = 'must be well-formed Unicode (no lone surrogates)';
    flaw(reader, message, { value: shown(string), limit: 'well-formed Unicode' });
  }
  return string;
}

function readNumber(reader: Reader): number {
  const end = run(numberPattern, reader.text, reader.position);
  if (end === reader.position) throw malformed(reader, 'a value');
  const token = reader.text.slice(reader.position, end);
  reader.position = end;
  const value = Number(token);
  if (Object.is(value, -0)) {
    flaw(reader, 'must not be negative zero', { value: shown(token), limit: '0' });
  }
  if (!Number.isFinite(value)) {
    const limit = String(Number.MAX_VALUE);
    flaw(reader, 'is too large for a number', { value: shown(token), limit });
  }
  return value;
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.position)) throw malformed(reader, 'a value');
  reader.position += word.length;
  return value;
}

/**
 * The end of what a sticky pattern matches from `position`; `position` itself when nothing does.
 */
function run(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}

function skipSpace(reader: Reader): void {
  reader.position = run(spacePattern, reader.text, reader.position);
}

function enter(reader: Reader): void {
  if (reader.path.length >= doorLimits.jsonDepthMax) {
    const limit = doorLimits.jsonDepthMax;
    const message = `nests deeper than ${limit} levels at position ${reader.position}`;
    throw new EngineError('INVALID_ARGUMENT', message, {
      violations: [{ field: 'body', value: shownPath(reader.path), limit, message }],
    });
  }
  reader.position += 1;
}

function takes(reader: Reader, character: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.position] !== character) return false;
  reader.position += 1;
  return true;
}

function expect(reader: Reader, character: ':' | '}' | ']'): void {
  if (!takes(reader, character)) throw malformed(reader, `"${character}"`);
}

function flaw(reader: Reader, message: string, told: { value: string; limit: string }): void {
  // Dropping some would let the receipts they belong to pass, so a body with too many is refused
  // whole.
  if (reader.flaws.length >= doorLimits.flawsMax) {
    throw new EngineError('INVALID_ARGUMENT', `body has more than ${doorLimits.flawsMax} faults`, {
      violations: [{ field: shownPath(reader.path), message, ...told }],
    });
  }
  reader.flaws.push({ path: [...reader.path], message, ...told });
}

function malformed(reader: Reader, expected: string): EngineError {
  const { text, position } = reader;
  const found = position < text.length ? shown(text.slice(position, position + 12)) : 'the end';
  const message = `is not JSON: expected ${expected} at position ${position}, found ${found}`;
  const field = reader.path.length > 0 ? shownPath(reader.path) : 'body';
  return new EngineError('INVALID_ARGUMENT', `${field} ${message}`, {
    violations: [{ field, value: found, limit: 'JSON (RFC 8259)', message }],
  });
}
