// Reads JSON (RFC 8259) strictly, and a long text piece by piece. JSON.parse keeps the last of two
// equal keys, turns \ud800 into a broken string and 1e400 into Infinity, often tells no position,
// and cannot stop half-way; each of the first would let a receipt mean something nobody sent.
import { EngineError } from '../engine/index.ts';
import { code, endOfRun, isDigit, isHex, isSpace, patterns } from './json-characters.ts';
import { doorLimits } from './limits.ts';
import { quotePath, quoteValue } from './quote-value.ts';

export type Path = readonly (string | number)[];

/** Well-formed JSON that a careful reader must still refuse, at its place in the value. */
export interface ParseIssue {
  readonly path: Path;
  readonly message: string;
  readonly value: string;
  readonly limit: string;
  /** Of a number that is not what was written; a schema that refuses it says more. */
  readonly isOfDigits?: true;
}

export interface JsonReading {
  readonly value: unknown;
  readonly parseIssues: readonly ParseIssue[];
}

/** All at once. Throws INVALID_ARGUMENT as JsonReader does. */
export function readJson(text: string): JsonReading {
  const reader = new JsonReader(text);
  reader.read(Number.POSITIVE_INFINITY);
  return reader.reading;
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

/** Whole numbers of so many digits are exact, and need no parser. */
const plainDigitsMax = 15;
/** What a value costs beside its characters, in characters; measured. */
const unitsPerValue = 16;
/** Longer runs of plain characters or of spaces are passed faster by a pattern. */
const runUsual = 32;

/** An array or an object that is being read; where its next value goes is the end of the path. */
interface Container {
  readonly array: unknown[] | undefined;
  readonly object: Record<string, unknown> | undefined;
  /** Fields met so far, those that are not kept among them. */
  fields: number;
}

/**
 * Reads one text in as many pieces as its caller likes. Throws INVALID_ARGUMENT with the position
 * for what is not JSON, nests too deep or holds too many values.
 */
export class JsonReader {
  private readonly text: string;
  private readonly path: (string | number)[] = [];
  private readonly open: Container[] = [];
  private readonly parseIssues: ParseIssue[] = [];
  private position = 0;
  private values = 0;
  private value: unknown;
  /** Whether a value comes next, and not what stands after one. */
  private isValueNext = true;
  /** Where the string begins that is being read; -1 between strings. */
  private stringStart = -1;
  private hasEscapes = false;
  private isKey = false;
  private isDone = false;

  constructor(text: string) {
    this.text = text;
  }

  /** Once `read` has said that all is read. */
  get reading(): JsonReading {
    return { value: this.value, parseIssues: this.parseIssues };
  }

  /** Reads on for about `units` (a character is one); returns whether all is read. */
  read(units: number): boolean {
    const end = this.position + units;
    const startValues = this.values;
    while (!this.isDone) {
      const stop = end - (this.values - startValues) * unitsPerValue;
      if (this.position >= stop) return false;
      if (this.stringStart >= 0) this.readString(stop);
      else if (this.isValueNext) this.readValue();
      else this.readSeparator();
    }
    return true;
  }

  private readValue(): void {
    this.skipSpace();
    this.values += 1;
    if (this.values > doorLimits.jsonValuesMax) throw this.tooManyValues();
    const first = this.text.charCodeAt(this.position);
    if (first === code.quote) this.beginString(false);
    else if (first === code.beginObject) this.beginObject();
    else if (first === code.beginArray) this.beginArray();
    else this.place(this.readScalar());
  }

  private beginObject(): void {
    this.enter();
    const object: Record<string, unknown> = {};
    if (this.takes(code.endObject)) {
      this.place(object);
    } else {
      this.open.push({ array: undefined, object, fields: 0 });
      this.readKey();
    }
  }

  private beginArray(): void {
    this.enter();
    const array: unknown[] = [];
    if (this.takes(code.endArray)) {
      this.place(array);
    } else {
      this.open.push({ array, object: undefined, fields: 0 });
      this.path.push(0);
      this.isValueNext = true;
    }
  }

  private readKey(): void {
    this.skipSpace();
    if (this.text.charCodeAt(this.position) !== code.quote) throw this.malformed('a quoted key');
    const container = this.open.at(-1)!;
    container.fields += 1;
    if (container.fields === doorLimits.jsonFieldsMax + 1) this.tooManyFields();
    this.beginString(true);
  }

  private placeKey(key: string): void {
    this.path.push(key);
    if (Object.hasOwn(this.open.at(-1)!.object!, key)) {
      this.addParseIssue('is given more than once', { value: 'repeated', limit: 'once' });
    }
    if (!this.takes(code.colon)) throw this.malformed('":"');
    this.isValueNext = true;
  }

  /** Puts a whole value where it belongs. */
  private place(value: unknown): void {
    const container = this.open.at(-1);
    this.isValueNext = false;
    if (container === undefined) this.value = value;
    else if (container.array !== undefined) container.array.push(value);
    else if (container.fields <= doorLimits.jsonFieldsMax) {
      setOwn(container.object!, this.path.at(-1) as string, value);
    }
  }

  /** What stands after a value: another one, or the end of what holds it. */
  private readSeparator(): void {
    const container = this.open.at(-1);
    if (container === undefined) {
      this.readEnd();
      return;
    }
    const { array, object } = container;
    this.path.pop();
    if (!this.takes(code.comma)) {
      this.endContainer(array ?? object, array === undefined ? '}' : ']');
    } else if (array === undefined) {
      this.readKey();
    } else {
      this.path.push(array.length);
      this.isValueNext = true;
    }
  }

  private endContainer(value: unknown, bracket: '}' | ']'): void {
    if (!this.takes(bracket.charCodeAt(0))) throw this.malformed(`"${bracket}"`);
    this.open.pop();
    this.place(value);
  }

  private readEnd(): void {
    this.skipSpace();
    if (this.position < this.text.length) throw this.malformed('the end of the body');
    this.isDone = true;
  }

  private beginString(isKey: boolean): void {
    this.stringStart = this.position;
    this.position += 1;
    this.isKey = isKey;
    this.hasEscapes = false;
  }

  /** Goes on in the string that is open, up to `stop`; closes it at its end. */
  private readString(stop: number): void {
    const { text } = this;
    let at = this.position;
    for (let run = 0; at < stop; at++) {
      const unit = text.charCodeAt(at);
      if (unit === code.quote) {
        this.endString(at);
        return;
      }
      if (unit === code.backslash) {
        at = this.endOfEscape(at);
        run = 0;
      } else if (!(unit >= code.space)) {
        this.position = Math.min(at, text.length);
        throw this.malformed('a closing quote');
      } else if (++run === runUsual) {
        at = endOfRun(patterns.plain, text, at) - 1;
      }
    }
    this.position = at;
  }

  private endString(end: number): void {
    const { text, stringStart: start, hasEscapes } = this;
    this.position = end + 1;
    this.stringStart = -1;
    const string = hasEscapes
      ? this.unescaped(text.slice(start, end + 1))
      : text.slice(start + 1, end);
    if (this.isKey) this.placeKey(string);
    else this.place(string);
  }

  /** The last character of an escape that begins at a backslash. */
  private endOfEscape(at: number): number {
    const { text } = this;
    this.hasEscapes = true;
    const letter = text[at + 1] ?? 'end';
    if ('"\\/bfnrt'.includes(letter)) return at + 1;
    if (letter === 'u' && isHex(text, at + 2)) return at + 5;
    this.position = at;
    throw this.malformed('an escape such as \\n or \\u4e2d');
  }

  private unescaped(quoted: string): string {
    const string = JSON.parse(quoted) as string;
    if (!string.isWellFormed()) {
      const message = 'must be well-formed Unicode (no lone surrogates)';
      this.addParseIssue(message, { value: quoteValue(string), limit: 'well-formed Unicode' });
    }
    return string;
  }

  private readScalar(): unknown {
    switch (this.text.charCodeAt(this.position)) {
      case 0x74:
        return this.readWord('true', true);
      case 0x66:
        return this.readWord('false', false);
      case 0x6e:
        return this.readWord('null', null);
      default:
        return this.readNumber();
    }
  }

  private readWord<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.position)) throw this.malformed('a value');
    this.position += word.length;
    return value;
  }

  private readNumber(): number {
    const { text, position: start } = this;
    let at = start;
    let whole = 0;
    for (; isDigit(text.charCodeAt(at)); at++) {
      whole = whole * 10 + text.charCodeAt(at) - code.digit0;
    }
    const isWhole = at > start && at - start <= plainDigitsMax && !'.eE'.includes(text[at] ?? ' ');
    const isPlain = isWhole && (at === start + 1 || text.charCodeAt(start) !== code.digit0);
    if (!isPlain) return this.readAnyNumber();
    this.position = at;
    return whole;
  }

  private readAnyNumber(): number {
    const end = endOfRun(patterns.number, this.text, this.position);
    if (end === this.position) throw this.malformed('a value');
    const token = this.text.slice(this.position, end);
    this.position = end;
    const value = Number(token);
    if (Object.is(value, -0)) {
      this.addParseIssue('must not be negative zero', { value: quoteValue(token), limit: '0' });
    }
    if (!Number.isFinite(value)) {
      const limit = String(Number.MAX_VALUE);
      this.addParseIssue('is too large for a number', { value: quoteValue(token), limit });
    } else if (Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?\d+$/.test(token)) {
      // An id of a client whose language counts further: it would become another one here.
      const message = 'has more digits than a JSON number keeps; write it as a text';
      this.addParseIssue(message, { value: token, limit: 'up to 2^53 - 1', isOfDigits: true });
    }
    return value;
  }

  private skipSpace(): void {
    const { text, position: start } = this;
    let at = start;
    while (isSpace(text.charCodeAt(at)) && at - start < runUsual) at += 1;
    this.position = at - start < runUsual ? at : endOfRun(patterns.space, text, at);
  }

  private takes(unit: number): boolean {
    this.skipSpace();
    if (this.text.charCodeAt(this.position) !== unit) return false;
    this.position += 1;
    return true;
  }

  private enter(): void {
    if (this.open.length >= doorLimits.jsonDepthMax) {
      const limit = doorLimits.jsonDepthMax;
      const message = `nests deeper than ${limit} levels at position ${this.position}`;
      throw new EngineError('INVALID_ARGUMENT', message, {
        violations: [{ field: 'body', value: quotePath(this.path), limit, message }],
      });
    }
    this.position += 1;
  }

  private tooManyValues(): EngineError {
    const limit = doorLimits.jsonValuesMax;
    const message = `holds more than ${limit} values`;
    return new EngineError('INVALID_ARGUMENT', `body ${message}`, {
      violations: [{ field: 'body', value: `more than ${limit}`, limit, message }],
    });
  }

  /** What comes after them is read but not kept, so that the object can only be refused. */
  private tooManyFields(): void {
    const limit = String(doorLimits.jsonFieldsMax);
    this.addParseIssue(`has more than ${limit} fields`, { value: `more than ${limit}`, limit });
  }

  private addParseIssue(
    message: string,
    detail: Pick<ParseIssue, 'value' | 'limit' | 'isOfDigits'>,
  ): void {
    // Dropping some would let the receipts they belong to pass, so a body with too many is refused
    // whole.
    const { value, limit } = detail;
    if (this.parseIssues.length >= doorLimits.parseIssuesMax) {
      const most = `body has more than ${doorLimits.parseIssuesMax} parse issues`;
      throw new EngineError('INVALID_ARGUMENT', most, {
        violations: [{ field: quotePath(this.path), message, value, limit }],
      });
    }
    this.parseIssues.push({ path: [...this.path], message, ...detail });
  }

  private malformed(expected: string): EngineError {
    const { text, position } = this;
    const found =
      position < text.length ? quoteValue(text.slice(position, position + 12)) : 'the end';
    const message = `is not JSON: expected ${expected} at position ${position}, found ${found}`;
    const field = this.path.length > 0 ? quotePath(this.path) : 'body';
    return new EngineError('INVALID_ARGUMENT', `${field} ${message}`, {
      violations: [{ field, value: found, limit: 'JSON (RFC 8259)', message }],
    });
  }
}
