// A real gRPC door on loopback, and clients that know nothing but proto/: what a vendor would
// write.
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { pino } from 'pino';
import { IngestResult } from '#proto/caini/v1/ingest.js';
import { BadRequest, ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import { type Engine, type EngineOptions, openEngine, systemClock } from '../../engine/index.ts';
import { type GrpcDoor, type ListenOptions, listen } from '../../server/grpc/listen.ts';
import type { EngineAccess } from '../../server/operations/operation.ts';
import { makeTemporaryFolder } from './folders.ts';

const protoFolder = join(import.meta.dirname, '../../proto');
const services = [
  'recommendation',
  'checkout',
  'ingest',
  'catalog',
  'member',
  'admin',
  'replication',
];
const files = [
  ...services.map((name) => `caini/v1/${name}.proto`),
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
];

/** As a loader gives it: longs as numbers, enums by name, lists never absent. */
export const definition = loadSync(files, {
  includeDirs: [protoFolder],
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  oneofs: true,
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into messages at many depths.
export type Message = any;

export interface Till {
  readonly engine: Engine;
  readonly door: GrpcDoor;
  /** A client of one service, e.g. `caini.v1.CheckoutService`; closed with the rest. */
  client(service: string, options?: grpc.ClientOptions): Message;
  close(): Promise<void>;
}

/** With an engine of its own over an empty folder. */
export async function openTill(
  options: Partial<ListenOptions> = {},
  {
    clock = systemClock,
    wrap = (access: EngineAccess): EngineAccess => access,
    options: ofEngine = {} as Partial<EngineOptions>,
  } = {},
): Promise<Till> {
  const folder = await makeTemporaryFolder('till');
  const engine = await openEngine({ dataDir: folder.path, clock, ...ofEngine });
  const access = wrap({ engine: () => engine, readiness: () => engine.status() });
  const log = pino({ level: 'silent' });
  const door = await listen({ host: '127.0.0.1', port: 0, access, log, ...options });
  const clients: grpc.Client[] = [];
  return {
    engine,
    door,
    client(service, clientOptions) {
      const client = newClient(door.url, service, { options: clientOptions });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await door.close();
      await engine.close();
      await folder.remove();
    },
  };
}

interface ClientSettings {
  readonly options?: grpc.ClientOptions | undefined;
  readonly credentials?: grpc.ChannelCredentials;
}

export function newClient(url: string, service: string, settings: ClientSettings = {}): Message {
  const { options = {}, credentials = grpc.credentials.createInsecure() } = settings;
  const described = definition[service.includes('.') ? service : `caini.v1.${service}`];
  const Client = grpc.makeGenericClientConstructor(described as grpc.ServiceDefinition, service);
  const address = url.replace('grpc://', '').replace('grpcs://', '');
  // Each client its own connection, so that none outlives its test.
  return new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, ...options });
}

/** One message each way. Rejects with the ServiceError. */
export function ask(
  client: Message,
  method: string,
  request: object,
  { metadata = new grpc.Metadata(), deadlineMs = 20_000 } = {},
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    client[method](request, metadata, options, (error: grpc.ServiceError | null, reply: Message) =>
      error === null ? resolve(reply) : reject(error),
    );
  });
}

/** What a refusal says in its details. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly info: ErrorInfo | undefined;
  readonly violations: BadRequest['fieldViolations'];
  readonly retryAfterMs: number | undefined;
  readonly result: IngestResult | undefined;
}

export function refusalOf(error: unknown): Refusal {
  const { code, details: message, metadata } = error as grpc.ServiceError;
  const [encoded] = metadata.get('grpc-status-details-bin');
  const { details } = Status.decode((encoded as Buffer | undefined) ?? Buffer.alloc(0));
  const find = (type: string) =>
    details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/${type}`)?.value;
  const [info, bad, retry, result] = [
    find('google.rpc.ErrorInfo'),
    find('google.rpc.BadRequest'),
    find('google.rpc.RetryInfo'),
    find('caini.v1.IngestResult'),
  ];
  const delay = retry && RetryInfo.decode(retry).retryDelay;
  return {
    code: grpc.status[code] ?? String(code),
    message,
    info: info && ErrorInfo.decode(info),
    violations: bad === undefined ? [] : BadRequest.decode(bad).fieldViolations,
    retryAfterMs: delay && delay.seconds * 1_000 + delay.nanos / 1_000_000,
    result: result && IngestResult.decode(result),
  };
}

/** The refusal of a call that must not succeed. */
export async function refused(asked: Promise<Message>): Promise<Refusal> {
  const reply = await asked.catch((error: unknown) => ({ error }));
  if (!('error' in reply)) throw new Error(`answered: ${JSON.stringify(reply)}`);
  return refusalOf(reply.error);
}
