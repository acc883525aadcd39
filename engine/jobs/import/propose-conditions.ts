// Proposed conditions: which rows of a file are no sale or bring goods back, by the words that
// stand in its columns.
import { counted } from '../../base/plural.ts';
import type { ColumnMap } from './columns.ts';
import type { Condition } from './conditions.ts';
import type { ColumnProfile } from './profile.ts';
import { isBlank, type TableRow } from './table-row.ts';
import { rolesOf } from './vocabulary.ts';

export interface ProposedConditions {
  readonly skip: readonly Condition[];
  readonly returns: readonly Condition[];
  readonly reasons: readonly string[];
}

export interface ConditionSample {
  readonly profiles: readonly ColumnProfile[];
  readonly rows: readonly TableRow[];
  readonly map: ColumnMap;
  /** Columns that a field reads. */
  readonly taken: ReadonlySet<number>;
  /** Columns that somebody told a condition of. */
  readonly decided: ReadonlySet<string>;
}

type Fate = 'skip' | 'returns' | 'told' | undefined;

const cancelled =
  /cancel|void|fail|draft|pending|unpaid|refunded|作废|取消|关闭|挂单|待付款|未付款|已退款|退款成功/i;
const returned = /refund|return|exchange|credit note|退|红字|红单|红票/i;
/** A refund of a part, or one that is not done: what was sold is still sold. */
const part = /部分|partial/i;
const undoneChinese = '^(?:无|没有|未|不|否)|[未无不]退|申请|拒绝|驳回|失败|关闭|撤销|取消|[中待]';
const undoneEnglish = '\\bno[nt]?[\\s_-]|none|request|declin|reject|pending|fail';
const undone = new RegExp(`${undoneChinese}|${undoneEnglish}`, 'i');
/** The whole of what stands in a column whose name says nothing. */
const closingChinese =
  '(?:销售|整单|单品)?退(?:货|款|单|菜|换货?)单?|红[字单票]|(?:已|整单)?作废|(?:已|交易)(?:取消|关闭)';
const closingEnglish = 'cancel(?:l?ed)?|refund(?:ed)?|returns?|returned|void(?:ed)?|credit note';
const closingWord = new RegExp(`^(?:${closingChinese}|${closingEnglish})$`, 'i');

const yes = /^(?:true|t|yes|y|是|√|✓|1)$/i;
const no = /^(?:false|f|no|n|否|0|-)$/i;
const voidFlag = /^(?:is|was)?(?:void(?:ed)?|cancel(?:l?ed)?|deleted)$|作废|是否取消|撤单/i;
const refundedFlag = /^(?:is|was)?(?:\w*refunded|returned)$|已退|是否退款/i;
const returnFlag = /^(?:is)?(?:return|refund)(?:flag)?$|是否退货|退货标[志识记]/i;

const differentMax = 50;
const wordsMax = 20;

/** Conditions that the words of a file ask for; `reasons` say what a person has to know. */
export function proposeConditions(sample: ConditionSample): ProposedConditions {
  const skip: Condition[] = [];
  const returns: Condition[] = [];
  const reasons: string[] = [];
  for (const profile of sample.profiles) {
    if (sample.decided.has(profile.name) || sample.taken.has(profile.index)) continue;
    reasons.push(...piecesBack(profile));
    if (profile.isOpen || profile.values.size > differentMax) continue;
    const fateOf = fatesOf(profile, sample);
    for (const value of profile.values.keys()) {
      const fate = fateOf(value);
      if (fate === 'told') reasons.push(partlyBack(profile.name, value));
      else if (fate === 'skip') skip.push({ column: profile.name, value });
      else if (fate === 'returns') returns.push({ column: profile.name, value });
    }
  }
  return { skip, returns, reasons };
}

function fatesOf(profile: ColumnProfile, sample: ConditionSample): (value: string) => Fate {
  const flag = flagFate(profile);
  if (flag !== undefined) return (value) => (yes.test(value) ? flag : undefined);
  const roles = rolesOf(profile.name).map(({ role }) => role);
  if (roles.includes('status')) return (value) => fateOfWord(value, true);
  if (roles.includes('kind')) {
    const isGoods = hasItems(profile, sample);
    return (value) => fateOfWord(value, false) ?? (isGoods(value) ? undefined : 'skip');
  }
  // Whatever the column is called, a word that stands alone and says it all is meant.
  const isWords = profile.values.size <= wordsMax && roles.length === 0;
  return (value) => (isWords && closingWord.test(value) ? fateOfWord(value, false) : undefined);
}

function fateOfWord(value: string, isStatus: boolean): Fate {
  if (returned.test(value)) {
    if (part.test(value)) return 'told';
    if (undone.test(value)) return undefined;
  } else if (part.test(value)) {
    return undefined;
  }
  if (isStatus && cancelled.test(value)) return 'skip';
  if (returned.test(value)) return 'returns';
  return cancelled.test(value) ? 'skip' : undefined;
}

/** A column of yes and no that is called after what happened to the line. */
function flagFate({ name, values }: ColumnProfile): 'skip' | 'returns' | undefined {
  const texts = [...values.keys()];
  if (texts.length === 0 || !texts.every((text) => yes.test(text) || no.test(text)))
    return undefined;
  const bare = name.replace(/[\s_\-.?？:：]/g, '');
  if (voidFlag.test(bare)) return 'skip';
  // Digits below such a name may be pieces.
  if (texts.some((text) => /\d/.test(text)) && !/^is|是否|标/i.test(bare)) return undefined;
  if (returnFlag.test(bare)) return 'returns';
  return refundedFlag.test(bare) ? 'skip' : undefined;
}

/** Kinds of rows that never have an item are heads and payments of receipts. */
function hasItems(
  { index }: ColumnProfile,
  { profiles, rows, map }: ConditionSample,
): (value: string) => boolean {
  const names = (map.itemId ?? '').split('|');
  const items = profiles.flatMap((each) => (names.includes(each.name) ? [each.index] : []));
  const kinds = new Set<string>();
  for (const { fields } of rows) {
    if (items.some((item) => !isBlank(fields[item]))) kinds.add((fields[index] ?? '').trim());
  }
  return (value) => items.length === 0 || kinds.has(value);
}

/** Pieces that came back may stand beside those that were sold, as in exports of web shops. */
function piecesBack({ name, values, isOpen }: ColumnProfile): string[] {
  const isPieces = /qty|quantity|数量|件数|pieces/i.test(name) && /refund|return|退/i.test(name);
  const some = [...values.keys()].filter((text) => /^[\d.,]*[1-9]/.test(text));
  if (!isPieces || some.length === 0) return [];
  const rows = some.reduce((sum, text) => sum + values.get(text)!, 0);
  const count = isOpen ? `${rows} or more rows` : counted(rows, 'row');
  const what = `"${name}" says in ${count} how many pieces came back`;
  return [`${what}; no field reads it, so that they stay sold`];
}

function partlyBack(column: string, value: string): string {
  const rows = `rows with "${column}" = "${value}" stay sold`;
  return `${rows}: the file does not say which goods came back`;
}
