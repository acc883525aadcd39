// Calls of one message each way: an operation of the table, asked and answered in protocol buffers.
import type { handleUnaryCall, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import { isBehind, overloaded } from '../gate.ts';
import { doorLimits } from '../limits.ts';
import {
  type EngineAccess,
  type Operation,
  type RawInput,
  type Result,
  type RpcService,
  whenHeld,
} from '../operations/operation.ts';
import { type SchemaNode, schemaNode, withValues } from '../operations/violations.ts';
import { longListOf, nextPiece } from '../pieces.ts';
import { emptyMessage, readInput } from './input.ts';
import type { Method } from './methods.ts';
import { type Parts, refuse, tooMuchUnread } from './parts.ts';
import { statusOfError, statusOfResult } from './status.ts';

export function unaryHandler(
  parts: Parts,
  operation: Operation,
  method: Method,
): handleUnaryCall<Buffer, Buffer> {
  const rpc = operation.rpc ?? operation.name;
  const asked = { scopes: [operation.scope], service: serviceOf(rpc) };
  const read = inputReader(operation, method);
  const answer: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const fail = (error: unknown): void => callback(refuse(parts, rpc, error));
    const succeed = (answered: Answer): void => {
      if (!Buffer.isBuffer(answered)) callback(answered);
      else if (parts.unread.mayTake(parts.clientOf(call), answered.length))
        callback(null, answered);
      else fail(tooMuchUnread());
    };
    try {
      parts.admit(call.metadata, asked);
      const asking = { parts, operation, method, call };
      const given = read(call.request);
      const answered =
        given instanceof Promise
          ? given.then((input) => answerOperation({ ...asking, input }))
          : answerOperation({ ...asking, input: given });
      if (answered instanceof Promise) answered.then(succeed).catch(fail);
      else succeed(answered);
    } catch (error) {
      fail(error);
    }
  };
  return behindGate(parts, operation, answer);
}

/** Lists wait for the processor and receipts for the disk, as over HTTP; the rest is seldom. */
function behindGate(
  { gate, access }: Parts,
  operation: Operation,
  answer: handleUnaryCall<Buffer, Buffer>,
): handleUnaryCall<Buffer, Buffer> {
  const isList = operation.toRequest !== undefined;
  if (!isList && operation.tag !== 'receipts') return answer;
  return (call, callback) => {
    const serve = (): void => answer(call, callback);
    const refuse = (): void => callback(statusOfError(overloaded()));
    if (isList) gate.list({ serve, refuse });
    else gate.write({ serve, refuse }, isBehind(access));
  };
}

export function serviceOf(rpc: string): RpcService {
  return rpc.split('/')[0] as RpcService;
}

/** Makes messages what an operation takes; a long one only after a few turns of the event loop. */
export function inputReader(
  { input, many }: Operation,
  { request }: Method,
): (bytes: Buffer) => RawInput | Promise<RawInput> {
  const node = schemaNode(input);
  // Of an operation that takes many, one call may take them in a list and another one alone.
  const isList = many !== undefined && Object.hasOwn(emptyMessage(request), many.key);
  const read: SchemaNode = isList
    ? { properties: { [many.key]: { type: 'array', items: node } }, required: [many.key] }
    : node;
  const raw = (value: unknown): RawInput => ({ value, flaws: [] });
  return (bytes) => {
    const value = readInput(request, bytes, read);
    return value instanceof Promise ? value.then(raw) : raw(value);
  };
}

/** The reply's bytes, or the status of one event that was refused. */
type Answer = Buffer | StatusObject;

interface Asking {
  readonly parts: Parts;
  readonly operation: Operation;
  readonly method: Method;
  readonly input: RawInput;
  readonly call: Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled' | 'once'>;
}

/** Whatever is refused on the way is told with the value that the caller gave. */
function answerOperation(asking: Asking): Answer | Promise<Answer> {
  const refused = (error: unknown): never => {
    throw withValues(error, asking.input.value);
  };
  try {
    const answer = answerOnce(asking);
    return answer instanceof Promise ? answer.catch(refused) : answer;
  } catch (error) {
    return refused(error);
  }
}

function answerOnce({ parts, operation, method, input, call }: Asking): Answer | Promise<Answer> {
  const { access } = parts;
  if (operation.toRequest !== undefined) {
    const request = operation.toRequest(input);
    const engine = access.engine();
    return whenHeld(engine, request.minWatermark, () => {
      // Nobody waits any more: its deadline passed while the write was waited for.
      if (call.cancelled) return Buffer.alloc(0);
      return parts.fragments.list(engine.rank(request, operation.audience));
    });
  }
  const told = (result: Result): Answer | Promise<Answer> => {
    if (result.outcome === 'conflict' || result.outcome === 'rejected') {
      return statusOfResult(result);
    }
    const list = longListOf(result.body);
    return list === undefined ? method.encode(result.body) : encodeLong(method, result.body, list);
  };
  const result = runOperation(access, operation, input, call);
  return result instanceof Promise ? result.then(told) : told(result);
}

/** Long work ends when the caller has gone. */
function runOperation(
  access: EngineAccess,
  operation: Operation,
  input: RawInput,
  call: Asking['call'],
): Result | Promise<Result> {
  if (operation.runLong === undefined) return operation.run(access, input);
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  return operation.runLong(access, input, { signal: gone.signal });
}

/** A message whose list comes in pieces is the same message as with the list in one. */
async function encodeLong(method: Method, body: object, list: string): Promise<Buffer> {
  const entries = (body as Record<string, readonly object[]>)[list]!;
  const pieces = [method.encode({ ...body, [list]: [] })];
  for (let from = 0; from < entries.length; from += doorLimits.pieceEntries) {
    await nextPiece();
    pieces.push(method.encode({ [list]: entries.slice(from, from + doorLimits.pieceEntries) }));
  }
  return Buffer.concat(pieces);
}
