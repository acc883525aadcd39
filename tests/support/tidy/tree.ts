// The files that the house rules are about: those git knows or would add, each read and parsed
// once.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A file of the tree; `path` is relative to the root, with forward slashes. */
export interface TreeFile {
  readonly path: string;
  readonly text: string;
}

/** One sentence per breach: `path:line what is wrong`. Empty when the rule holds. */
export type Violations = string[];

const textEndings = /\.(ts|mjs|js|json|md|sh|c|proto|yml|yaml|html|css)$|(^|\/)[^.]+$|\.npmrc$/;

/** Tracked and not yet tracked files alike, so that a rule speaks before the commit. */
export function readTree(root: string): TreeFile[] {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', options, { cwd: root, encoding: 'utf8' });
  return [...new Set(listed.split('\0'))]
    .filter((path) => textEndings.test(path) && existsSync(join(root, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const parsed = new WeakMap<TreeFile, ts.SourceFile>();

export function parse(file: TreeFile): ts.SourceFile {
  let source = parsed.get(file);
  if (source === undefined) {
    source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
    parsed.set(file, source);
  }
  return source;
}

export const isTypescript = ({ path }: TreeFile): boolean => /\.ts$/.test(path);
export const isCode = ({ path }: TreeFile): boolean => /\.(ts|mjs)$/.test(path);
export const isTest = ({ path }: TreeFile): boolean =>
  path.endsWith('.test.ts') || path.startsWith('tests/');

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** `path:line`, lines counted from 1. */
export function placeOf(file: TreeFile, node: ts.Node): string {
  const source = parse(file);
  return `${file.path}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
}

/** The sentences of `find` for each line of each file, e.g. for words and widths. */
export function violationsByLine(
  files: readonly TreeFile[],
  find: (line: string) => string | undefined,
): Violations {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = find(line);
      return found === undefined ? [] : [`${path}:${index + 1} ${found}`];
    }),
  );
}
