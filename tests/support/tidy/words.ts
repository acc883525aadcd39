// Words the house does not use: other people's nouns, promises of later work, places of one
// machine.
import ts from 'typescript';
import {
  isCode,
  isTypescript,
  parse,
  placeOf,
  type TreeFile,
  type Violations,
  violationsByLine,
  visit,
} from './tree.ts';

/** Each noun that is not ours, and the one that is (docs/GLOSSARY.md). */
const ourNouns = new Map([
  ['user', 'member'],
  ['customer', 'member'],
  ['product', 'item'],
  ['sku', 'item'],
]);

/** Mathematics has products too. */
const mathematics = /^(dot|inner|outer|cross|cartesian)products?$/i;

/** The words that a name is made of, in lower case. */
export function wordsOf(name: string): readonly string[] {
  const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_$]/);
  return words.map((word) => word.toLowerCase());
}

function foreignNounIn(name: string): string | undefined {
  if (mathematics.test(name)) return undefined;
  return wordsOf(name)
    .map((word) => word.replace(/s$/, ''))
    .find((noun) => ourNouns.has(noun));
}

/** Names we declare; what a library calls its own things is its business. */
export function foreignNounViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter(isTypescript)) {
    visit(parse(file), (node) => {
      const name = declaredName(node);
      const noun = name === undefined ? undefined : foreignNounIn(name);
      if (noun === undefined) return;
      violations.push(`${placeOf(file, node)} ${name}: we say ${ourNouns.get(noun)}`);
    });
  }
  return violations;
}

export function declaredName(node: ts.Node): string | undefined {
  const declares =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node);
  return declares && node.name !== undefined && ts.isIdentifier(node.name)
    ? node.name.text
    : undefined;
}

// Written in pieces, so that this file does not break its own rule.
const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
const phrases = new RegExp(
  ['\\bfor' + ' now\\b', 'not' + ' implemented', 'place' + 'holder'].join('|'),
  'i',
);

const isScript = ({ path }: TreeFile): boolean => /\.(sh|c)$|^\.ci\//.test(path);

/** Work is done or it is an issue; code that speaks of later is neither. */
export function laterWorkViolations(files: readonly TreeFile[]): Violations {
  const code = files.filter((file) => isCode(file) || isScript(file));
  return violationsByLine(code, (line) => {
    const word = (marks.exec(line) ?? phrases.exec(line))?.[0];
    return word === undefined ? undefined : `says "${word}"`;
  });
}

const machineFolders = ['home', 'root', 'tmp', 'work'].join('|');
const machinePath = new RegExp(`(?<![\\w.~-])/(${machineFolders})/`);

export function machinePathViolations(files: readonly TreeFile[]): Violations {
  return violationsByLine(files, (line) => {
    const path = machinePath.exec(line)?.[0];
    return path === undefined ? undefined : `names ${path} of one machine`;
  });
}
