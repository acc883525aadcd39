// Events through a door: one alone, or many of which each gets its own result and the malformed
// stop nobody else. What is long is validated over several turns of the event loop.
import type { z } from 'zod';
import type { Engine, Event, FieldViolation, IngestResult } from '../../engine/index.ts';
import type { ParseIssue } from '../json.ts';
import { doorLimits } from '../limits.ts';
import { Turns } from '../pieces.ts';
import { quoteValue } from '../quote-value.ts';
import { authorizeInput, type Caller } from './caller.ts';
import { cleanInput } from './input-rules.ts';
import {
  type EngineAccess,
  type Operation,
  type Outcome,
  type RawInput,
  type Result,
  storeOfReceipt,
} from './operation.ts';
import { ingestResultSchema, ingestResultsSchema } from './replies.ts';
import {
  checkUsable,
  isTaken,
  type PartialList,
  parseIssuesByElement,
  withLeftOut,
  withUnknown,
} from './usable.ts';
import { refusal, summaryOf, valueAtField } from './violations.ts';

export interface IngestDefinition<S extends z.ZodObject>
  extends Omit<Operation, 'load' | 'run' | 'toRequest' | 'replies' | 'input'> {
  readonly input: S;
  /** The field that names the event; its result carries it. */
  readonly idField: string;
  /** Upserts replace what was there, so that a first write and a later one answer alike. */
  readonly upsert?: true;
  /** Whoever sends `partial: true` has entries of this list left out that cannot be used. */
  readonly partial?: PartialList;
  toEvent(input: z.output<S>): Event;
}

/** The same result as a door answers it: with every violation, its value and its limit. */
type VisibleResult = IngestResult & { readonly errors?: readonly FieldViolation[] };

export function defineIngest<S extends z.ZodObject>(definition: IngestDefinition<S>): Operation {
  const { idField: _id, upsert, partial, toEvent: _toEvent, ...description } = definition;
  const one = upsert
    ? { ok: ingestResultSchema }
    : {
        created: ingestResultSchema,
        duplicate: ingestResultSchema,
        ...(partial && { voided: ingestResultSchema }),
      };
  const many = { ok: oneOrMany, noneAccepted: ingestResultsSchema };
  const both = { ...one, conflict: ingestResultSchema, rejected: ingestResultSchema };
  return {
    ...description,
    load: 'write',
    replies: definition.many === undefined ? both : { ...both, ...many },
    run(access, caller, raw) {
      const key = definition.many?.key;
      if (key !== undefined && isObject(raw.value) && Object.hasOwn(raw.value, key)) {
        return ingestMany(definition, { access, caller, raw });
      }
      return ingestOne(definition, { access, caller, raw });
    },
  };
}

/** 200 answers a batch of which something was taken, and one event that was here before. */
const oneOrMany = ingestResultSchema.or(ingestResultsSchema);

/** What a door hands on. */
interface Asking {
  readonly access: EngineAccess;
  readonly caller: Caller;
  readonly raw: RawInput;
}

async function ingestOne<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  { access, caller, raw }: Asking,
): Promise<Result> {
  const { input: schema, partial } = definition;
  const { value, parseIssues, leftOut } = cleanInput(schema, raw, access);
  const checked = await checkUsable({ schema, partial, raw: value, parseIssues }, new Turns());
  if (!checked.ok) {
    const result = malformed(definition, raw.value, checked.violations);
    return { outcome: 'rejected', body: withoutErrors(result), violations: checked.violations };
  }
  authorizeInput(caller, definition, checked.value, storeOfReceipt(access));
  const [result] = await access.engine().writes.ingest([definition.toEvent(checked.value)]);
  const visible = withUnknown(toVisible(withLeftOut(result!, checked.leftOut), raw.value), leftOut);
  const outcome: Outcome = definition.upsert && isTaken(visible) ? 'ok' : visible.status;
  return { outcome, body: withoutErrors(visible), violations: visible.errors ?? [] };
}

/** One that the caller may not send stops all: then nothing is taken. */
async function ingestMany<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  { access, caller, raw }: Asking,
): Promise<Result> {
  const { input: schema, partial } = definition;
  const storeOf = storeOfReceipt(access);
  const elements = envelopeOf(definition, raw, access.inputRules?.isLenient ?? false);
  const parseIssues = parseIssuesByElement(raw.parseIssues);
  const turns = new Turns();
  const events: Event[] = [];
  /** Answers the results of the engine in their order, and of what it is not asked. */
  const answers: ((next: () => IngestResult) => VisibleResult)[] = [];
  let violationCount = 0;
  for (const [index, element] of elements.entries()) {
    if (turns.isOver(entriesOf(element))) await turns.next();
    const one = { value: element, parseIssues: parseIssues.get(index) ?? [] };
    const { value, parseIssues: issues, leftOut: unknown } = cleanInput(schema, one, access);
    const checked = await checkUsable({ schema, partial, raw: value, parseIssues: issues }, turns);
    if (checked.ok) {
      authorizeInput(caller, definition, checked.value, storeOf);
      const { leftOut } = checked;
      events.push(definition.toEvent(checked.value as z.output<S>));
      answers.push((next) =>
        withUnknown(toVisible(withLeftOut(next(), leftOut), element), unknown),
      );
    } else {
      const isMuch = violationCount >= doorLimits.batchViolationsMax;
      const visible = isMuch ? checked.violations.slice(0, 1) : checked.violations;
      const refused = malformed(definition, element, checked.violations, visible);
      answers.push(() => refused);
      violationCount += visible.length;
      if (turns.isOver(doorLimits.pieceEntries)) await turns.next();
    }
  }
  const accepted = (await ingestUnlessEmpty(access.engine(), events)).values();
  const results: VisibleResult[] = [];
  for (const answer of answers) {
    if (turns.isOver(1)) await turns.next();
    results.push(answer(() => accepted.next().value!));
  }
  return { outcome: results.some(isTaken) ? 'ok' : 'noneAccepted', body: { results } };
}

/** About how much there is to validate: itself, and the entries of its lists. */
function entriesOf(element: unknown): number {
  if (!isObject(element)) return 1;
  let entries = 1;
  for (const value of Object.values(element)) if (Array.isArray(value)) entries += value.length;
  return Math.min(entries, doorLimits.pieceEntries);
}

async function ingestUnlessEmpty(
  engine: Engine,
  events: readonly Event[],
): Promise<readonly IngestResult[]> {
  return events.length === 0 ? [] : engine.writes.ingest(events);
}

/** The elements of a batch, not yet looked into; the envelope around them must be without fault. */
function envelopeOf<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  raw: RawInput,
  isLenient: boolean,
): readonly unknown[] {
  const { key, max } = definition.many!;
  const envelope = raw.value as Record<string, unknown>;
  const elements = envelope[key];
  const violations: FieldViolation[] = [
    ...outsideElements(raw.parseIssues, key).map(({ path, isOfDigits: _, ...issue }) => ({
      field: String(path[0] ?? 'body'),
      ...issue,
    })),
  ];
  for (const field of Object.keys(envelope)) {
    if (field === key || isLenient) continue;
    const message = `is not a known field beside ${key}`;
    violations.push({ field, value: quoteValue(envelope[field]), limit: key, message });
  }
  if (!Array.isArray(elements) || elements.length < 1 || elements.length > max) {
    const limit = `an array of 1 to ${max}`;
    violations.push({
      field: key,
      value: quoteValue(elements),
      limit,
      message: `must be ${limit}`,
    });
  }
  if (violations.length > 0) throw refusal(violations.slice(0, doorLimits.violationsMax));
  return elements as readonly unknown[];
}

function outsideElements(parseIssues: readonly ParseIssue[], key: string): readonly ParseIssue[] {
  const isInside = (path: ParseIssue['path']) => path[0] === key && path.length > 1;
  return parseIssues.filter((parseIssue) => !isInside(parseIssue.path));
}

/** The result of what never reached the engine because its shape is wrong. */
function malformed<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  raw: unknown,
  violations: readonly FieldViolation[],
  visible = violations,
): VisibleResult {
  const id = valueAtField(raw, definition.idField);
  const idNode = definition.input.shape[definition.idField]?.safeParse(id);
  return {
    id: idNode?.success ? String(id) : '',
    status: 'rejected',
    reason: 'MALFORMED',
    message: summaryOf(violations),
    field: violations[0]!.field,
    errors: visible,
  };
}

/** Adds to a refusal of the engine what was given and what is allowed. */
function toVisible(result: IngestResult, raw: unknown): VisibleResult {
  if (isTaken(result)) return result;
  const field = result.field ?? 'body';
  const message = result.message ?? result.reason ?? result.status;
  const limit = result.limit ?? message;
  const value = quoteValue(valueAtField(raw, field));
  return { ...result, errors: [{ field, value, limit, message }] };
}

function withoutErrors(result: VisibleResult): object {
  const { errors: _errors, ...rest } = result;
  return rest;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
