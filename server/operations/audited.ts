// What is done to members and by admins leaves its entries in the audit trail: whoever writes is
// told of only after both of them, that it began and what came of it, are on disk.
import type { EngineError } from '../../engine/index.ts';
import type { DoorName } from '../telemetry/requests.ts';
import { type NewEntry, type Subject, subjectKinds } from '../trail/entry.ts';
import type { Trail } from '../trail/trail.ts';
import type { AccessRule, Caller } from './caller.ts';
import { cleanInput } from './input-rules.ts';
import type { EngineAccess, Operation, RawInput, Result } from './operation.ts';

export interface AuditedCall {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly input: RawInput;
  readonly access: EngineAccess;
  readonly door: DoorName;
}

/** Upkeep, what is done to members, and what says so itself. */
export function isAudited({ scope, audited }: Pick<Operation, 'scope' | 'audited'>): boolean {
  return scope === 'admin' || scope === 'privacy' || audited === true;
}

/** Reads of members by who sees more than a till shows. */
export function isGuide({ keyId, scopes }: Caller): boolean {
  return keyId !== undefined && scopes.has('guide');
}

/** Runs it between its entries. Rejects with UNAVAILABLE, nothing done, when it cannot be told. */
export async function runAudited(
  call: AuditedCall,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const { trail } = call.access;
  if (trail === undefined) return run();
  const entry = entryOf(call);
  return call.operation.method === 'GET' ? runRead(trail, entry, run) : runWrite(trail, entry, run);
}

/** What changes nothing has one entry, on disk before it is answered. */
async function runRead(trail: Trail, entry: NewEntry, run: () => Result | Promise<Result>) {
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    await record(trail, { ...entry, outcome: reasonOf(error) });
    throw error;
  }
  await trail.append({ ...entry, outcome: result.outcome });
  return result;
}

async function runWrite(trail: Trail, entry: NewEntry, run: () => Result | Promise<Result>) {
  const of = await trail.append(entry);
  const { subjects: _, ...ended } = { ...entry, of };
  try {
    const result = await run();
    const { reason } = result.body as { readonly reason?: string };
    await record(trail, { ...ended, outcome: reason ?? result.outcome });
    return result;
  } catch (error) {
    await record(trail, { ...ended, outcome: reasonOf(error) });
    throw error;
  }
}

/** What was done is answered as it was: an entry that cannot be written now is written later. */
async function record(trail: Trail, entry: NewEntry): Promise<void> {
  await trail.append(entry).catch(() => trail.note(entry));
}

/** A caller who may not ask for it. */
export function recordRefusal(
  { trail }: EngineAccess,
  door: DoorName,
  asked: AccessRule & { readonly name?: string },
  { keyId }: Caller,
  error: unknown,
): void {
  if (asked.name === undefined || keyId === undefined || !isAudited(asked)) return;
  trail?.note({ operation: asked.name, outcome: reasonOf(error), door, keyId });
}

/** A list of a member. */
export function recordRead(
  trail: Trail,
  { name }: Operation,
  entry: Required<Pick<NewEntry, 'outcome' | 'door'>> & { readonly keyId?: string | undefined },
  memberId: string,
): void {
  const { outcome, door, keyId } = entry;
  const subjects = [{ kind: subjectKinds[0], id: memberId }];
  trail.note({ operation: name, outcome, door, ...(keyId && { keyId }), subjects });
}

export function reasonOf(error: unknown): string {
  const { reason, code = 'INTERNAL' } = Object(error) as Partial<EngineError>;
  return reason ?? code;
}

function entryOf(call: AuditedCall): NewEntry {
  const { operation, caller, door } = call;
  const subjects = subjectsOf(call);
  return {
    operation: operation.name,
    door,
    ...(caller.keyId !== undefined && { keyId: caller.keyId }),
    ...(subjects.length > 0 && { subjects }),
  };
}

const kindOfField: Readonly<Record<string, Subject['kind']>> = {
  memberId: 'member',
  fromMemberId: 'member',
  purchaseId: 'receipt',
};

/** Whom it is about, by the ids that it will be run with; what is no id is about nobody. */
function subjectsOf({ operation, input, access }: AuditedCall): Subject[] {
  const { shape } = operation.input;
  const names = Object.keys(kindOfField).filter((name) => name in shape);
  if (names.length === 0) return [];
  const fields = Object(cleaned(operation, input, access)) as Record<string, unknown>;
  return names.flatMap((name) => {
    const parsed = shape[name]!.safeParse(fields[name]);
    return parsed.success && typeof parsed.data === 'string'
      ? [{ kind: kindOfField[name]!, id: parsed.data }]
      : [];
  });
}

function cleaned(operation: Operation, input: RawInput, access: EngineAccess): unknown {
  try {
    return cleanInput(operation.input, input, access, true).value;
  } catch {
    // Not open yet: it is refused with that, and tells of the id as it was given.
    return input.value;
  }
}
