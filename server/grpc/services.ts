// The services as they are registered: one entry for each call of proto/caini/v1, and those that
// every gRPC server has.
import type {
  MethodDefinition,
  Server,
  ServerDuplexStream,
  ServerWritableStream,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { operations } from '../operations.ts';
import { watchIdle } from './idle.ts';
import { methods } from './methods.ts';
import { assertShowsKey, callerOf, type Parts, refuse, stopping } from './parts.ts';
import { unaryHandler } from './unary.ts';

/** A call with a handler, and which side sends more than one message. */
export interface Call {
  readonly handle: UntypedHandleCall;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Adds every call: those of one message each way from the table of operations, and `streams`. */
export function addServices(
  server: Server,
  parts: Parts,
  streams: Readonly<Record<string, Call>>,
): void {
  const calls = new Map<string, Call>();
  for (const operation of operations) {
    if (operation.rpc === undefined || streams[operation.rpc] !== undefined) continue;
    const method = methods[operation.rpc];
    if (method === undefined) throw new Error(`${operation.rpc} has no message types`);
    const handle = unaryHandler(parts, operation, method);
    calls.set(operation.rpc, { handle, requestStream: false, responseStream: false });
  }
  for (const [rpc, call] of Object.entries(streams)) calls.set(rpc, call);
  for (const [service, ofService] of byService(calls)) {
    const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const [name, call] of ofService) {
      const path = `/caini.v1.${service}/${name}`;
      if (call.requestStream) parts.sendingMany.add(path);
      definition[name] = definitionOf(path, call);
      implementation[name] = call.handle;
    }
    server.addService(definition, implementation);
  }
}

function byService(calls: ReadonlyMap<string, Call>): Map<string, [string, Call][]> {
  const services = new Map<string, [string, Call][]>();
  for (const [rpc, call] of calls) {
    const [service = '', name = ''] = rpc.split('/');
    services.set(service, [...(services.get(service) ?? []), [name, call]]);
  }
  return services;
}

/** Messages pass as bytes: what is no message is refused by us, with details, not by grpc-js. */
function definitionOf(path: string, call: Call): MethodDefinition<Buffer, Buffer> {
  const { requestStream, responseStream } = call;
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

type Duplex = ServerDuplexStream<unknown, unknown>;
type Stream = Duplex | ServerWritableStream<unknown, unknown>;

/**
 * For services that others wrote: their streams end when the server stops or their client falls
 * silent, nothing is read before the last answer is, and the key is asked for when `withKey`.
 */
export function guarded(
  server: Server,
  parts: Parts,
  { withKey }: { readonly withKey: boolean },
): Pick<Server, 'addService'> {
  const guard =
    (name: string, handle: UntypedHandleCall) =>
    (call: Stream): void => {
      const fail = (error: unknown) => call.emit('error', refuse(parts, name, error));
      try {
        if (withKey) assertShowsKey(callerOf(parts, call));
      } catch (error) {
        fail(error);
        return;
      }
      const ends = [parts.streams.add(() => fail(stopping()))];
      if (sendsToo(call)) ends.push(readOneByOne(call, parts, fail));
      const end = (): void => {
        for (const each of ends.splice(0)) each();
      };
      call.once('close', end).once('cancelled', end);
      (handle as (stream: Stream) => void)(call);
    };
  return {
    addService(definition, implementation) {
      const guardedCalls: UntypedServiceImplementation = {};
      for (const [name, { path, requestStream, responseStream }] of Object.entries(definition)) {
        if (requestStream) parts.sendingMany.add(path);
        const handle = handlerOf(implementation, name);
        guardedCalls[name] = responseStream ? (guard(name, handle) as UntypedHandleCall) : handle;
      }
      server.addService(definition, guardedCalls);
    },
  };
}

function sendsToo(call: Stream): call is Duplex {
  return 'pause' in call;
}

/** A client that asks and asks, and does not read, would be answered into memory. */
function readOneByOne(call: Duplex, parts: Parts, fail: (error: unknown) => void): () => void {
  const write = call.write.bind(call) as (message: unknown, taken: () => void) => boolean;
  let isAnswering = false;
  call.write = (message: unknown): boolean => {
    isAnswering = true;
    call.pause();
    return write(message, () => {
      isAnswering = false;
      call.resume();
    });
  };
  const idle = watchIdle({
    msMax: parts.timing.streamIdleMsMax,
    isHeldUp: () => isAnswering,
    onIdle: fail,
  });
  // Not by `data`, which would make the stream flow before its handler listens.
  const push = call.push.bind(call);
  call.push = (message: unknown): boolean => {
    idle.touch();
    return push(message);
  };
  return () => idle.stop();
}

/** grpc-js takes `Check` for `check` too. */
function handlerOf(implementation: UntypedServiceImplementation, name: string): UntypedHandleCall {
  const lower = `${name[0]?.toLowerCase()}${name.slice(1)}`;
  const handle = implementation[name] ?? implementation[lower];
  if (handle === undefined) throw new Error(`${name} has no handler`);
  return handle;
}
