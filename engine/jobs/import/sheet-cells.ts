// Cells of a sheet: what a spreadsheet keeps as a number, as the text that it shows.
import { millisecondsPerDay } from '../../base/clock.ts';

/** `day` is any style that shows days or times; `digits` fills with zeros up to a width. */
export type NumberStyle =
  | { readonly kind: 'plain' }
  | { readonly kind: 'day' }
  | { readonly kind: 'digits'; readonly width: number };

interface CellPlace {
  /** The `t` of the cell: n, str, inlineStr, b, e, d. */
  readonly kind: string;
  readonly style: NumberStyle | undefined;
  readonly is1904: boolean;
}

const plain: NumberStyle = { kind: 'plain' };
/** Styles of days and times that have a number of their own, in Chinese and Japanese too. */
const dayStyles: readonly (readonly [number, number])[] = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
];
const epochMs = Date.UTC(1899, 11, 30);
const days1904 = 1_462;
/** A double holds 15 decimal digits for sure; a spreadsheet shows no more. */
const digitsShown = 15;

export function styleOf(id: number, code: string | undefined): NumberStyle {
  if (code === undefined) {
    return dayStyles.some(([first, last]) => id >= first && id <= last) ? { kind: 'day' } : plain;
  }
  // Texts in quotes, escaped signs, colours and languages say nothing of the kind.
  const bare = code.replace(/"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]/gi, '').split(';')[0]!;
  if (/[ymdhs年月日时]/i.test(bare) && !/^general$/i.test(bare)) return { kind: 'day' };
  return /^0{2,}$/.test(bare) ? { kind: 'digits', width: bare.length } : plain;
}

/** The text of a cell that is no shared string. */
export function cellText(value: string, { kind, style, is1904 }: CellPlace): string {
  if (value === '' || kind === 'str' || kind === 'inlineStr' || kind === 'e') return value;
  if (kind === 'b') return value === '1' ? 'true' : 'false';
  if (kind === 'd') return value;
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  if (style?.kind === 'day' && number >= 0) return dayText(is1904 ? number + days1904 : number);
  const text = numberText(number);
  return style?.kind === 'digits' ? text.padStart(style.width, '0') : text;
}

/** 0.35599999999999998 is what a file has where 0.356 was typed. */
export function numberText(number: number): string {
  const rounded = Number(number.toPrecision(digitsShown));
  return Number.isSafeInteger(rounded) ? rounded.toFixed(0) : String(rounded);
}

/** Days since the end of 1899 as ISO text: a bare day, a bare time or both. */
function dayText(serial: number): string {
  const ms = Math.round(serial * (millisecondsPerDay / 1_000)) * 1_000;
  const date = new Date(epochMs + ms);
  if (Number.isNaN(date.getTime())) return String(serial);
  const [day, time] = date.toISOString().slice(0, 19).split('T') as [string, string];
  if (serial < 1) return time;
  return ms % millisecondsPerDay === 0 ? day : `${day} ${time}`;
}
