// How a caller's own words are repeated in an error: short, escaped, and never a way to smuggle
// bytes into a log.
import { doorLimits } from './limits.ts';

/**
 * JSON notation of a value, shortened; containers are shown by their size, `undefined` as `absent`.
 */
export function quoteValue(value: unknown): string {
  if (value === undefined) return 'absent';
  if (typeof value === 'string') return quoteText(value);
  // JSON has no notation for what a refused number may be: -0, NaN, Infinity.
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    return `object of ${Object.keys(value).length} fields`;
  }
  return String(value);
}

function quoteText(text: string): string {
  const { quotedCharactersMax } = doorLimits;
  if (text.length <= quotedCharactersMax) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, quotedCharactersMax))}… (${text.length} characters)`;
}

/** `lines[3].itemId`; a key that is no plain word is put in brackets, quoted and shortened. */
export function quotePath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_]\w{0,63}$/.test(String(step))) text += `${text && '.'}${String(step)}`;
    else text += `[${quoteText(String(step))}]`;
  }
  return text;
}
