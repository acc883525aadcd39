// Small wrong changes of a source text, each one a bug that the tests ought to notice. Works on
// TypeScript and on AssemblyScript alike, which no ready-made mutation tool does.

/** pattern, replacement, name; applied to one place at a time, not in comments or imports. */
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
  [/\b0\.7\b/g, '0.8', 'first lag weight'],
  [/\b0\.49\b/g, '0.5', 'second lag weight'],
  [/\+\+;/g, '--;', 'counts up to counts down'],
  [/--;/g, '++;', 'counts down to counts up'],
  [/(?<=\()sign \* /g, '', 'sign forgotten'],
  [/(?<=, )sign(?=\))/g, '-sign', 'sign turned'],
  [/\bif \(/g, 'if (!(', 'condition turned'],
];

const statement = /^( {2,})(?!const|let|return|if|for|while|else|case|\}|\/\/|\*)[\w.]+\(.*\);$/gm;

function isCode(text, at) {
  const start = text.lastIndexOf('\n', at) + 1;
  const line = text.slice(start, text.indexOf('\n', at));
  return !/^\s*(\/\/|\*|\/\*|import|export \{|@|\} from)/.test(line) && !line.includes("'");
}

function closeCondition(text, at) {
  let depth = 0;
  for (let index = text.indexOf('(', at); index < text.length; index++) {
    if (text[index] === '(') depth++;
    if (text[index] === ')' && --depth === 0) return index;
  }
  return -1;
}

/** Every mutant of a text: what was done, in which line, and the whole new text. */
export function mutantsOf(text) {
  const mutants = [];
  const add = (name, at, mutated) =>
    mutants.push({ name, line: text.slice(0, at).split('\n').length, text: mutated });
  for (const [pattern, replacement, name] of mutators) {
    for (const match of text.matchAll(pattern)) {
      if (!isCode(text, match.index)) continue;
      let mutated = text.slice(0, match.index) + replacement;
      let rest = text.slice(match.index + match[0].length);
      if (name === 'condition turned') {
        const end = closeCondition(text, match.index);
        if (end < 0) continue;
        rest = `${text.slice(match.index + match[0].length, end)})${text.slice(end)}`;
      }
      mutated += rest;
      add(name, match.index, mutated);
    }
  }
  for (const match of text.matchAll(statement)) {
    if (!isCode(text, match.index + match[1].length)) continue;
    const mutated = text.slice(0, match.index) + text.slice(match.index + match[0].length);
    add('statement dropped', match.index + match[1].length, mutated);
  }
  return mutants;
}
