// The page of limits, made from engine/base/limits.ts: each key, its value, and the sum behind it.
import ts from 'typescript';
import { parse, type TreeFile, visit } from './tree.ts';

const introduction = `# Limits

Every bound of the engine. What goes past one is refused with an answer that names the field, the
value and the limit; nothing is cut silently. This page is made from \`engine/base/limits.ts\` by
\`npx vitest run tests/tidy.test.ts -u\`, and a test compares the two.
`;

/**
 * The whole page as Markdown. `source` is limits.ts, for the reasons; `values` is what it exports.
 */
export function limitsPage(source: TreeFile, values: Readonly<Record<string, number>>): string {
  const reasons = reasonsIn(source);
  const rows = Object.entries(values).map(([key, value]) => [
    `\`${key}\``,
    value.toLocaleString('en-US'),
    (reasons.get(key) ?? '').replaceAll('|', '\\|'),
  ]);
  return `${introduction}\n${table([['limit', 'value', 'why'], ...rows])}`;
}

/** Doc comments by key; a key without one stands in the group of the key above. */
function reasonsIn(source: TreeFile): Map<string, string> {
  const reasons = new Map<string, string>();
  visit(parse(source), (node) => {
    if (!ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return;
    const comments = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
    const text = comments.map(({ pos, end }) => source.text.slice(pos, end)).join(' ');
    const words = text.replace(/^\/\*\*|^\s*\*\/?|\*\/|^\/\//gm, ' ');
    reasons.set(node.name.text, words.split(/\s+/).join(' ').trim());
  });
  return reasons;
}

/** Columns padded as the formatter wants them. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.map((_, column) => rows.map((row) => [...(row[column] ?? '')].length));
  const widths = columns?.map((lengths) => Math.max(...lengths)) ?? [];
  const pad = (cell: string, column: number) =>
    cell + ' '.repeat((widths[column] ?? 0) - [...cell].length);
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(' | ')} |\n`;
  const rule = widths.map((width) => '-'.repeat(width));
  const [head = [], ...body] = rows;
  return [head, rule, ...body].map(line).join('');
}
