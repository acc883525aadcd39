// Outside ids as people and programs write them: what is only wrapping is taken off, what is no id
// is refused by name. Pure, for every door.

/** What stands for nothing in the languages and sheets that ids come from. */
const wordsForNothing: ReadonlySet<string> = new Set([
  'undefined',
  'null',
  'Null',
  'NULL',
  '\\N',
  'nil',
  'NaN',
  'nan',
  'NAN',
  'None',
  'NONE',
  'none',
  'NA',
  'N/A',
  'n/a',
  '<NA>',
  'NaT',
  '[object Object]',
  '#N/A',
  '#REF!',
  '#VALUE!',
  '#NAME?',
  '#NULL!',
  '#DIV/0!',
]);

/** Those that a database writes where a row has no value: beside a member they mean nobody. */
const databaseWords: ReadonlySet<string> = new Set(['NULL', '\\N']);

/** Ids and names that tills give to whoever has no card; compared without case. */
const nobodyWords: readonly string[] = [
  ...wordsForNothing,
  '0',
  '00',
  '000000',
  '-',
  '--',
  '/',
  '无',
  '空',
  '散客',
  '散户',
  '普通散客',
  '零售散客',
  '零售客户',
  '普通顾客',
  '非会员',
  '无会员',
  '游客',
  '匿名',
  '匿名用户',
  '过路客',
  '路人',
  'walk-in',
  'walk in',
  'walkin',
  'walk-in customer',
  'walk in customer',
  'walk-in client',
  'guest',
  'anonymous',
  'cash customer',
  'cash sale',
  'unknown',
  'no customer',
  'no member',
  'not a member',
  'non-member',
  'nonmember',
];

export type OutsideId =
  | { readonly id: string; readonly cleaned: boolean }
  | { readonly problem: string };

/** What a chain may say of the ids that it is given. */
export interface IdSettings {
  /** More words for nobody; `!word` takes one out of the list we ship. */
  readonly anonymous?: readonly string[];
  /** Words for nothing and shortened numbers that are ids here after all. */
  readonly allowed?: readonly string[];
  /** Whether addresses of e-mail are one member in capitals and in small letters. */
  readonly foldsEmails?: boolean;
}

export interface IdRules {
  readonly isNobody: NobodyTest;
  readonly allowed: ReadonlySet<string>;
  readonly foldsEmails: boolean;
}

/** The rules of one chain: the same at every door and for every file. */
export function createIdRules({
  anonymous = [],
  allowed = [],
  foldsEmails = false,
}: IdSettings = {}): IdRules {
  return { isNobody: createNobodyTest(anonymous), allowed: new Set(allowed), foldsEmails };
}

export const plainIdRules: IdRules = createIdRules();

/** Most ids: nothing to take off, and no word but what the set knows. */
const plain = /^[\w:/@+-]+$/;
const invisible = /[\u200B-\u200D\u2060\uFEFF]/g;
const oddBlank = /[\u00A0\u2007\u202F\u3000\t]/g;
/** A spreadsheet's way to keep leading zeros: `="00123"`. */
const formulaShield = /^="(.*)"$/s;
/** The other way; only before what looks like a code, as ’s-Hertogenbosch is a name. */
const quoteShield = /^['`](?=[\w.-]*$)(?=.*\d)(.+)$/;
const email = /^[^\s@]+@[^\s@]+$/;
/** What a spreadsheet made of a long number: its last digits are gone. */
const lostDigits = /^\d(?:\.\d+)?E\+\d{1,3}$|^\d\.\d+E\d{1,3}$/i;

/**
 * The id without shields, padding and invisible characters, or why it is none. An empty text is no
 * id and no problem of its own: `id` is then empty.
 */
export function readOutsideId(text: string, { allowed } = plainIdRules): OutsideId {
  if (plain.test(text)) return toOutsideId(text, false, allowed);
  let id = text.replace(invisible, '').replace(oddBlank, ' ').trim();
  const inner = formulaShield.exec(id)?.[1] ?? quoteShield.exec(id)?.[1];
  if (inner !== undefined) id = inner.trim();
  return toOutsideId(id, id !== text, allowed);
}

/** The same of a member, whose id may be an address of e-mail. */
export function readMemberId(text: string, rules: IdRules): OutsideId {
  const read = readOutsideId(text, rules);
  if (!rules.foldsEmails || 'problem' in read || !email.test(read.id)) return read;
  const id = read.id.toLowerCase();
  return { id, cleaned: id !== text };
}

/**
 * Whether a program that asks means nobody by this id. It says so by a word of the list, or by what
 * its database holds; `undefined` or `NaN` is its mistake, and blank is no id.
 */
export function meansNobody(text: string, { isNobody }: IdRules): boolean {
  const bare = text.trim();
  if (bare === '' || !isNobody(bare)) return false;
  return databaseWords.has(bare) || !wordsForNothing.has(bare);
}

function toOutsideId(id: string, cleaned: boolean, allowed: ReadonlySet<string>): OutsideId {
  if (allowed.size > 0 && allowed.has(id)) return { id, cleaned };
  if (id.length <= 15 && wordsForNothing.has(id)) {
    return { problem: 'is a word for nothing, and no id' };
  }
  if (id.length <= 24 && lostDigits.test(id)) {
    return { problem: 'is a number that a spreadsheet has shortened: its last digits are lost' };
  }
  return { id, cleaned };
}

/** Whether a text says that there is no member. Blank says so too. */
export type NobodyTest = (text: string) => boolean;

/**
 * The list we ship, with more words; `!word` takes one out, so that member 0 can be a member.
 */
export function createNobodyTest(words: readonly string[] = []): NobodyTest {
  const known = new Set(nobodyWords.map((word) => word.toLowerCase()));
  for (const word of words) {
    const folded = word.trim().toLowerCase();
    if (folded.startsWith('!')) known.delete(folded.slice(1));
    else known.add(folded);
  }
  const longest = Math.max(...[...known].map((word) => word.length));
  return (text) => {
    const bare = text.trim();
    if (bare === '') return true;
    return bare.length <= longest && known.has(bare.toLowerCase());
  };
}
