// The characters of JSON (RFC 8259): what they are called, and where runs of them end.

export const patterns = {
  space: /[ \t\r\n]*/y,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids these in a string.
  plain: /[^"\\\u0000-\u001f]*/y,
  number: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y,
} as const;

export const code = {
  space: 0x20,
  quote: 0x22,
  comma: 0x2c,
  digit0: 0x30,
  digit9: 0x39,
  colon: 0x3a,
  beginArray: 0x5b,
  backslash: 0x5c,
  endArray: 0x5d,
  beginObject: 0x7b,
  endObject: 0x7d,
} as const;

/** Where ends what a sticky pattern matches; `from` itself when it matches nothing. */
export function endOfRun(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

export function isDigit(unit: number): boolean {
  return unit >= code.digit0 && unit <= code.digit9;
}

export function isSpace(unit: number): boolean {
  return unit === code.space || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

export function isHex(text: string, from: number): boolean {
  for (let at = from; at < from + 4; at++) {
    const unit = text.charCodeAt(at);
    const letter = unit | 0x20;
    if (!isDigit(unit) && !(letter >= 0x61 && letter <= 0x66)) return false;
  }
  return true;
}
