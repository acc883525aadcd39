// Calls of one message each way: an operation of the table, asked and answered in protocol buffers.
import type { handleUnaryCall, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import { isBehind, overloaded } from '../gate.ts';
import {
  type EngineAccess,
  type Operation,
  type RawInput,
  type Result,
  type RpcService,
  whenHeld,
} from '../operations/operation.ts';
import { schemaNode, withValues } from '../operations/violations.ts';
import { decodeMessage, toInput } from './input.ts';
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
      const input = readInput(operation, method, call.request);
      const answered = answerOperation({ parts, operation, method, input, call });
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

export function readInput(operation: Operation, method: Method, bytes: Buffer): RawInput {
  const message = decodeMessage(method.request, bytes);
  const node = schemaNode(operation.input);
  const key = operation.many?.key;
  if (key === undefined || !Object.hasOwn(message, key)) {
    return { value: toInput(message, node), flaws: [] };
  }
  const envelope = { properties: { [key]: { type: 'array', items: node } }, required: [key] };
  return { value: toInput(message, envelope), flaws: [] };
}

/** The reply's bytes, or the status of one event that was refused. */
type Answer = Buffer | StatusObject;

interface Asking {
  readonly parts: Parts;
  readonly operation: Operation;
  readonly method: Method;
  readonly input: RawInput;
  readonly call: Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled'>;
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
  return runOperation(access, operation, method, input);
}

function runOperation(
  access: EngineAccess,
  operation: Operation,
  method: Method,
  input: RawInput,
): Answer | Promise<Answer> {
  const told = (result: Result): Answer =>
    result.outcome === 'conflict' || result.outcome === 'rejected'
      ? statusOfResult(result)
      : method.encode(result.body);
  const result = operation.run(access, input);
  return result instanceof Promise ? result.then(told) : told(result);
}
