// JSON text as single objects: the lines of NDJSON, or the elements of the array of a document,
// without ever holding more than one of them.
import { unreadable } from './file.ts';

export interface ObjectText {
  /** The line that it begins on, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A receipt of 2,000 lines takes some 200 KB; a longer text is no receipt. */
const objectCharactersMax = 4_194_304;

/** The lines that hold anything; only `\n` ends one, as JSON text may hold U+2028. */
export async function* readLines(
  bytes: AsyncIterable<Buffer>,
  label: string,
): AsyncGenerator<readonly ObjectText[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let line = 0;
  const number = (texts: readonly string[]): ObjectText[] =>
    texts.flatMap((text) => {
      line += 1;
      return text.trim() === '' ? [] : [{ line, text: text.trimEnd() }];
    });
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > objectCharactersMax) throw tooLong(label, 'a line');
    const some = number(lines);
    if (some.length > 0) yield some;
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield number([rest]);
}

/**
 * The objects of the first array of objects in a document: of `[…]` itself, or of `{"data": […]}`
 * and the like, however deep it lies.
 */
export async function* readElements(
  bytes: AsyncIterable<Buffer>,
  label: string,
): AsyncGenerator<readonly ObjectText[]> {
  const decoder = new TextDecoder('utf-8');
  const splitter = new ElementSplitter(label);
  for await (const chunk of bytes) {
    const found = splitter.add(decoder.decode(chunk, { stream: true }));
    if (found.length > 0) yield found;
  }
  const last = splitter.add(decoder.decode());
  if (last.length > 0) yield last;
  splitter.end();
}

/** Follows brackets and strings; an element is an object directly inside the outermost array. */
class ElementSplitter {
  private readonly label: string;
  /** Open brackets up to the array whose elements are taken. */
  private depth = 0;
  private arrayDepth = 0;
  private isInString = false;
  private isEscaped = false;
  private line = 1;
  private startLine = 1;
  /** The element under way, from former chunks. */
  private element = '';
  private elementDepth = 0;
  private isThrough = false;
  private hasElements = false;

  constructor(label: string) {
    this.label = label;
  }

  add(text: string): ObjectText[] {
    const found: ObjectText[] = [];
    let start = this.elementDepth > 0 ? 0 : -1;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 10) this.line += 1;
      if (this.isInString) {
        this.inString(code);
        continue;
      }
      if (code === 34) this.isInString = true;
      else if (code === 91 || code === 123) {
        if (this.open(code === 91)) start = at;
      } else if ((code === 93 || code === 125) && this.close()) {
        found.push({ line: this.startLine, text: this.element + text.slice(start, at + 1) });
        this.element = '';
        start = -1;
      }
    }
    if (start >= 0) this.element += text.slice(start);
    if (this.element.length > objectCharactersMax) throw tooLong(this.label, 'an object');
    return found;
  }

  /** A document that is cut off must not pass for a short one. */
  end(): void {
    if (this.depth === 0) return;
    throw unreadable(this.label, new Error('its JSON ends inside an object or array'));
  }

  private inString(code: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (code === 92) this.isEscaped = true;
    else if (code === 34) this.isInString = false;
  }

  /** Whether an element begins here. */
  private open(isArray: boolean): boolean {
    this.depth += 1;
    if (this.elementDepth > 0 || this.isThrough) return false;
    if (isArray) {
      if (this.arrayDepth === 0) this.arrayDepth = this.depth;
      return false;
    }
    if (this.arrayDepth === 0 || this.depth !== this.arrayDepth + 1) return false;
    this.elementDepth = this.depth;
    this.startLine = this.line;
    return true;
  }

  /** A list of numbers or texts is passed over: that of objects comes later. */
  private endArray(): void {
    this.arrayDepth = 0;
    this.isThrough = this.hasElements;
  }

  /** Whether an element ends here. */
  private close(): boolean {
    const isElement = this.elementDepth > 0 && this.depth === this.elementDepth;
    if (this.depth === this.arrayDepth && this.elementDepth === 0) this.endArray();
    this.depth -= 1;
    if (isElement) {
      this.elementDepth = 0;
      this.hasElements = true;
    }
    // One document after the other, as pages of an interface are saved.
    if (this.depth === 0) [this.isThrough, this.hasElements] = [false, false];
    return isElement;
  }
}

function tooLong(label: string, what: string) {
  return unreadable(label, new Error(`${what} is longer than ${objectCharactersMax} characters`));
}
