// AdminService.Verify: long work that says how far it is, message by message.
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Operation } from '../operations/operation.ts';
import { encodeProgress, encodeReply, methods } from './methods.ts';
import { callerOf, type Parts, refuse, stopping } from './parts.ts';
import type { Call } from './services.ts';
import { inputReader } from './unary.ts';

type Stream = ServerWritableStream<Buffer, Buffer>;

export function progressCall(parts: Parts, operation: Operation): Call {
  const rpc = operation.rpc!;
  const method = methods[rpc]!;
  const read = inputReader(operation, method);
  const answer = async (call: Stream, signal: AbortSignal): Promise<void> => {
    const caller = callerOf(parts, call, operation);
    const input = await read(call.request);
    const progress = wholePercents((done, total) => {
      // Who does not read on learns how far it is when they do.
      if (!call.writableNeedDrain) call.write(encodeProgress(done, total));
    });
    const { body } = await parts.chain.run(operation, caller, input, { signal, progress });
    call.write(encodeReply(method, body));
    call.end();
  };
  const handle = (call: Stream): void => {
    const fail = (error: unknown): void => {
      call.emit('error', refuse(parts, rpc, error));
    };
    const gone = new AbortController();
    const ended = parts.streams.add(() => {
      fail(stopping());
      gone.abort();
    });
    const leave = () => {
      ended();
      gone.abort();
    };
    call.once('close', leave).once('cancelled', leave);
    answer(call, gone.signal).catch((error: unknown) => {
      if (!gone.signal.aborted) fail(error);
    });
  };
  return { handle, requestStream: false, responseStream: true };
}

/** A percent reported twice says nothing. */
function wholePercents(report: (done: number, total: number) => void) {
  let lastPercent = -1;
  return (done: number, total: number): void => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    if (percent === lastPercent) return;
    lastPercent = percent;
    report(done, total);
  };
}
