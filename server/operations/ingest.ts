// Events through a door: one alone, or many of which each gets its own result and the malformed
// stop nobody else.
import type { z } from 'zod';
import type { Engine, Event, FieldViolation, IngestResult } from '../../engine/index.ts';
import type { Flaw, Path } from '../json.ts';
import { doorLimits } from '../limits.ts';
import { shown } from '../shown.ts';
import type { EngineAccess, Operation, Outcome, RawInput, Result } from './operation.ts';
import { ingestResultSchema, ingestResultsSchema } from './replies.ts';
import { check, flawsBelow, refusal, summaryOf, valueAtField } from './violations.ts';

export interface IngestDefinition<S extends z.ZodObject>
  extends Omit<Operation, 'run' | 'toRequest' | 'replies' | 'input' | 'scope'> {
  readonly input: S;
  /** The field that names the event; its result carries it. */
  readonly idField: string;
  /** Upserts replace what was there, so that a first write and a later one answer alike. */
  readonly upsert?: true;
  toEvent(input: z.output<S>): Event;
}

/** The same result as a door tells it: with every fault, its value and its limit. */
type ToldResult = IngestResult & { readonly errors?: readonly FieldViolation[] };

export function defineIngest<S extends z.ZodObject>(definition: IngestDefinition<S>): Operation {
  const { idField: _idField, upsert, toEvent: _toEvent, ...description } = definition;
  const one = upsert
    ? { ok: ingestResultSchema }
    : { created: ingestResultSchema, duplicate: ingestResultSchema };
  const both = { ...one, conflict: ingestResultSchema, rejected: ingestResultSchema };
  return {
    ...description,
    scope: 'write',
    replies: definition.many === undefined ? both : { ...both, ok: oneOrMany },
    run(access, raw) {
      const key = definition.many?.key;
      if (key !== undefined && isObject(raw.value) && Object.hasOwn(raw.value, key)) {
        return ingestMany(definition, access, raw);
      }
      return ingestOne(definition, access, raw);
    },
  };
}

/** 200 answers a batch, and one event that was here before. */
const oneOrMany = ingestResultSchema.or(ingestResultsSchema);

async function ingestOne<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  access: EngineAccess,
  raw: RawInput,
): Promise<Result> {
  const checked = check(definition.input, raw.value, raw.flaws);
  if (!checked.ok) {
    const result = malformed(definition, raw.value, checked.violations);
    return { outcome: 'rejected', body: withoutErrors(result), violations: checked.violations };
  }
  const [result] = await access.engine().ingest([definition.toEvent(checked.value)]);
  const told = tell(result!, raw.value);
  const accepted = told.status === 'created' || told.status === 'duplicate';
  const outcome: Outcome = definition.upsert && accepted ? 'ok' : told.status;
  return { outcome, body: withoutErrors(told), violations: told.errors ?? [] };
}

async function ingestMany<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  access: EngineAccess,
  raw: RawInput,
): Promise<Result> {
  const elements = envelopeOf(definition, raw);
  const checks = elements.map((element, index) =>
    check(definition.input, element, flawsBelow(raw.flaws, [definition.many!.key, index])),
  );
  const events = checks.flatMap((checked) =>
    checked.ok ? [definition.toEvent(checked.value as z.output<S>)] : [],
  );
  const accepted = await ingestUnlessEmpty(access.engine(), events);
  const inOrder = accepted.values();
  const results = checks.map((checked, index) =>
    checked.ok
      ? tell(inOrder.next().value!, elements[index])
      : malformed(definition, elements[index], checked.violations),
  );
  return { outcome: 'ok', body: { results } };
}

async function ingestUnlessEmpty(
  engine: Engine,
  events: readonly Event[],
): Promise<readonly IngestResult[]> {
  return events.length === 0 ? [] : engine.ingest(events);
}

/** The elements of a batch, not yet looked into; the envelope around them must be without fault. */
function envelopeOf<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  raw: RawInput,
): readonly unknown[] {
  const { key, max } = definition.many!;
  const envelope = raw.value as Record<string, unknown>;
  const elements = envelope[key];
  const violations: FieldViolation[] = [
    ...outsideElements(raw.flaws, key).map(({ path, ...fault }) => ({
      field: String(path[0] ?? 'body'),
      ...fault,
    })),
  ];
  for (const field of Object.keys(envelope)) {
    if (field === key) continue;
    const message = `is not a known field beside ${key}`;
    violations.push({ field, value: shown(envelope[field]), limit: key, message });
  }
  if (!Array.isArray(elements) || elements.length < 1 || elements.length > max) {
    const limit = `an array of 1 to ${max}`;
    violations.push({ field: key, value: shown(elements), limit, message: `must be ${limit}` });
  }
  if (violations.length > 0) throw refusal(violations.slice(0, doorLimits.violationsMax));
  return elements as readonly unknown[];
}

function outsideElements(flaws: readonly Flaw[], key: string): readonly Flaw[] {
  const isInside = (path: Path) => path[0] === key && path.length > 1;
  return flaws.filter((flaw) => !isInside(flaw.path));
}

/** The result of what never reached the engine because its shape is wrong. */
function malformed<S extends z.ZodObject>(
  definition: IngestDefinition<S>,
  raw: unknown,
  violations: readonly FieldViolation[],
): ToldResult {
  const id = valueAtField(raw, definition.idField);
  const idNode = definition.input.shape[definition.idField]?.safeParse(id);
  return {
    id: idNode?.success ? String(id) : '',
    status: 'rejected',
    reason: 'MALFORMED',
    message: summaryOf(violations),
    field: violations[0]!.field,
    errors: violations,
  };
}

/** Adds to a refusal of the engine what was given and what is allowed. */
function tell(result: IngestResult, raw: unknown): ToldResult {
  if (result.status !== 'conflict' && result.status !== 'rejected') return result;
  const field = result.field ?? 'body';
  const message = result.message ?? result.reason ?? result.status;
  const limit = result.limit ?? message;
  const value = shown(valueAtField(raw, field));
  return { ...result, errors: [{ field, value, limit, message }] };
}

function withoutErrors(result: ToldResult): object {
  const { errors: _errors, ...rest } = result;
  return rest;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
