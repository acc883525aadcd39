// Who imports whom: every import, re-export and worker URL of a file.
import { posix } from 'node:path';
import ts from 'typescript';
import { parse, placeOf, type TreeFile, visit } from './tree.ts';

export interface Import {
  readonly from: string;
  /** Path in the tree for a relative import, else undefined (a package or a Node module). */
  readonly to: string | undefined;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly place: string;
}

/**
 * A `.js` in a worker URL means the built twin of the `.ts` beside it; assembly/ omits the ending.
 */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  return /\.\w+$/.test(path) ? path : `${path}.ts`;
}

const known = new WeakMap<TreeFile, readonly Import[]>();

export function importsOf(file: TreeFile): readonly Import[] {
  const found = known.get(file) ?? findImports(file);
  known.set(file, found);
  return found;
}

function findImports(file: TreeFile): Import[] {
  const imports: Import[] = [];
  visit(parse(file), (node) => {
    const taken = importAt(node);
    if (taken === undefined) return;
    imports.push({
      ...taken,
      from: file.path,
      to: resolve(file.path, taken.specifier),
      place: placeOf(file, node),
    });
  });
  return imports;
}

type Taken = Pick<Import, 'specifier' | 'typeOnly'>;

function importAt(node: ts.Node): Taken | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: isOfTypes(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return {
      specifier: (node.moduleSpecifier as ts.StringLiteral).text,
      typeOnly: exportsTypes(node),
    };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    if (ts.isStringLiteral(literal)) return { specifier: literal.text, typeOnly: true };
  }
  return dynamicImportAt(node);
}

function isOfTypes(clause: ts.ImportClause | undefined): boolean {
  const bindings = clause?.namedBindings;
  if (clause?.isTypeOnly || bindings === undefined || !ts.isNamedImports(bindings)) {
    return clause?.isTypeOnly ?? false;
  }
  return bindings.elements.every((element) => element.isTypeOnly);
}

function exportsTypes({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly || exportClause === undefined || !ts.isNamedExports(exportClause)) {
    return isTypeOnly;
  }
  return exportClause.elements.every((element) => element.isTypeOnly);
}

/**
 * `import('./x.ts')` and `new URL('./x.js', import.meta.url)`, which start workers and children.
 */
function dynamicImportAt(node: ts.Node): Taken | undefined {
  const isImport =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isUrl = ts.isNewExpression(node) && node.expression.getText() === 'URL';
  if (!isImport && !isUrl) return undefined;
  const first = node.arguments?.[0];
  if (first === undefined || !ts.isStringLiteralLike(first)) return undefined;
  if (isUrl && !/\.[jt]s$/.test(first.text)) return undefined;
  return { specifier: first.text, typeOnly: false };
}
