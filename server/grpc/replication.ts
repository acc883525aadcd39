// ReplicationService: what nodes of one chain ask of each other. No operation of the table: nobody
// else calls it, and it is admitted by the node secret instead of an API key.
import { once } from 'node:events';
import type {
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import * as wire from '#proto/caini/v1/replication.js';
import { EngineError } from '../../engine/index.ts';
import { statedFormat } from '../cluster/format.ts';
import type { ReplicationHost } from '../cluster/host.ts';
import { type Decoder, decodeMessage } from './input.ts';
import { type Parts, refuse, stopping } from './parts.ts';
import type { Call } from './services.ts';

type Host = ReplicationHost | undefined;
type Stream = ServerWritableStream<Buffer, Buffer>;

export function replicationCalls(parts: Parts, host: Host): Readonly<Record<string, Call>> {
  const stream = (name: string, open: Opening): [string, Call] => [
    `ReplicationService/${name}`,
    {
      handle: streamHandler(parts, host, { name, open }),
      requestStream: false,
      responseStream: true,
    },
  ];
  const unary = (name: string, answer: Answering): [string, Call] => [
    `ReplicationService/${name}`,
    {
      handle: unaryHandler(parts, host, { name, answer }),
      requestStream: false,
      responseStream: false,
    },
  ];
  return Object.fromEntries([
    stream('ReadSnapshot', (served) => served.snapshot()),
    stream('TailJournal', (served, bytes, signal) =>
      served.tail(decode(wire.TailJournalRequest, bytes), signal),
    ),
    unary('ReportStanding', async (served, bytes) =>
      wire.ReportStandingResponse.encode(
        await served.report(decode(wire.ReportStandingRequest, bytes)),
      ).finish(),
    ),
    unary('ReadStreamKey', (served, bytes) =>
      wire.ReadStreamKeyResponse.encode(
        served.streamKey(decode(wire.ReadStreamKeyRequest, bytes)),
      ).finish(),
    ),
    unary('ForwardWrite', async (served, bytes) =>
      wire.ForwardWriteResponse.encode(
        await served.write(decode(wire.ForwardWriteRequest, bytes)),
      ).finish(),
    ),
  ]);
}

type Opening = (
  host: ReplicationHost,
  bytes: Buffer,
  signal: AbortSignal,
) => AsyncIterableIterator<Buffer>;

type Answering = (host: ReplicationHost, bytes: Buffer) => Uint8Array | Promise<Uint8Array>;

function decode<Message extends object>(decoder: Decoder<Message>, bytes: Buffer): Message {
  return decodeMessage(decoder, bytes) as Message;
}

/**
 * Throws UNIMPLEMENTED on a node that is alone, UNAUTHENTICATED for a stranger, UNAVAILABLE for a
 * node of another data format.
 */
function admitted(host: Host, name: string, metadata: Metadata): ReplicationHost {
  if (host === undefined) {
    const message = 'this node is alone: CAINI_ROLE is not set';
    throw new EngineError('UNIMPLEMENTED', message, { reason: 'NODE_ALONE' });
  }
  const header = (key: string) => String(metadata.get(key)[0] ?? '');
  const [timeMs, nonce, mac] = ['time', 'nonce', 'mac'].map((key) => header(`caini-node-${key}`));
  const proof = { timeMs: timeMs!, nonce: nonce!, mac: mac! };
  host.admit(
    `/caini.v1.ReplicationService/${name}`,
    proof,
    statedFormat(header('caini-node-format')),
  );
  return host;
}

interface StreamCall {
  readonly name: string;
  readonly open: Opening;
}

function streamHandler(parts: Parts, host: Host, { name, open }: StreamCall) {
  return (call: Stream): void => {
    const stop = new AbortController();
    const ended = parts.streams.add(() => {
      call.emit('error', refuse(parts, name, stopping()));
      stop.abort();
    });
    const leave = () => {
      ended();
      stop.abort();
    };
    call.once('close', leave).once('cancelled', leave);
    const send = async (): Promise<void> => {
      const served = admitted(host, name, call.metadata);
      for await (const bytes of open(served, call.request, stop.signal)) {
        if (stop.signal.aborted) return;
        // A slow reader is waited for: what it has not read stays in the log.
        if (!call.write(bytes)) await drained(call, stop.signal);
      }
      call.end();
    };
    send().catch((error: unknown) => {
      if (!stop.signal.aborted) call.emit('error', refuse(parts, name, error));
    });
  };
}

async function drained(call: Stream, signal: AbortSignal): Promise<void> {
  try {
    await once(call, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

interface UnaryCall {
  readonly name: string;
  readonly answer: Answering;
}

function unaryHandler(parts: Parts, host: Host, { name, answer }: UnaryCall) {
  const handle: handleUnaryCall<Buffer, Buffer> = (
    call: ServerUnaryCall<Buffer, Buffer>,
    callback,
  ) => {
    const work = async () => answer(admitted(host, name, call.metadata), call.request);
    work().then(
      (bytes) => callback(null, Buffer.from(bytes)),
      (error: unknown) => callback(refuse(parts, name, error)),
    );
  };
  return handle;
}
