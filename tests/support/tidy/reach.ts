// What nobody needs: files that no entry point reaches, and exports that nobody imports.
import ts from 'typescript';
import { importsOf } from './imports.ts';
import { isTypescript, parse, placeOf, type TreeFile, type Violations } from './tree.ts';

/** Where the program starts; everything else must be reached from here. */
const entries = [
  'engine/index.ts',
  'engine/store/check-child.ts',
  'engine/store/copy-child.ts',
  'server/cli/main.ts',
  'bench/main.ts',
  'bench/load/bare-grpc.ts',
  'bench/load/bare.ts',
  'bench/load/cannon.ts',
  'bench/load/freshness.ts',
  'bench/load/open-loop.ts',
  'bench/load/opener.ts',
  'bench/load/turn-watch.ts',
  'assembly/index.ts',
];

/** Declarations (`.d.ts`) are read by the compiler alone, which asks for them by no import. */
const isJudged = ({ path }: TreeFile): boolean =>
  /^(engine|server|bench|assembly)\/.*\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path);

/** Files of the four folders that only tests, or nobody, can reach. */
export function deadFileViolations(files: readonly TreeFile[]): Violations {
  const judged = new Map(files.filter(isJudged).map((file) => [file.path, file]));
  const reached = new Set(entries);
  for (const path of reached) {
    const file = judged.get(path);
    if (file === undefined) continue;
    for (const { to } of importsOf(file)) if (to !== undefined) reached.add(to);
  }
  return [...judged.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => `${path} is not reached from any entry point`);
}

/**
 * Exported functions, values and classes that no other file imports. Types are left out: a caller
 * reaches them through the signature that uses them, without ever naming them.
 */
export function deadExportViolations(files: readonly TreeFile[]): Violations {
  const used = namesUsed(files.filter(isTypescript));
  return files
    .filter((file) => isJudged(file) && !entries.includes(file.path))
    .flatMap((file) =>
      exportedValues(file)
        .filter(({ name }) => !used.has(`${file.path} ${name}`) && !used.has(`${file.path} *`))
        .map(({ name, node }) => `${placeOf(file, node)} nobody imports ${name}`),
    );
}

function namesUsed(files: readonly TreeFile[]): Set<string> {
  return new Set(
    files.flatMap(importsOf).flatMap(({ to, names }) => names.map((name) => `${to} ${name}`)),
  );
}

interface ExportedValue {
  readonly name: string;
  readonly node: ts.Node;
}

function exportedValues(file: TreeFile): ExportedValue[] {
  return parse(file).statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    return namesDeclared(statement).map((name) => ({ name, node: statement }));
  });
}

function namesDeclared(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return statement.name === undefined ? [] : [statement.name.text];
  }
  return [];
}
