// Calls of one message each way: an operation of the table, asked and answered in protocol buffers.
import type { handleUnaryCall, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import { overloadedError } from '../load-shedder.ts';
import type { Caller } from '../operations/caller.ts';
import type { Operation, RawInput, Result } from '../operations/operation.ts';
import { type SchemaNode, schemaNode, withValues } from '../operations/violations.ts';
import { emptyMessage, readInput } from './input.ts';
import { encodeInPieces, encodeReply, type Method } from './methods.ts';
import { callerOf, type Parts, refuse, tooMuchUnread } from './parts.ts';
import { codeName, statusOfError, statusOfResult } from './status.ts';

export function unaryHandler(
  parts: Parts,
  operation: Operation,
  method: Method,
): handleUnaryCall<Buffer, Buffer> {
  const rpc = operation.rpc ?? operation.name;
  const read = inputReader(operation, method);
  const timer = parts.chain.timerOf(operation);
  return (call, respond) => {
    const beganMs = performance.now();
    const callback: typeof respond = (refusal, reply) => {
      timer.observe(codeName(refusal?.code), performance.now() - beganMs);
      respond(refusal, reply);
    };
    const fail = (error: unknown): void => callback(refuse(parts, rpc, error));
    const succeed = (answered: Answer): void => {
      if (!Buffer.isBuffer(answered)) callback(answered);
      else if (parts.unread.canAcquire(parts.clientOf(call), answered.length))
        callback(null, answered);
      else fail(tooMuchUnread());
    };
    const serve = (caller: Caller): void => {
      try {
        const asking = { parts, operation, method, call, caller };
        const input = read(call.request);
        const answered =
          input instanceof Promise
            ? input.then((input) => answerOperation({ ...asking, input }))
            : answerOperation({ ...asking, input });
        if (answered instanceof Promise) answered.then(succeed).catch(fail);
        else succeed(answered);
      } catch (error) {
        fail(error);
      }
    };
    try {
      const caller = callerOf(parts, call, operation);
      // Nothing is made for those who pass at once.
      if (parts.chain.mayPass(operation.load)) serve(caller);
      else {
        const refused = (): void => callback(statusOfError(overloadedError()));
        parts.chain.limit(operation.load, { serve: () => serve(caller), refuse: refused });
      }
    } catch (error) {
      fail(error);
    }
  };
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
  const raw = (value: unknown): RawInput => ({ value, parseIssues: [] });
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
  readonly caller: Caller;
  readonly input: RawInput;
  readonly call: Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled' | 'once'>;
}

/** Whatever is refused on the way is answered with the value that the caller gave. */
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

function answerOnce(asking: Asking): Answer | Promise<Answer> {
  const { parts, operation, method, caller, input, call } = asking;
  if (operation.toRequest !== undefined) {
    const request = operation.toRequest(input, parts.chain.access);
    return parts.chain.rank({ operation, caller, request }, (reply) =>
      // Nobody waits any more: its deadline passed while the write was waited for.
      call.cancelled ? Buffer.alloc(0) : parts.fragments.list(reply),
    );
  }
  const toAnswer = (result: Result): Answer | Promise<Answer> => {
    if (result.outcome === 'conflict' || result.outcome === 'rejected') {
      return statusOfResult(result);
    }
    const { body } = result;
    return method.list === undefined ? encodeReply(method, body) : encodePage(asking, body);
  };
  const result = runOperation(asking);
  return result instanceof Promise ? result.then(toAnswer) : toAnswer(result);
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Of pages one is encoded at a time: many at once would be done no sooner, and each would take its
 * memory meanwhile. Those that wait are held as what the catalogue has anyway.
 */
function encodePage({ method, call }: Asking, body: object): Promise<Buffer> {
  const encoded = last.then(() =>
    // Nobody waits any more.
    call.cancelled ? Buffer.alloc(0) : encodeInPieces(method, body),
  );
  last = encoded.catch(() => {});
  return encoded;
}

/** Long work ends when the caller has gone. */
function runOperation({ parts, operation, caller, input, call }: Asking): Result | Promise<Result> {
  if (!operation.long) return parts.chain.run(operation, caller, input);
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  return parts.chain.run(operation, caller, input, { signal: gone.signal });
}
