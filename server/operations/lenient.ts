// What a lenient server overlooks: fields it does not know, empty ones that may be absent, numbers
// written as texts and ids written as numbers. Nothing is guessed that could be two things.
import type { ParseIssue } from '../json.ts';
import { quotePath } from '../quote-value.ts';
import type { SchemaNode } from './violations.ts';

/** Unvalidated input, as RawInput (input-rules.ts) has it. */
interface Given {
  readonly value: unknown;
  readonly parseIssues: readonly ParseIssue[];
}

interface Relaxing {
  readonly path: (string | number)[];
  /** Numbers that lost digits, as they were written, by their place. */
  readonly digits: Map<string, ParseIssue>;
  /** Places of the fields that nobody knows. */
  readonly leftOut: string[];
}

/** What is left, and what is not. */
interface Relaxed extends Given {
  readonly leftOut: readonly string[];
}

const plainNumber = /^-?\d+(?:\.\d+)?$/;
/** What is left of 19.9 × 100 in floating point. */
const hardlyMore = 1e-6;

/** The input without what is overlooked, and without the issues that this settles. */
export function relaxInput({ value, parseIssues }: Given, node: SchemaNode): Relaxed {
  const lost = parseIssues.filter(({ isOfDigits }) => isOfDigits);
  const digits = new Map(lost.map((issue) => [quotePath(issue.path), issue]));
  const leftOut: string[] = [];
  const relaxed = relax(value, node, { path: [], digits, leftOut });
  const left = new Set(digits.values());
  const issues = parseIssues.filter((issue) => !issue.isOfDigits || left.has(issue));
  return { value: relaxed, parseIssues: issues, leftOut };
}

function relax(value: unknown, node: SchemaNode, relaxing: Relaxing): unknown {
  switch (typeof value) {
    case 'string':
      return isNumeric(node) && plainNumber.test(value.trim()) ? Number(value) : value;
    case 'number':
      return relaxNumber(value, node, relaxing);
    case 'object':
      if (Array.isArray(value)) return relaxEntries(value, node, relaxing);
      return value === null ? value : relaxFields(value, node, relaxing);
    default:
      return value;
  }
}

function isNumeric({ type }: SchemaNode): boolean {
  return type === 'integer' || type === 'number';
}

function relaxNumber(value: number, node: SchemaNode, { path, digits }: Relaxing): unknown {
  if (node.type === 'integer') {
    const whole = Math.round(value);
    return Math.abs(value - whole) < hardlyMore ? whole : value;
  }
  if (node.format !== 'id') return value;
  const place = quotePath(path);
  const written = digits.get(place);
  if (written !== undefined) {
    digits.delete(place);
    return written.value;
  }
  return Number.isSafeInteger(value) ? String(value) : value;
}

function relaxEntries(
  entries: readonly unknown[],
  { items }: SchemaNode,
  relaxing: Relaxing,
): readonly unknown[] {
  if (items === undefined) return entries;
  const kept: unknown[] = [];
  for (const [index, entry] of entries.entries()) {
    // A query that names a list and gives nothing.
    if (items.format === 'id' && isEmpty(entry)) continue;
    relaxing.path.push(index);
    kept.push(relax(entry, items, relaxing));
    relaxing.path.pop();
  }
  return kept;
}

function relaxFields(value: object, node: SchemaNode, relaxing: Relaxing): object {
  const { properties, required = [] } = node;
  if (properties === undefined) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (isEmpty(given) && !(field && required.includes(name))) continue;
    if (field === undefined) {
      relaxing.leftOut.push(quotePath([...relaxing.path, name]));
      continue;
    }
    relaxing.path.push(name);
    kept[name] = relax(given, field, relaxing);
    relaxing.path.pop();
  }
  return kept;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '';
}
