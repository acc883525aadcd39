// Words of our own for things that have a name in the field: a reader who has never seen the
// project must not have to learn them. Each with the word to use, and why.
import {
  isTypescript,
  parse,
  placeOf,
  type TreeFile,
  type Violations,
  violationsByLine,
  visit,
} from './tree.ts';
import { declaredName, wordsOf } from './words.ts';

interface Term {
  readonly use: string;
  readonly why: string;
}

const say: Term = {
  use: 'report, log, show, serialize or answer',
  why: 'it does not say to whom, nor how',
};
const check: Term = {
  use: 'validate, check or evaluate',
  why: 'input is validated, a state is checked, a list is evaluated',
};
const estimate: Term = { use: 'estimate', why: 'it is an upper bound, computed before' };

/** In names, as one of the words they are made of. */
const namesBanned = new Map<string, Term>([
  ['told', say],
  ['tell', say],
  ['tells', say],
  ['telling', say],
  ['judge', check],
  ['judges', check],
  ['judged', check],
  ['judgement', check],
  ['flaw', { use: 'parse issue or violation', why: 'the field has words for both' }],
  ['flaws', { use: 'parse issues or violations', why: 'the field has words for both' }],
  ['visitor', { use: 'pending request', why: 'a visitor is a pattern of programming' }],
  ['keeper', { use: 'manager or owner', why: 'a keeper may be a person at a till' }],
  ['ballast', { use: 'disk reserve', why: 'it is space on the disk, kept for a full one' }],
  ['forsake', { use: 'discard', why: 'few readers know the word' }],
  ['forsaken', { use: 'discarded', why: 'few readers know the word' }],
  ['disown', { use: 'become follower', why: 'that is what the node does' }],
  ['foretell', { use: 'predict', why: 'the word of the field' }],
  ['foresee', estimate],
  ['foreseen', estimate],
  ['foresight', estimate],
]);

/** In names, as they are written. */
const phrasesBanned: readonly (readonly [RegExp, Term])[] = [
  [
    /^giveBack|^givenBack/i,
    { use: 'restore or release', why: 'entries are restored, slots freed' },
  ],
  [/^hand(ed)?On/, { use: 'forward', why: 'the word of the field' }],
  [/^note[A-Z]/, { use: 'on… or record…', why: 'a listener, or a write' }],
];

/** In comments. `told` is English, and stays where it is no answer of the program. */
const commentsBanned: readonly (readonly [RegExp, Term])[] = [
  [/\bjudge(s|d|ments?)?\b/i, check],
  [/\bflaws?\b/i, { use: 'issue or violation', why: 'the field has words for both' }],
  [/\bballast\b/i, { use: 'disk reserve', why: 'it is space on the disk, kept for a full one' }],
  [/\bforsak\w+|\bdisown\w*/i, { use: 'discard', why: 'few readers know the word' }],
  [/\bforetells?\b|\bforetold\b/i, { use: 'predict', why: 'the word of the field' }],
  [/\bforesee\w*|\bforesaw\b/i, estimate],
  [/\bis nobody's\b/, { use: 'shared card', why: 'it is a card that many people use' }],
];

const advice = ({ use, why }: Term): string => `use ${use}: ${why}`;

function bannedIn(name: string): Term | undefined {
  const [, phrase] = phrasesBanned.find(([pattern]) => pattern.test(name)) ?? [];
  const word = wordsOf(name).find((each) => namesBanned.has(each));
  return phrase ?? (word === undefined ? undefined : namesBanned.get(word));
}

export function dialectNameViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter(isTypescript)) {
    visit(parse(file), (node) => {
      const name = declaredName(node);
      const term = name === undefined ? undefined : bannedIn(name);
      if (term !== undefined) violations.push(`${placeOf(file, node)} ${name}: ${advice(term)}`);
    });
  }
  return violations;
}

const comment = /^\s*(?:\/\/|\/?\*)(.*)$/;

export function dialectCommentViolations(files: readonly TreeFile[]): Violations {
  return violationsByLine(files.filter(isTypescript), (line) => {
    const text = comment.exec(line)?.[1] ?? '';
    const found = commentsBanned.find(([pattern]) => pattern.test(text));
    return found && `says "${found[0].exec(text)![0]}": ${advice(found[1])}`;
  });
}
