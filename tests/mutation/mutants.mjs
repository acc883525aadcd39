// Small wrong changes of a source text, each one a bug that the tests ought to notice. Works on
// TypeScript and on AssemblyScript alike, which no ready-made mutation tool does.

/** pattern, replacement, name; applied to one place at a time, in code only. */
const mutators = [
  [/ \+ /g, ' - ', 'plus to minus'],
  [/ - /g, ' + ', 'minus to plus'],
  [/ \* /g, ' / ', 'times to divided'],
  [/ \+= /g, ' -= ', 'adds to subtracts'],
  [/ -= /g, ' += ', 'subtracts to adds'],
  [/ == /g, ' != ', 'equal to unequal'],
  [/ != /g, ' == ', 'unequal to equal'],
  [/ === /g, ' !== ', 'same to other'],
  [/ !== /g, ' === ', 'other to same'],
  [/ < /g, ' <= ', 'less to less or equal'],
  [/ <= /g, ' < ', 'less or equal to less'],
  [/ > /g, ' >= ', 'more to more or equal'],
  [/ >= /g, ' > ', 'more or equal to more'],
  [/ && /g, ' || ', 'and to or'],
  [/ \|\| /g, ' && ', 'or to and'],
  [/\btrue\b/g, 'false', 'true to false'],
  [/\bfalse\b/g, 'true', 'false to true'],
  [/\b0\.7\b/g, '0.8', 'first lag weight'],
  [/\b0\.49\b/g, '0.5', 'second lag weight'],
  [/\+\+;/g, '--;', 'counts up to counts down'],
  [/--;/g, '++;', 'counts down to counts up'],
  [/(?<=\()sign \* /g, '', 'sign forgotten'],
  [/(?<=, )sign(?=\))/g, '-sign', 'sign turned'],
  [/\bif \(/g, 'if (!(', 'condition turned'],
  [/(?<=^ {2,})[\w.]+(<\w+>)?\(.*\);$/gm, '', 'statement dropped'],
  [/(?<=^ {2,})(?!const |let )[\w.[\]]+ = .*;$/gm, '', 'assignment dropped'],
  [/(?<=^ {2,})(for|if) \(.*\) [\w.]+(<\w+>)?\(.*\);$/gm, '', 'statement dropped'],
];

const notCode = /^\s*(\/\/|\*|\/\*|import|export \{|@|\} from)/;

/** Whether `at` stands in code: in no comment, no import and no text between quotes. */
function isCode(text, at) {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const line = text.slice(start, text.indexOf('\n', at));
  return !notCode.test(line) && text.slice(start, at).split("'").length % 2 === 1;
}

function closeCondition(text, at) {
  let depth = 0;
  for (let index = text.indexOf('(', at); index < text.length; index++) {
    if (text[index] === '(') depth++;
    if (text[index] === ')' && --depth === 0) return index;
  }
  return -1;
}

function mutate(text, match, replacement) {
  const before = text.slice(0, match.index) + replacement;
  const after = match.index + match[0].length;
  if (replacement !== 'if (!(') return before + text.slice(after);
  const end = closeCondition(text, match.index);
  return `${before}${text.slice(after, end)})${text.slice(end)}`;
}

/** The files that are mutated. */
export const mutated = [
  'assembly/contribution.ts',
  'assembly/counts.ts',
  'assembly/habits.ts',
  'engine/events/forgetting.ts',
  'engine/events/ids.ts',
];

/**
 * Every mutant of a text: the line it is in (its number, its code), what was done, to which of the
 * places in that line where it could be done, and the whole new text.
 */
export function mutantsOf(text) {
  const lines = text.split('\n');
  const places = new Map();
  return mutators.flatMap(([pattern, replacement, name]) =>
    [...text.matchAll(pattern)]
      .filter((match) => isCode(text, match.index))
      .map((match) => {
        const line = text.slice(0, match.index).split('\n').length;
        const place = (places.get(`${line} ${name}`) ?? 0) + 1;
        places.set(`${line} ${name}`, place);
        const code = lines[line - 1].trim();
        return { line, code, name, place, text: mutate(text, match, replacement) };
      }),
  );
}
