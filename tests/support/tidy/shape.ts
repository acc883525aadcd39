// The shape of files: how long, how wide, how they begin, and how they export.
import ts from 'typescript';
import {
  isCode,
  isTest,
  isTypescript,
  parse,
  placeOf,
  type TreeFile,
  type Violations,
  violationsByLine,
  visit,
} from './tree.ts';

const fileLinesMax = 400;
const functionLinesMax = 70;
const lineCharactersMax = 100;

/** Longer files, each with the reason why splitting it would hurt. */
const longFiles: Readonly<Record<string, string>> = {};

/** Tools that load a file by path and take its default export. */
const defaultExports = ['vitest.config.ts', 'tests/support/summary-reporter.ts'];

export function longFileViolations(files: readonly TreeFile[]): Violations {
  return files.filter(isCode).flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    if (lines <= fileLinesMax || longFiles[path] !== undefined) return [];
    return [`${path}:${fileLinesMax + 1} has ${lines} lines, at most ${fileLinesMax} are allowed`];
  });
}

/** Kernels may be longer where splitting costs time; a `describe` is a chapter, not a function. */
export function longFunctionViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter(isTypescript)) {
    if (file.path.startsWith('assembly/')) continue;
    visit(parse(file), (node) => {
      if (!ts.isFunctionLike(node) || isChapter(node)) return;
      const lines = bodyLines(file, node);
      if (lines <= functionLinesMax) return;
      violations.push(`${placeOf(file, node)} is a function of ${lines} lines`);
    });
  }
  return violations;
}

function bodyLines(file: TreeFile, node: ts.SignatureDeclaration): number {
  const body = 'body' in node ? (node.body as ts.Node | undefined) : undefined;
  if (body === undefined) return 0;
  const source = parse(file);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  return lineOf(body.getEnd()) - lineOf(body.getStart(source)) + 1;
}

function isChapter(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

export function wideLineViolations(files: readonly TreeFile[]): Violations {
  return violationsByLine(files.filter(isCode), (line) => {
    const characters = [...line].length;
    return characters > lineCharactersMax ? `has ${characters} characters` : undefined;
  });
}

/** The first line says what the file owns; a script may have its `#!` line above. */
export function firstLineViolations(files: readonly TreeFile[]): Violations {
  return files.filter(isCode).flatMap(({ path, text }) => {
    const [first = '', second = ''] = text.split('\n');
    const opening = first.startsWith('#!') ? second : first;
    return /^\/[/*]+ \S/.test(opening) ? [] : [`${path}:1 does not say what the file owns`];
  });
}

export function defaultExportViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter(isCode)) {
    if (defaultExports.includes(file.path)) continue;
    for (const statement of parse(file).statements) {
      if (isDefaultExport(statement))
        violations.push(`${placeOf(file, statement)} exports a default`);
    }
  }
  return violations;
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause;
    return (
      clause !== undefined &&
      ts.isNamedExports(clause) &&
      clause.elements.some((element) => element.name.text === 'default')
    );
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false;
}

/**
 * A test that runs alone hides the others, and one that does not run must say why: in a comment
 * above, or in its name, as in `'survives (skipped where there is no compiler)'`.
 */
export function silencedTestViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter((each) => isTypescript(each) && isTest(each))) {
    visit(parse(file), (node) => {
      if (!ts.isCallExpression(node)) return;
      const called = node.expression.getText();
      if (/^(test|it|describe)\b.*\.only\b/.test(called)) {
        violations.push(`${placeOf(file, node)} hides every other test`);
      }
      if (isSkip(called, node) && !hasCommentAbove(file, node) && !isNamedSkip(node)) {
        violations.push(`${placeOf(file, node)} skips without a reason`);
      }
    });
  }
  return violations;
}

function isSkip(called: string, node: ts.CallExpression): boolean {
  if (/^(test|it|describe)\b.*\.(skip|skipIf|runIf|todo)$/.test(called)) return true;
  // `context.skip('why')` says why by itself.
  return /^\w+\.skip$/.test(called) && !node.arguments.some(ts.isStringLiteralLike);
}

/** The name stands in the same call (`skip`) or in the call of its result (`skipIf`). */
function isNamedSkip(node: ts.CallExpression): boolean {
  const calls = [node, node.parent].filter(ts.isCallExpression);
  const names = calls.map((call) => call.arguments[0]).filter((name) => name !== undefined);
  return names.some((name) => ts.isStringLiteralLike(name) && /\bskipped \w+/.test(name.text));
}

function hasCommentAbove(file: TreeFile, node: ts.Node): boolean {
  const source = parse(file);
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return /^\s*(\/\/|\*\/|\*)/.test(file.text.split('\n')[line - 1] ?? '');
}
