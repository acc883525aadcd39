// Ids of rows: cleaned and checked against the limits of the log.
import { limits } from '../../base/limits.ts';
import {
  type IdRules,
  type OutsideId,
  readMemberId,
  readOutsideId,
} from '../../base/outside-ids.ts';
import { lastOf } from './memo.ts';
import { quote } from './quote.ts';
import { isBlank } from './table-row.ts';

/** What a decoder writes for bytes that are no text in the encoding that was named. */
export const replacementCharacter = '\uFFFD';
/** Words for nothing where a value may be absent. */
export const blankWords = /^(?:null|\\n|nan|none|n\/a|-|--|#n\/a)?$/i;
/** What JavaScript makes of an object where a text is wanted. */
const lostObject = '[object Object]';

/** What a text comes to as an id. */
export interface ReadId {
  readonly id: string;
  readonly cleaned: boolean;
  /** Why it is none, to stand behind the name of its field. */
  readonly problem: string | undefined;
  /** Whether it says that there is nothing, where there need not be. */
  readonly isNothing: boolean;
  /** Whether it is a member who stands for nobody. */
  readonly isNobody: boolean;
}

export type IdField =
  | 'purchaseId'
  | 'memberId'
  | 'itemId'
  | 'storeId'
  | 'terminalId'
  | 'cashierId'
  | 'returnOf'
  | 'replaces';

export type IdReaders = Readonly<Record<IdField, (text: string) => ReadId>>;

/** Most rows have all but the item in common with the row above. */
export function createIdReaders(rules: IdRules): IdReaders {
  const idOf = (text: string) => readId(text, rules);
  return {
    purchaseId: lastOf(idOf),
    memberId: lastOf((text) => readMember(text, rules)),
    itemId: idOf,
    storeId: lastOf(idOf),
    terminalId: lastOf(idOf),
    cashierId: lastOf(idOf),
    returnOf: lastOf(idOf),
    replaces: lastOf(idOf),
  };
}

function readId(text: string, rules: IdRules): ReadId {
  const { id, cleaned, problem } = checkId(readOutsideId(text, rules), text);
  const isNothing = isBlank(text) || blankWords.test(text.trim());
  return { id, cleaned, problem, isNothing, isNobody: false };
}

function readMember(text: string, rules: IdRules): ReadId {
  // A person says "null" of nobody. This says that a program lost whoever it was.
  const isWord = rules.isNobody(text) && text.trim() !== lostObject;
  const read = isWord ? nobody : checkId(readMemberId(text, rules), text);
  const isNobody = isWord || (read.problem === undefined && rules.isNobody(read.id));
  return { ...read, isNothing: isBlank(text), isNobody };
}

type CheckedId = Pick<ReadId, 'id' | 'cleaned' | 'problem'>;

const nobody: CheckedId = { id: '', cleaned: false, problem: undefined };

function checkId(read: OutsideId, text: string): CheckedId {
  if ('problem' in read) {
    return { id: '', cleaned: false, problem: `${quote(text)} ${read.problem}` };
  }
  return { id: read.id, cleaned: read.cleaned, problem: problemOf(read.id) };
}

function problemOf(id: string): string | undefined {
  if (id === '') return 'must not be empty';
  // A UTF-16 unit takes at most three bytes, so that short ids need no counting.
  if (id.length * 3 > limits.idBytesMax && Buffer.byteLength(id) > limits.idBytesMax) {
    return `${quote(id)} must be at most ${limits.idBytesMax} bytes of UTF-8`;
  }
  if (id.isWellFormed() && !id.includes(replacementCharacter)) return undefined;
  return `${quote(id)} is not valid text in the file's encoding`;
}
