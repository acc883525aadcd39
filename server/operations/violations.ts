// Validates what came through a door and reports every violation with its field, its value and the
// limit it breaks: as many as are shown, a long list piece by piece.
import { z } from 'zod';
import { EngineError, type FieldViolation } from '../../engine/index.ts';
import type { ParseIssue } from '../json.ts';
import { doorLimits } from '../limits.ts';
import { quotePath, quoteValue } from '../quote-value.ts';
import { longLists, withHeads } from './long-lists.ts';

const { pieceEntries } = doorLimits;

/** The part of JSON Schema that the limits in our messages are read from. */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violations: readonly FieldViolation[] };

/**
 * Never throws. `parseIssues` are what the wire format already found wrong below this value. Stops
 * when as many violations are found as are shown.
 */
export function check<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  parseIssues: readonly ParseIssue[] = [],
): Checked<z.output<S>> {
  const steps = checkInSteps(schema, raw, parseIssues);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The same step by step: yields before each further piece of a long list is looked at. */
export function* checkInSteps<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  parseIssues: readonly ParseIssue[] = [],
): Generator<void, Checked<z.output<S>>> {
  const lists = longLists(schema, raw);
  const parsed = schema.safeParse(lists.length === 0 ? raw : withHeads(raw as object, lists));
  const value = parsed.data as z.output<S>;
  if (parsed.success && parseIssues.length + lists.length === 0) return { ok: true, value };
  const found = new ViolationList(schema, raw);
  found.addParseIssues(parseIssues);
  if (!parsed.success) found.add(parsed.error.issues);
  for (const { name, entries, piece, max } of lists) {
    // Of a list that is too long, that is all there is to tell.
    if (entries.length > max) continue;
    for (let from = pieceEntries; from < entries.length && !found.isFull; from += pieceEntries) {
      yield;
      const checked = piece.safeParse(entries.slice(from, from + pieceEntries));
      if (!checked.success) found.add(checked.error.issues, { name, from });
      else if (found.isEmpty) (value as Record<string, unknown[]>)[name]!.push(...checked.data);
    }
  }
  found.addDigits(parseIssues);
  return found.isEmpty ? { ok: true, value } : { ok: false, violations: found.visible };
}

/** The validated input; throws INVALID_ARGUMENT with the violations. */
export function validate<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  parseIssues: readonly ParseIssue[] = [],
): z.output<S> {
  const checked = check(schema, raw, parseIssues);
  if (checked.ok) return checked.value;
  throw refusal(checked.violations);
}

export function refusal(violations: readonly FieldViolation[]): EngineError {
  return new EngineError('INVALID_ARGUMENT', summaryOf(violations), { violations });
}

/** One sentence that names the first violation and how many more there are. */
export function summaryOf(violations: readonly FieldViolation[]): string {
  const [first] = violations;
  if (first === undefined) return 'the request is not valid';
  const got = first.value === undefined ? '' : ` (got ${first.value})`;
  const more = violations.length > 1 ? `, and ${violations.length - 1} more` : '';
  // The engine's sentences begin with the field; the schema's go on from it.
  const { field, message } = first;
  return `${message.startsWith(field) ? '' : `${field} `}${message}${got}${more}`;
}

/** An error of the engine with what it cannot know: the value as the caller wrote it. */
export function withValues(error: unknown, raw: unknown): unknown {
  if (!(error instanceof EngineError) || error.violations.every(isComplete)) return error;
  const violations = error.violations.map((violation) => ({
    value: quoteValue(valueAtField(raw, violation.field)),
    limit: violation.message,
    ...violation,
  }));
  const { code, message, reason, retryAfterMs, cause } = error;
  return new EngineError(code, message, {
    violations,
    cause,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function isComplete({ value, limit }: FieldViolation): boolean {
  return value !== undefined && limit !== undefined;
}

const schemaNodes = new WeakMap<z.ZodType, SchemaNode>();

/** The JSON Schema of what a schema takes in, made once. */
export function schemaNode(schema: z.ZodType): SchemaNode {
  let node = schemaNodes.get(schema);
  if (node === undefined) {
    node = z.toJSONSchema(schema, { io: 'input' }) as SchemaNode;
    schemaNodes.set(schema, node);
  }
  return node;
}

/** What a field may hold, in words: `an integer from 1 to 100`. */
function allowedWords(node: SchemaNode | undefined): string {
  if (node === undefined) return 'nothing';
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  if (node.const !== undefined) return String(node.const);
  if (node.format === 'date-time') return 'RFC 3339 with offset, e.g. 2026-05-01T09:10:00+08:00';
  if (node.type === 'integer') return `an integer from ${node.minimum} to ${node.maximum}`;
  if (node.type === 'number' && node.maximum !== undefined) {
    return `a number from ${node.minimum} to ${node.maximum}`;
  }
  if (node.type === 'array') {
    return `an array of ${node.minItems ?? 0} to ${node.maxItems ?? 'any number of'}`;
  }
  if (node.type === 'object') return 'an object';
  return node.type === undefined ? 'any value' : `a ${node.type}`;
}

function describeIssue(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  raw: unknown,
): readonly FieldViolation[] {
  const value = quoteValue(valueAt(raw, issue.path));
  const field = fieldOf(issue.path);
  const node = nodeAt(schemaNode(schema), issue.path);
  const allowed = allowedWords(node);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, doorLimits.violationsMax).map((key) => ({
        field: fieldOf([...issue.path, key]),
        value: quoteValue(valueAt(raw, [...issue.path, key])),
        limit: `one of ${Object.keys(node?.properties ?? {}).join(', ')}`,
        message: 'is not a known field',
      }));
    case 'too_big':
      return [
        { field, value, limit: node?.maximum ?? Number(issue.maximum), ...tooBig(issue, node) },
      ];
    case 'too_small':
      return [{ field, value, limit: Number(issue.minimum), ...tooSmall(issue) }];
    case 'custom': {
      const limit = issue.params?.['limit'] ?? issue.message;
      return [{ field, value, limit: limit as string | number, message: issue.message }];
    }
    default: {
      const absent = value === 'absent';
      return [
        { field, value, limit: allowed, message: absent ? 'is required' : `must be ${allowed}` },
      ];
    }
  }
}

function tooBig(issue: z.core.$ZodIssueTooBig, node: SchemaNode | undefined) {
  return { message: `must be at most ${node?.maximum ?? issue.maximum}${unitOf(issue.origin)}` };
}

function tooSmall(issue: z.core.$ZodIssueTooSmall) {
  return { message: `must be at least ${issue.minimum}${unitOf(issue.origin)}` };
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'body' : quotePath(path);
}

/** What the caller gave at a path; `undefined` when there is nothing. */
function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** The same for a path in words, e.g. of a violation that the engine found: `lines[0].itemId`. */
export function valueAtField(raw: unknown, field: string): unknown {
  const steps = field.split(/[.[\]]+/).filter((step) => step !== '');
  return valueAt(raw, steps);
}

function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const step of path) {
    node = typeof step === 'number' ? node?.items : node?.properties?.[String(step)];
  }
  return node;
}

/**
 * Violations as they are shown: as many as `doorLimits.violationsMax`, and one of each field, since
 * zod may tell one number twice (not a safe integer, above the maximum).
 */
class ViolationList {
  private readonly byField = new Map<string, FieldViolation>();
  private readonly schema: z.ZodType;
  private readonly raw: unknown;

  constructor(schema: z.ZodType, raw: unknown) {
    this.schema = schema;
    this.raw = raw;
  }

  get isEmpty(): boolean {
    return this.byField.size === 0;
  }

  get isFull(): boolean {
    return this.byField.size >= doorLimits.violationsMax;
  }

  get visible(): readonly FieldViolation[] {
    return [...this.byField.values()];
  }

  addParseIssues(parseIssues: readonly ParseIssue[]): void {
    for (const { path, isOfDigits, ...issue } of parseIssues) {
      if (isOfDigits !== true) this.push({ field: fieldOf(path), ...issue });
    }
  }

  /** Numbers that are not what was written: shown as they were, by what the schema says of them. */
  addDigits(parseIssues: readonly ParseIssue[]): void {
    for (const { path, isOfDigits, ...issue } of parseIssues) {
      if (isOfDigits !== true) continue;
      const field = fieldOf(path);
      const known = this.byField.get(field);
      if (known === undefined) this.push({ field, ...issue });
      else this.byField.set(field, { ...known, value: issue.value });
    }
  }

  /** `within`: of a piece of that list, from that entry on. */
  add(
    issues: readonly z.core.$ZodIssue[],
    within?: { readonly name: string; readonly from: number },
  ): void {
    for (const issue of issues) {
      if (this.isFull) return;
      const path = within === undefined ? issue.path : pathWithin(within, issue.path);
      for (const violation of describeIssue({ ...issue, path }, this.schema, this.raw)) {
        this.push(violation);
      }
    }
  }

  private push(violation: FieldViolation): void {
    if (this.isFull || this.byField.has(violation.field)) return;
    this.byField.set(violation.field, violation);
  }
}

function pathWithin(
  { name, from }: { readonly name: string; readonly from: number },
  [index, ...rest]: readonly PropertyKey[],
): PropertyKey[] {
  return [name, from + Number(index), ...rest];
}
