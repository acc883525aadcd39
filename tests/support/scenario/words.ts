// The language of scenarios: one line of words becomes one step. Nothing here knows an engine or a
// clock.
import {
  type Daypart,
  dayparts,
  type Relaxation,
  reasonTypes,
  relaxationTypes,
  scenarios,
} from '../../../engine/index.ts';
import type {
  ExpectedAnswer,
  ExpectedItem,
  ExpectedList,
  Pieces,
  Placed,
  Step,
  When,
} from './steps.ts';

const writeVerbs = ['buys', 'returns', 'brings-back'] as const;
const settingVerbs: readonly string[] = ['clock', 'reopen', 'item', 'store'];
const subjectsMax: Readonly<Record<string, number>> = {
  basket: Number.POSITIVE_INFINITY,
  similar: 1,
  'bought-together': 1,
  popular: 1,
};
const statuses = ['created', 'duplicate', 'conflict', 'rejected'] as const;

/** Reads one line. Throws on the first word that means nothing. */
export function readStep(line: string): Step {
  const [left = '', right, ...more] = line.split(/(?:^|\s)->(?:\s|$)/);
  if (more.length > 0) throw new Error('more than one arrow');
  const words = left.split(/\s+/).filter((word) => word !== '');
  const when = takeWhen(words);
  const verbAt = words.findIndex((word) => isVerb(word));
  const verb = words[verbAt];
  if (verb === undefined) throw new Error(`no verb among: ${words.join(' ')}`);
  const before = words.slice(0, verbAt);
  const after = words.slice(verbAt + 1);
  if (before.length > 2) throw new Error(`unknown word: ${before[0]}`);
  const memberId = before.at(-1) === '-' ? undefined : before.at(-1);
  const placed = { when, memberId, storeId: before.length === 2 ? before[0] : undefined };
  const write = writeVerbs.find((known) => known === verb);
  if (write !== undefined) return readWrite(write, { placed, after, right });
  if (when.day !== undefined || when.time !== undefined) throw new Error(`${verb} takes no time`);
  if (settingVerbs.includes(verb)) {
    if (right !== undefined) throw new Error(`${verb} has no answer to expect`);
    return readSetting(verb, after);
  }
  if (right === undefined) throw new Error('a question needs an arrow and a list');
  return readQuestion(verb, { placed, after, expected: readList(right) });
}

function isVerb(word: string): boolean {
  const verbs: readonly string[] = [...writeVerbs, ...settingVerbs, ...scenarios, 'basket'];
  return verbs.includes(word);
}

function takeWhen(words: string[]): When {
  let day: number | undefined;
  if (words[0] === 'day') {
    words.shift();
    day = readNumber(words.shift());
  }
  const match = /^(\d\d:\d\d)(Z|[+-]\d\d:\d\d)?$/.exec(words[0] ?? '');
  if (match !== null) words.shift();
  return {
    ...(day === undefined ? {} : { day }),
    ...(match?.[1] === undefined ? {} : { time: match[1] }),
    ...(match?.[2] === undefined ? {} : { offset: match[2] }),
  };
}

function readSetting(verb: string, words: readonly string[]): Step {
  const [id, ...rest] = words;
  if (verb === 'clock') {
    const reported = [...words];
    return refuseRest({ kind: 'clock', when: takeWhen(reported) }, reported);
  }
  if (verb === 'reopen') return refuseRest({ kind: 'reopen' }, words);
  if (id === undefined) throw new Error(`${verb} needs an id`);
  if (verb === 'store') {
    const options = readOptions(rest, { '': 0, in: 1, at: 1 });
    const [[city], [timeZone]] = [options.get('in') ?? [], options.get('at') ?? []];
    return { kind: 'store', storeId: id, city, timeZone };
  }
  const options = readOptions(rest, { '': 0, in: 1, active: 0, inactive: 0 });
  const status = options.has('inactive') ? 'inactive' : 'active';
  const category = options.get('in')?.[0]?.split('/') ?? [];
  return { kind: 'item', itemId: id, category, status };
}

function refuseRest(step: Step, rest: readonly string[]): Step {
  if (rest.length > 0) throw new Error(`unknown word: ${rest[0]}`);
  return step;
}

function readWrite(
  kind: (typeof writeVerbs)[number],
  line: { placed: Placed; after: readonly string[]; right: string | undefined },
): Step {
  const expected = readAnswer(line.right ?? 'created');
  if (kind === 'brings-back') {
    return { kind, ...line.placed, pieces: line.after.flatMap(readPieces), expected };
  }
  const [purchaseId = '', ...rest] = line.after;
  if (!purchaseId.startsWith('#')) throw new Error(`a receipt number like #1, not ${purchaseId}`);
  const asAt = kind === 'returns' ? rest.indexOf('as') : -1;
  const pieces = (asAt === -1 ? rest : rest.slice(0, asAt)).flatMap(readPieces);
  const returnId = asAt === -1 ? undefined : rest[asAt + 1];
  if (asAt !== -1 && rest.length !== asAt + 2) throw new Error('one return id after as');
  return { kind, ...line.placed, purchaseId, returnId, pieces, expected };
}

/** `milk`, `milk*2`, or `part-1..part-513` for a whole series. */
function readPieces(word: string): readonly Pieces[] {
  const [, itemId = word, quantity = '1'] = /^(.+)\*(\d+)$/.exec(word) ?? [];
  const [, name = '', first, otherName, last] = /^(.*?)(\d+)\.\.(.*?)(\d+)$/.exec(itemId) ?? [];
  if (first === undefined) return [{ itemId, quantity: Number(quantity) }];
  if (name !== otherName) throw new Error(`two names in one series: ${word}`);
  const length = Number(last) - Number(first) + 1;
  return Array.from({ length }, (_, at) => ({
    itemId: `${name}${Number(first) + at}`,
    quantity: Number(quantity),
  }));
}

function readAnswer(text: string): ExpectedAnswer {
  const [status, ...rest] = text.split(/[\s,]+/).filter((word) => word !== '');
  const known = statuses.find((each) => each === status);
  if (known === undefined) throw new Error(`unknown answer: ${status}`);
  const parked = rest.includes('parked');
  const unmatchedAt = rest.indexOf('unmatched');
  const unmatched = unmatchedAt === -1 ? undefined : readNumber(rest[unmatchedAt - 1]);
  const reason = rest.find((word) => /^[A-Z][A-Z_]+$/.test(word));
  for (const word of rest) {
    const isKnown = ['parked', 'unmatched', reason, String(unmatched)].includes(word);
    if (!isKnown) throw new Error(`unknown word: ${word}`);
  }
  return {
    status: known,
    parked,
    ...(reason === undefined ? {} : { reason }),
    ...(unmatched === undefined ? {} : { unmatchedQuantity: unmatched }),
  };
}

function readQuestion(
  verb: string,
  line: { placed: Placed; after: readonly string[]; expected: ExpectedList },
): Step {
  const scenario = verb === 'basket' ? 'basket-add-on' : scenarios.find((known) => known === verb);
  if (scenario === undefined) throw new Error(`unknown verb: ${verb}`);
  const options = readOptions(line.after, {
    '': subjectsMax[verb] ?? 0,
    with: Number.POSITIVE_INFINITY,
    without: Number.POSITIVE_INFINITY,
    top: 1,
    at: 1,
  });
  const subjects = options.get('') ?? [];
  const isBasket = verb === 'basket';
  const isPopular = verb === 'popular';
  const ticket = [...(isBasket ? subjects : []), ...(options.get('with') ?? [])];
  const [top] = options.get('top') ?? [];
  return {
    kind: 'ask',
    scenario,
    memberId: line.placed.memberId,
    storeId: isPopular ? subjects[0] : line.placed.storeId,
    itemId: isBasket || isPopular ? undefined : subjects[0],
    basket: ticket.flatMap(readPieces),
    exclude: options.get('without') ?? [],
    daypart: readDaypart(options.get('at')?.[0]),
    limit: top === undefined ? undefined : readNumber(top),
    expected: line.expected,
  };
}

function readDaypart(word: string | undefined): Daypart | undefined {
  const daypart = dayparts.find((known) => known === word);
  if (word !== undefined && daypart === undefined) throw new Error(`unknown daypart: ${word}`);
  return daypart;
}

/**
 * Sorts words under the option word they follow; those before the first stand under the empty name.
 */
function readOptions(
  words: readonly string[],
  wordsMax: Readonly<Record<string, number>>,
): Map<string, string[]> {
  const options = new Map<string, string[]>();
  let name = '';
  for (const word of words) {
    if (Object.hasOwn(wordsMax, word)) {
      name = word;
      options.set(name, []);
      continue;
    }
    const before = options.get(name) ?? [];
    if (before.length >= (wordsMax[name] ?? 0)) throw new Error(`unknown word: ${word}`);
    options.set(name, [...before, word]);
  }
  return options;
}

/** `bread 2, eggs 1 bought_together, … (personalized, filled_from_chain)`, or `nothing`. */
function readList(text: string): ExpectedList {
  const [, listed = '', noted] = /^(.*?)(?:\(([^()]*)\))?\s*$/.exec(text) ?? [];
  const entries = listed.split(/,\s+|,$/).map((entry) => entry.trim());
  const isOpen = entries.at(-1) === '…';
  if (isOpen) entries.pop();
  const isNothing = entries.length === 1 && entries[0] === 'nothing';
  const notes = noted?.split(',').map((note) => note.trim()) ?? [];
  const personalized = notes.includes('personalized');
  const strangers = notes.includes('not personalized');
  return {
    items: isNothing ? [] : entries.map(readExpectedItem),
    isOpen,
    relaxations: notes.filter((note) => !note.endsWith('personalized')).map(readRelaxation),
    ...(personalized || strangers ? { personalized } : {}),
  };
}

function readExpectedItem(entry: string): ExpectedItem {
  const [itemId = '', ...rest] = entry.split(/\s+/);
  if (itemId === '') throw new Error('an item is missing in the list; nothing is called nothing');
  const count = /^\d+$/.test(rest[0] ?? '') ? Number(rest.shift()) : undefined;
  const word = rest.shift();
  const reasonType = reasonTypes.find((known) => known === word);
  const unknown = reasonType === undefined ? word : rest[0];
  if (unknown !== undefined) throw new Error(`unknown word: ${unknown}`);
  return {
    itemId,
    ...(count === undefined ? {} : { count }),
    ...(reasonType === undefined ? {} : { reasonType }),
  };
}

function readRelaxation(note: string): Relaxation {
  const relaxation = relaxationTypes.find((known) => known === note);
  if (relaxation === undefined) throw new Error(`unknown relaxation: ${note}`);
  return relaxation;
}

function readNumber(word: string | undefined): number {
  if (word === undefined || !/^\d+$/.test(word)) throw new Error(`a number, not ${word}`);
  return Number(word);
}
