// Memo: what texts came to that stand in a file again and again, such as prices and stores.
import type { DecimalMark } from './amounts.ts';

/** Some 200 B each with its text: 3 MB. */
const textsMax = 16_384;

/** The same function, which must be pure; it forgets all when it would remember too much. */
export function remembering<Result>(read: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    let result = known.get(text);
    if (result !== undefined) return result;
    result = read(text);
    if (known.size >= textsMax) known.clear();
    known.set(text, result);
    return result;
  };
}

/** The same for amounts, which another decimal mark makes others. */
export function rememberingAmounts<Result>(
  read: (text: string, mark: DecimalMark) => Result,
): (text: string, mark: DecimalMark) => Result {
  const dot = remembering((text) => read(text, '.'));
  const comma = remembering((text) => read(text, ','));
  const open = remembering((text) => read(text, undefined));
  return (text, mark) => (mark === '.' ? dot : mark === ',' ? comma : open)(text);
}

/** The same for what mostly stands in row after row, such as the number of a receipt. */
export function lastOf<Result>(read: (text: string) => Result): (text: string) => Result {
  let last: { readonly text: string; readonly result: Result } | undefined;
  return (text) => {
    if (last === undefined || text !== last.text) last = { text, result: read(text) };
    return last.result;
  };
}
