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
import { methods } from './methods.ts';
import { type Parts, refuse, stopping } from './parts.ts';
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
      definition[name] = definitionOf(`/caini.v1.${service}/${name}`, call);
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

type Stream = ServerDuplexStream<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/**
 * For services that others wrote: their streams end when the server stops, and the key is asked for
 * when `withKey`.
 */
export function guarded(
  server: Server,
  parts: Parts,
  { withKey }: { readonly withKey: boolean },
): Pick<Server, 'addService'> {
  const guard =
    (name: string, handle: UntypedHandleCall) =>
    (call: Stream): void => {
      try {
        if (withKey) parts.admit(call.metadata, {});
      } catch (error) {
        call.emit('error', refuse(parts, name, error));
        return;
      }
      const ended = parts.streams.add(() => call.emit('error', refuse(parts, name, stopping())));
      call.once('close', ended).once('cancelled', ended);
      (handle as (stream: Stream) => void)(call);
    };
  return {
    addService(definition, implementation) {
      const guardedCalls: UntypedServiceImplementation = {};
      for (const [name, { responseStream }] of Object.entries(definition)) {
        const handle = handlerOf(implementation, name);
        guardedCalls[name] = responseStream ? (guard(name, handle) as UntypedHandleCall) : handle;
      }
      server.addService(definition, guardedCalls);
    },
  };
}

/** grpc-js takes `Check` for `check` too. */
function handlerOf(implementation: UntypedServiceImplementation, name: string): UntypedHandleCall {
  const lower = `${name[0]?.toLowerCase()}${name.slice(1)}`;
  const handle = implementation[name] ?? implementation[lower];
  if (handle === undefined) throw new Error(`${name} has no handler`);
  return handle;
}
