// AdminService.Verify: long work that says how far it is, message by message.
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Operation } from '../operations/operation.ts';
import { encodeProgress, methods } from './methods.ts';
import { type Parts, refuse, stopping } from './parts.ts';
import type { Call } from './services.ts';
import { readInput, serviceOf } from './unary.ts';

type Stream = ServerWritableStream<Buffer, Buffer>;

export function progressCall(parts: Parts, operation: Operation): Call {
  const rpc = operation.rpc!;
  const answer = async (call: Stream): Promise<void> => {
    parts.admit(call.metadata, { scopes: [operation.scope], service: serviceOf(rpc) });
    const method = methods[rpc]!;
    const input = readInput(operation, method, call.request);
    const tell = wholePercents((done, total) => {
      // Who does not read on is told how far it is when they do.
      if (!call.writableNeedDrain) call.write(encodeProgress(done, total));
    });
    const { body } = await operation.runWithProgress!(parts.access, input, tell);
    call.write(method.encode(body));
    call.end();
  };
  const handle = (call: Stream): void => {
    const fail = (error: unknown): void => {
      call.emit('error', refuse(parts, rpc, error));
    };
    const ended = parts.streams.add(() => fail(stopping()));
    call.once('close', ended).once('cancelled', ended);
    answer(call).catch(fail);
  };
  return { handle, requestStream: false, responseStream: true };
}

/** A percent told twice says nothing. */
function wholePercents(tell: (done: number, total: number) => void) {
  let told = -1;
  return (done: number, total: number): void => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    if (percent === told) return;
    told = percent;
    tell(done, total);
  };
}
