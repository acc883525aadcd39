// What an item is by its name: patterns of names that no goods have, such as 运费 or "Carrier bag
// 10p". Names are read as words, and a pattern has to account for all of them, so that "tote bag"
// or "gift card holder" stay what they are.
import { z } from 'zod';
import { limits } from '../base/limits.ts';
import { textSchema } from '../base/shapes.ts';
import { type Item, type ItemRole, itemRoles } from './shapes.ts';

const phrasesSchema = z
  .array(textSchema(limits.rolePhraseCharactersMax))
  .max(limits.rolePhrasesMax);

/** A file of patterns. docs/guides/item-roles.md is its manual. */
export const rolePatternsSchema = z.strictObject({
  /** What an item is that costs nothing, whatever its name. */
  free: z.enum(itemRoles).default('goods'),
  /** Words that may stand in the name of anything. */
  common: phrasesSchema.default([]),
  /** Asked in this order: goods first, as exceptions from all others. */
  roles: z.partialRecord(
    z.enum(itemRoles),
    z.strictObject({ names: phrasesSchema, with: phrasesSchema.default([]) }),
  ),
});

export type RolePatterns = z.output<typeof rolePatternsSchema>;

/** The role of an item that nobody said anything of; undefined: goods. */
export type GuessRole = (item: Pick<Item, 'name' | 'priceFen'>) => ItemRole | undefined;

/** Each Han and kana sign is a word, since they are written without spaces. */
const sign = '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}]';
const wordPattern = new RegExp(`${sign}|(?:(?!${sign})\\p{L})+|\\p{N}+(?:[.,]\\p{N}+)*|#`, 'gu');
const amount = '#';

/** Without case, accents and plural; every number is `#`. */
function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/[\p{M}'’`]/gu, '')
    .toLowerCase();
  return (plain.match(wordPattern) ?? []).map((word) => {
    if (/^\p{N}/u.test(word)) return amount;
    return word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word;
  });
}

interface Phrase {
  readonly words: readonly string[];
  /** Whether the name may be made of this and what goes with it. */
  readonly isName: boolean;
}

/** The phrases of one role by their first words. */
type Vocabulary = ReadonlyMap<string, readonly Phrase[]>;

interface Pattern {
  readonly role: ItemRole;
  readonly phrases: Vocabulary;
  /** Names that anything may stand before, `*费`, and those that anything may follow, `赠品*`. */
  readonly endings: Vocabulary;
  readonly beginnings: Vocabulary;
}

/** Makes the function that knows items by these patterns. */
export function compileRoles({ free, common, roles }: RolePatterns): GuessRole {
  const order = [...itemRoles].filter((role) => roles[role] !== undefined);
  const patterns = order.map((role): Pattern => {
    const { names, with: others } = roles[role]!;
    const isEnding = (name: string) => name.startsWith('*');
    const isBeginning = (name: string) => !isEnding(name) && name.endsWith('*');
    const whole = names.filter((name) => !isEnding(name) && !isBeginning(name));
    return {
      role,
      phrases: vocabularyOf(whole, [...others, ...common]),
      endings: vocabularyOf(names.filter(isEnding)),
      beginnings: vocabularyOf(names.filter(isBeginning)),
    };
  });
  const firstOfEndings = new Set(patterns.flatMap(({ endings }) => [...endings.keys()]));
  return ({ name, priceFen }) => {
    const words = name === undefined ? [] : wordsOf(name);
    const mayEnd = words.some((word) => firstOfEndings.has(word));
    const found = patterns.find((pattern) => accountsFor(words, pattern, mayEnd))?.role;
    const role = found ?? (priceFen === 0 ? free : 'goods');
    return role === 'goods' ? undefined : role;
  };
}

function vocabularyOf(names: readonly string[], others: readonly string[] = []): Vocabulary {
  const vocabulary = new Map<string, Phrase[]>();
  const add = (text: string, isName: boolean) => {
    const words = wordsOf(text);
    const [first] = words;
    if (first === undefined) return;
    const known = vocabulary.get(first) ?? [];
    vocabulary.set(first, known);
    known.push({ words, isName });
  };
  for (const name of names) add(name, true);
  for (const other of others) add(other, false);
  return vocabulary;
}

/**
 * Whether words are phrases of a pattern, one after the other, with a name among them. `mayEnd`:
 * whether any of them begins an ending.
 */
function accountsFor(words: readonly string[], pattern: Pattern, mayEnd: boolean): boolean {
  const { phrases, endings, beginnings } = pattern;
  const begins = (phrase: Phrase) => standsAt(words, 0, phrase);
  if (words.length > 0 && beginnings.get(words[0]!)?.some(begins)) return true;
  // By the words before a place: whether they are accounted for, and with a name among them.
  const reached = new Uint8Array(words.length + 1);
  const [unnamed, named] = [1, 2];
  reached[0] = unnamed;
  let furthest = 0;
  const reach = (place: number, how: number) => {
    reached[place]! |= how;
    furthest = Math.max(furthest, place);
  };
  for (const [at, word] of words.entries()) {
    // Most names are not accounted for from their first words on.
    if (at > furthest && !mayEnd) return false;
    for (const ending of endings.get(word) ?? []) {
      if (standsAt(words, at, ending)) reach(at + ending.words.length, named);
    }
    const before = reached[at]!;
    if (before === 0) continue;
    if (word === amount) reach(at + 1, before);
    for (const phrase of phrases.get(word) ?? []) {
      if (!standsAt(words, at, phrase)) continue;
      reach(at + phrase.words.length, phrase.isName ? named : before);
    }
  }
  return (reached[words.length]! & named) !== 0;
}

function standsAt(words: readonly string[], at: number, phrase: Phrase): boolean {
  if (at + phrase.words.length > words.length) return false;
  return phrase.words.every((word, index) => words[at + index] === word);
}
