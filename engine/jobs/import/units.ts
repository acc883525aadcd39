// Units: what a quantity is counted in. One piece is 1, and so are one kilogram and one litre:
// whatever is written in another weight or volume is brought to these.
export interface Unit {
  /** As it is written, without blanks. */
  readonly word: string;
  readonly kind: 'pieces' | 'weight' | 'volume' | 'length' | 'unknown';
  /** How many thousandths of a piece, kilogram, litre or metre it is. */
  readonly thousandths: number;
  /** Whether prices are said in it, as of a pound; nobody says the price of one gram. */
  readonly isPriced: boolean;
}

type Measure = readonly [words: string, thousandths: number];

const weights: readonly Measure[] = [
  ['kg kgs kilo kilos kilogram kilograms 公斤 千克', 1_000],
  ['斤 市斤', 500],
  ['台斤', 600],
  ['两 兩 市两', 50],
  ['lb lbs pound pounds 磅', 453.592_37],
  ['oz ounce ounces 盎司', 28.349_523_125],
  ['g gr gram grams gramme grammes 克 公克', 1],
  ['t 吨', 1_000_000],
];
const volumes: readonly Measure[] = [
  ['l lt ltr litre litres liter liters 升 公升', 1_000],
  ['ml 毫升', 1],
  ['cl', 10],
];
const lengths: readonly Measure[] = [
  ['m 米', 1_000],
  ['cm 厘米', 10],
];
/** Words whose price is said for one gram or one millilitre by nobody. */
const tooSmall = /^(?:g|gr|gram.*|克|公克|ml|毫升|cl|cm|厘米)$/;

const known = new Map<string, Unit>();
for (const [kind, measures] of Object.entries({
  weight: weights,
  volume: volumes,
  length: lengths,
})) {
  for (const [words, thousandths] of measures) {
    for (const word of words.split(' ')) {
      const isPriced = !tooSmall.test(word);
      known.set(word, { word, kind: kind as Unit['kind'], thousandths, isPriced });
    }
  }
}
const dozens = /^(?:打|dz|doz|dozens?)$/;
const packs =
  'pcs?|pce|pzas?|pieces?|ea|each|units?|uds?|und|un|stk|stck|st|szt|шт|x|nos?|ct|count|pkt?s?|' +
  'packs?|packets?|btls?|bottles?|bx|box(?:es)?|cs|cases?|ctns?|cartons?|cans?|tins?|bags?|jars?|' +
  'cups?|rolls?|sets?|pairs?|prs?|bunch(?:es)?|trays?|servings?|portions?';
const classifiers =
  '[瓶个個件包袋盒箱支罐条條份只隻双雙张張杯桶提把根颗块台套本对片枚串捆束板碗例位盘扎听筒卷组粒朵棵株尾头套餐]+';
const pieces = new RegExp(`^(?:${packs}|${classifiers})$`);

const chineseWord = /^\p{sc=Han}{1,3}$/u;
/** Money and dates. */
const noUnit = /^[元圆圓円角分年月日号時时点秒周天折岁]/;

/** What was written before: few words stand in any file. */
const seen = new Map<string, Unit>();
const seenMax = 1_000;
/** A word, with nothing in it that belongs to a number. */
const wordOnly = /^[\p{L}\p{M}‰]+$/u;

/** The unit that a word names. Undefined: none that is known. */
export function unitOf(text: string): Unit | undefined {
  const before = seen.get(text);
  if (before !== undefined) return before;
  const word = text.normalize('NFKC').trim().replace(/\.$/, '').toLowerCase();
  if (!wordOnly.test(word)) return undefined;
  const unit = known.get(word) ?? pieceOf(word);
  if (unit === undefined) return undefined;
  if (seen.size < seenMax) seen.set(text, unit);
  return unit;
}

/** A word that nobody knows counts things in Chinese; in letters it may be any measure. */
function pieceOf(word: string): Unit | undefined {
  if (word === perMille) return { word, kind: 'pieces', thousandths: 1, isPriced: false };
  if (dozens.test(word)) return { word, kind: 'pieces', thousandths: 12_000, isPriced: true };
  const plainPiece = { word, thousandths: 1_000, isPriced: true } as const;
  if (pieces.test(word)) return { ...plainPiece, kind: 'pieces' };
  return chineseWord.test(word) && !noUnit.test(word)
    ? { ...plainPiece, kind: 'unknown' }
    : undefined;
}

/** Stands behind a number that counts thousandths of whatever the item counts in. */
export const perMille = '‰';

export interface WithUnit {
  readonly number: string;
  readonly unit: Unit;
}

const behind = /^(.*\d)\s*([\p{L}\p{M}‰]+\.?)$/su;

/** A number with a unit behind it, parted. Undefined where none stands there. */
export function splitUnit(text: string): WithUnit | undefined {
  const plainText = text.trim();
  // Nearly all amounts end with a digit.
  if (!endsInWord(plainText)) return undefined;
  const match = behind.exec(plainText.normalize('NFKC'));
  const unit = match === null ? undefined : unitOf(match[2]!);
  return unit === undefined ? undefined : { number: match![1]!, unit };
}

const [zero, nine] = ['0'.charCodeAt(0), '9'.charCodeAt(0)];

function endsInWord(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return !(last >= zero && last <= nine) && text !== '';
}

export interface PriceWithUnit {
  /** The money alone. */
  readonly money: string;
  /** What it is the price of: so many of the unit. */
  readonly amount: string;
  readonly unit: Unit;
}

const slash = /^(.*?)\s*(?:\/|每|per )\s*(\d+(?:\.\d+)?)?\s*([\p{L}\p{M}]+\.?)$/isu;

/** A price that says of what it is: `¥12.00/公斤`, `3.5元/瓶`, `2.99 per lb`, `8.80/500g`. */
export function splitPrice(text: string): PriceWithUnit | undefined {
  const plainText = text.trim();
  if (!endsInWord(plainText)) return undefined;
  const match = slash.exec(plainText.normalize('NFKC'));
  const unit = match === null ? undefined : unitOf(match[3]!);
  if (unit === undefined) return undefined;
  return { money: match![1]!, amount: match![2] ?? '1', unit };
}
