// What is done to an input before its schema looks at it: ids are cleaned of what stands around
// them, and what is no id is refused by name. The same at every door.
import type { z } from 'zod';
import {
  type Engine,
  type IdRules,
  type KnownKind,
  meansNobody,
  plainIdRules,
  readMemberId,
  readOutsideId,
} from '../../engine/index.ts';
import type { ParseIssue } from '../json.ts';
import { quoteValue } from '../quote-value.ts';
import { relaxInput } from './lenient.ts';
import { type SchemaNode, schemaNode } from './violations.ts';

/**
 * Unvalidated input: the fields of path, query and body together. `parseIssues` were found by the
 * wire format.
 */
export interface RawInput {
  readonly value: unknown;
  readonly parseIssues: readonly ParseIssue[];
}

/** What a server's settings say of what is sent to it. */
export interface InputRules {
  readonly ids: IdRules;
  /** Whether what clients get wrong without harm is overlooked (lenient.ts). */
  readonly isLenient?: boolean;
}

export const plainInputRules: InputRules = { ids: plainIdRules };

export interface InputAccess {
  /** Throws UNAVAILABLE until the data folder is open. */
  engine(): Engine;
  /** Absent: as without any setting. */
  readonly inputRules?: InputRules | undefined;
}

interface Cleaning {
  readonly access: InputAccess;
  readonly ids: IdRules;
  /** Words for nothing are ids too: of an erase, which must reach what came in as one. */
  readonly takesAnyId: boolean;
  readonly path: (string | number)[];
  readonly issues: ParseIssue[];
}

export interface CleanedInput extends RawInput {
  /** Fields that a lenient server knows nothing of, by their places; absent on a strict one. */
  readonly leftOut?: readonly string[];
}

/** Asks the engine only for an id that there is something to take off. */
export function cleanInput(
  schema: z.ZodType,
  raw: RawInput,
  access: InputAccess,
  takesAnyId = false,
): CleanedInput {
  const { ids, isLenient = false } = access.inputRules ?? plainInputRules;
  const given: CleanedInput = isLenient ? relaxInput(raw, schemaNode(schema)) : raw;
  const cleaning: Cleaning = { access, ids, takesAnyId, path: [], issues: [] };
  const value = cleanValue(given.value, planOf(schema), cleaning);
  const { issues } = cleaning;
  if (value === given.value && issues.length === 0) return given;
  return {
    ...given,
    value,
    parseIssues: issues.length === 0 ? given.parseIssues : [...given.parseIssues, ...issues],
  };
}

/** Where ids stand in the inputs of a schema. */
type Plan =
  | { readonly type: 'id'; readonly kind: KnownKind | undefined }
  | { readonly type: 'list'; readonly entries: Plan }
  | { readonly type: 'object'; readonly fields: readonly (readonly [name: string, Plan])[] };

/** What an id is of, by the name of its field; all others are only cleaned. */
const kindOfField: Readonly<Record<string, KnownKind>> = {
  memberId: 'member',
  fromMemberId: 'member',
  purchaseId: 'purchase',
  returnOf: 'purchase',
  replaces: 'purchase',
  returnId: 'return',
  itemId: 'item',
  into: 'item',
  exclude: 'item',
  storeId: 'store',
};

/** A place in a list, which we gave ourselves. */
const keptAsGiven = 'after';

const plans = new WeakMap<z.ZodType, Plan>();

function planOf(schema: z.ZodType): Plan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = planOfNode(schemaNode(schema), '') ?? { type: 'object', fields: [] };
    plans.set(schema, plan);
  }
  return plan;
}

function planOfNode(node: SchemaNode, name: string): Plan | undefined {
  if (node.format === 'id') {
    return name === keptAsGiven ? undefined : { type: 'id', kind: kindOfField[name] };
  }
  const entries = node.items && planOfNode(node.items, name);
  if (entries !== undefined) return { type: 'list', entries };
  const fields = Object.entries(node.properties ?? {}).flatMap(([field, below]) => {
    const plan = planOfNode(below, field);
    return plan === undefined ? [] : [[field, plan] as const];
  });
  return fields.length === 0 ? undefined : { type: 'object', fields };
}

/** The value itself where there is nothing to clean. */
function cleanValue(value: unknown, plan: Plan, cleaning: Cleaning): unknown {
  if (plan.type === 'id')
    return typeof value === 'string' ? cleanId(value, plan.kind, cleaning) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (plan.type === 'object')
    return cleanFields(value as Record<string, unknown>, plan.fields, cleaning);
  return Array.isArray(value) ? cleanEntries(value, plan.entries, cleaning) : value;
}

function cleanFields(
  given: Record<string, unknown>,
  fields: readonly (readonly [name: string, Plan])[],
  cleaning: Cleaning,
): Record<string, unknown> {
  let cleaned = given;
  for (const [name, plan] of fields) {
    const before = given[name];
    if (before === undefined) continue;
    cleaning.path.push(name);
    const after = cleanValue(before, plan, cleaning);
    cleaning.path.pop();
    if (after === before) continue;
    if (cleaned === given) cleaned = { ...given };
    cleaned[name] = after;
  }
  return cleaned;
}

function cleanEntries(
  given: readonly unknown[],
  plan: Plan,
  cleaning: Cleaning,
): readonly unknown[] {
  let cleaned: unknown[] | undefined;
  for (const [index, before] of given.entries()) {
    cleaning.path.push(index);
    const after = cleanValue(before, plan, cleaning);
    cleaning.path.pop();
    if (after === before) continue;
    cleaned ??= [...given];
    cleaned[index] = after;
  }
  return cleaned ?? given;
}

function cleanId(text: string, kind: KnownKind | undefined, cleaning: Cleaning): string {
  const { ids, takesAnyId, access } = cleaning;
  if (kind === 'member' && meansNobody(text, ids)) return text;
  const read = kind === 'member' ? readMemberId(text, ids) : readOutsideId(text, ids);
  if ('problem' in read) {
    if (!takesAnyId) addIssue(text, read.problem, cleaning);
    return text;
  }
  if (!read.cleaned) return text;
  // What came in before ids were cleaned goes on to be what it was.
  return kind !== undefined && access.engine().records.isKnown(kind, text) ? text : read.id;
}

function addIssue(text: string, message: string, { path, issues }: Cleaning): void {
  const limit = 'an id; CAINI_ALLOWED_IDS names those that are one after all';
  issues.push({ path: [...path], value: quoteValue(text), limit, message });
}
