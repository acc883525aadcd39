// Words of rows: channels, and what an item is called.
import { limits } from '../../base/limits.ts';
import { channels } from '../../base/shapes.ts';
import type { Purchase } from '../../events/purchase.ts';
import { remembering } from './memo.ts';
import { blankWords, replacementCharacter } from './row-ids.ts';

export type Channel = Purchase['channel'];

const channelWords: Readonly<Record<string, Channel>> = {
  miniprogram: 'mini_program',
  'mini-program': 'mini_program',
  小程序: 'mini_program',
  微信小程序: 'mini_program',
  线下: 'pos',
  门店: 'pos',
  收银: 'pos',
  store: 'pos',
  网店: 'web',
  网站: 'web',
  online: 'web',
};

/** Undefined where a word says that there is none. */
export function channelOf(text: string): Channel | 'unknown' | undefined {
  const word = text.trim().toLowerCase();
  if (blankWords.test(word)) return undefined;
  const known = (channels as readonly string[]).includes(word) ? word : channelWords[word];
  return (known ?? 'unknown') as Channel | 'unknown';
}

export function readWords(text: string): string | undefined {
  return text === '' ? undefined : wordsOf(text).kept;
}

/** Words that cannot be kept are dropped, because the receipt is right without them. */
const wordsOf = remembering((text) => ({ kept: keptWords(text) }));

function keptWords(text: string): string | undefined {
  const name = text.replaceAll('\u00A0', ' ').trim();
  if (name === '' || !name.isWellFormed() || name.includes(replacementCharacter)) return undefined;
  if (name.length <= limits.nameCharactersMax) return name;
  // A cut through a surrogate pair leaves a half that is no text; it goes too.
  const cut = name.slice(0, limits.nameCharactersMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
