// What an operation is: a name, a place, a schema and a handler. Doors read this; handlers know of
// no door.
import type { z } from 'zod';
import {
  type Audience,
  type Engine,
  type EngineStatus,
  type FieldViolation,
  type IdRules,
  type IngestStatus,
  nameReply,
  type RecommendRequest,
  type Waiting,
} from '../../engine/index.ts';
import type { Trail } from '../trail/trail.ts';
import {
  type AccessRule,
  authorizeInput,
  authorizeList,
  type Caller,
  type RpcService,
  type StoreOfReceipt,
} from './caller.ts';
import { cleanInput, type InputAccess, plainInputRules, type RawInput } from './input-rules.ts';
import { validate } from './violations.ts';

export type { RawInput } from './input-rules.ts';

/**
 * What an operation waits for under overload, and so which of them are refused together: lists and
 * other questions for the processor, events for the disk. What is free is seldom, or must always be
 * answered, and never waits: an erase, an admin call, health.
 */
export type Load = 'list' | 'write' | 'free';

/**
 * What came of it. `ok` answers a question; the others say what became of one event, and
 * `noneAccepted` that nothing of many was taken; each door has its codes.
 */
export type Outcome = 'ok' | IngestStatus | 'noneAccepted' | 'unavailable';

export interface Result {
  readonly outcome: Outcome;
  readonly body: object;
  /** What was wrong, for `conflict` and `rejected`. */
  readonly violations?: readonly FieldViolation[];
}

/** The counts are there as soon as the data folder is open. */
export type Readiness = Pick<EngineStatus, 'ready' | 'waitingFor'> & Partial<EngineStatus>;

/** The engine as the doors see it while it opens, loads and serves. */
export interface EngineAccess extends InputAccess {
  readiness(): Readiness;
  /** Absent: none is kept, as in tests of something else. */
  readonly trail?: Trail | undefined;
}

export interface Operation extends AccessRule {
  /** Verb and noun, e.g. `ingestPurchases`. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Its `{names}` are fields of the input. */
  readonly path: string;
  /**
   * The same over gRPC: service and method of proto/caini/v1. Absent: the standard health service
   * answers it.
   */
  readonly rpc?: `${RpcService}/${string}`;
  readonly load: Load;
  /** It leaves entries in the audit trail, as all do of the scopes `admin` and `privacy`. */
  readonly audited?: true;
  readonly tag: 'lists' | 'receipts' | 'members' | 'catalogue' | 'admin' | 'server';
  readonly summary: string;
  readonly description?: string;
  /** All fields, those of the path included. */
  readonly input: z.ZodObject;
  /** The input may also be `{[key]: [input, …]}` with at most `max` of them. */
  readonly many?: { readonly key: string; readonly max: number };
  readonly example?: object;
  /** Everything it needs may stand in its path: a request without a body is whole. */
  readonly bodyOptional?: true;
  readonly replies: Partial<Record<Outcome, z.ZodType>>;
  /** It may take long: it tells `waiting` how far it is, and is given up when nobody waits. */
  readonly long?: true;
  run(
    access: EngineAccess,
    caller: Caller,
    input: RawInput,
    waiting?: Waiting,
  ): Result | Promise<Result>;
  /** Of a list: whose eyes it is for, when not the member's. */
  readonly audience?: Audience;
  /** Of a list: the canonical request, so that a door may ask the engine for encoded bytes. */
  toRequest?(input: RawInput, access: InputAccess): RecommendRequest;
}

type Description = Omit<Operation, 'load' | 'run' | 'toRequest' | 'input' | 'replies'>;

interface ReadDefinition<S extends z.ZodObject> extends Description {
  readonly input: S;
  readonly reply: z.ZodType;
  handle(engine: Engine, input: z.output<S>, caller: Caller): object;
}

/**
 * A question: input checked by its schema, answered from a state that holds `minWatermark` when
 * that is asked.
 */
export function defineRead<S extends z.ZodObject>(definition: ReadDefinition<S>): Operation {
  const { reply, handle, ...description } = definition;
  return {
    ...description,
    load: 'list',
    replies: { ok: reply },
    run(access, caller, raw) {
      const input = readInput(definition.input, raw, access);
      const engine = access.engine();
      authorizeInput(caller, definition, input, storeOfReceipt(access));
      const answer = (): Result => ({ outcome: 'ok', body: handle(engine, input, caller) });
      return whenHeld(engine, watermarkOf(input), answer);
    },
  };
}

interface ActionDefinition<S extends z.ZodObject> extends Description {
  readonly input: S;
  readonly reply: z.ZodType;
  /** Also what would be refused as an id elsewhere. */
  readonly takesAnyId?: true;
  handle(engine: Engine, input: z.output<S>, waiting: Waiting, caller: Caller): Promise<object>;
}

/** Work that is asked for rather than an event that happened: answered when it is done. */
export function defineAction<S extends z.ZodObject>(definition: ActionDefinition<S>): Operation {
  const { reply, handle, takesAnyId, ...description } = definition;
  return {
    ...description,
    load: 'free',
    bodyOptional: true,
    replies: { ok: reply },
    async run(access, caller, raw, waiting = {}) {
      const input = readInput(definition.input, raw, access, takesAnyId);
      authorizeInput(caller, definition, input, storeOfReceipt(access));
      return { outcome: 'ok', body: await handle(access.engine(), input, waiting, caller) };
    },
  };
}

interface ListDefinition<S extends z.ZodObject> extends Description {
  readonly input: S;
  readonly reply: z.ZodType;
  toRequest(input: z.output<S>): RecommendRequest;
  /**
   * Accepts the usual input without zod, which costs more than the answer itself. Undefined when in
   * any doubt: the schema stays the only authority on what is refused and why.
   */
  accept?(raw: unknown, ids: IdRules): RecommendRequest | undefined;
}

/** A list: every way to ask comes down to one canonical request. */
export function defineList<S extends z.ZodObject>(definition: ListDefinition<S>): Operation {
  const { reply, toRequest: canonical, accept, ...description } = definition;
  const toRequest = (raw: RawInput, access: InputAccess): RecommendRequest => {
    const { ids } = access.inputRules ?? plainInputRules;
    const accepted = raw.parseIssues.length === 0 ? accept?.(raw.value, ids) : undefined;
    return accepted ?? canonical(readInput(definition.input, raw, access));
  };
  return {
    ...description,
    load: 'list',
    replies: { ok: reply },
    toRequest,
    run(access, caller, raw) {
      const request = toRequest(raw, access);
      authorizeList(caller, request, description);
      const engine = access.engine();
      const answer = (): Result => ({
        outcome: 'ok',
        body: nameReply(engine.lists.rank(request, description.audience)),
      });
      return whenHeld(engine, request.minWatermark, answer);
    },
  };
}

/** The input as its schema takes it, ids cleaned; throws INVALID_ARGUMENT with the violations. */
export function readInput<S extends z.ZodType>(
  schema: S,
  raw: RawInput,
  access: InputAccess,
  takesAnyId = false,
): z.output<S> {
  const { value, parseIssues } = cleanInput(schema, raw, access, takesAnyId);
  return validate(schema, value, parseIssues);
}

/** Answers at once, without a promise, unless a write must be waited for. */
export function whenHeld<T>(
  engine: Engine,
  watermark: string | undefined,
  answer: () => T,
): T | Promise<T> {
  return watermark === undefined ? answer() : engine.lists.waitFor(watermark).then(answer);
}

/** Of a receipt that is kept, where it was sold. */
export function storeOfReceipt(access: InputAccess): StoreOfReceipt {
  return (purchaseId) => access.engine().records.receipt(purchaseId)[0]?.storeId;
}

function watermarkOf(input: Record<string, unknown>): string | undefined {
  const watermark = input['minWatermark'];
  return typeof watermark === 'string' ? watermark : undefined;
}
