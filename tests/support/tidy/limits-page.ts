// The page of limits, made from the files that hold them: each key, its value, and the sum behind
// it.
import ts from 'typescript';
import { parse, type TreeFile, visit } from './tree.ts';

const introduction = `# Limits

Every bound of the engine, of the doors, and between nodes. What goes past one is refused with an
answer that names the field, the value and the limit, or cut off as
[operations.md](../guides/operations.md) and [till.md](../guides/till.md) tell; nothing is cut
silently. This page is made from the files that hold the limits by
\`npx vitest run tests/tidy.test.ts -u\`, and a test compares the two.
`;

/** Numbers by name, in groups or not. */
export interface Limits {
  readonly [key: string]: number | Limits;
}

export interface LimitsSection {
  readonly title: string;
  /** The file, for the reasons; `values` is what it exports. */
  readonly source: TreeFile;
  readonly values: Limits;
}

/** The whole page as Markdown. */
export function limitsPage(sections: readonly LimitsSection[]): string {
  return [introduction, ...sections.map(sectionOf)].join('\n');
}

/** Of a group within a group the keys are joined: `loadShedder.lists.ageMs`. */
export function flatLimits(values: Limits, prefix = ''): readonly (readonly [string, number])[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'number'
      ? [[`${prefix}${key}`, value] as const]
      : flatLimits(value, `${prefix}${key}.`),
  );
}

function sectionOf({ title, source, values }: LimitsSection): string {
  const reasons = reasonsIn(source);
  const rows = flatLimits(values).map(([key, value]) => [
    `\`${key}\``,
    value.toLocaleString('en-US'),
    (reasons.get(key) ?? '').replaceAll('|', '\\|'),
  ]);
  const listed = table([['limit', 'value', 'why'], ...rows]);
  return `## ${title}\n\nFrom \`${source.path}\`.\n\n${listed}`;
}

/** Doc comments by key; of a group, the first in it has the comment of the group. */
function reasonsIn(source: TreeFile): Map<string, string> {
  const reasons = new Map<string, string>();
  visit(parse(source), (node) => {
    if (!ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return;
    const own = commentOf(source, node);
    const group = node.parent.parent;
    const isFirst = node.parent.properties[0] === node && ts.isPropertyAssignment(group);
    reasons.set(pathOf(node), own === '' && isFirst ? commentOf(source, group) : own);
  });
  return reasons;
}

function commentOf(source: TreeFile, node: ts.Node): string {
  const comments = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const text = comments.map(({ pos, end }) => source.text.slice(pos, end)).join(' ');
  const words = text.replace(/^\/\*\*|^\s*\*\/?|\*\/|^\/\//gm, ' ');
  return words.split(/\s+/).join(' ').trim();
}

function pathOf(node: ts.PropertyAssignment): string {
  const above = node.parent.parent;
  const name = (node.name as ts.Identifier).text;
  return ts.isPropertyAssignment(above) ? `${pathOf(above)}.${name}` : name;
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
