// What the engine may not ask of the machine it runs on: time, chance, settings and the terminal.
import ts from 'typescript';
import {
  isTest,
  isTypescript,
  parse,
  placeOf,
  type TreeFile,
  type Violations,
  visit,
} from './tree.ts';

/** The two files that hand time and chance to all others. */
const allowedIn = ['engine/base/clock.ts', 'engine/base/random.ts'];

const hostCalls: readonly string[] = [
  'Math.random',
  'Date.now',
  'performance.now',
  'process.env',
  'process.hrtime',
  'crypto.randomUUID',
];

/**
 * Replay must give the same state everywhere, so nothing in engine/ may look at its surroundings.
 */
export function hostViolations(files: readonly TreeFile[]): Violations {
  const violations: Violations = [];
  for (const file of files.filter(isEngineCode)) {
    visit(parse(file), (node) => {
      const asked = hostAskedAt(node);
      if (asked !== undefined) violations.push(`${placeOf(file, node)} asks the host: ${asked}`);
    });
  }
  return violations;
}

function isEngineCode(file: TreeFile): boolean {
  const inEngine = isTypescript(file) && file.path.startsWith('engine/') && !isTest(file);
  return inEngine && !allowedIn.includes(file.path);
}

function hostAskedAt(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  }
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const asked = node.getText();
  if (node.expression.getText() === 'console') return asked;
  return hostCalls.includes(asked) ? asked : undefined;
}
