// The line to another node: its ReplicationService, called with the proof that we are one of them.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import * as wire from '#proto/caini/v1/replication.js';
import { ErrorInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import { EngineError, type ErrorCode, errorCodes } from '../../engine/index.ts';
import { assertSameFormat, statedFormat } from './format.ts';
import { clusterLimits } from './limits.ts';
import { type NodeSecret, seal, unseal } from './secret.ts';

export interface UpstreamOptions {
  /** `host:port`, or `grpcs://host:port` for TLS. */
  readonly address: string;
  readonly secret: NodeSecret;
  readonly now: () => number;
  /** The data format of this node's chain. */
  readonly format: number;
  /** PEM files for TLS. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly readFile: (path: string) => Buffer;
}

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

const servicePath = '/caini.v1.ReplicationService';

export class Upstream {
  readonly address: string;
  private readonly options: UpstreamOptions;
  private readonly client: Client;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.address = options.address;
    this.client = new Client(options.address.replace(/^grpcs?:\/\//, ''), channel(options), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': 64 * 1_048_576,
      'grpc.keepalive_time_ms': 2_000,
      'grpc.keepalive_timeout_ms': 2_000,
      'grpc.initial_reconnect_backoff_ms': clusterLimits.retryMsMin,
      'grpc.max_reconnect_backoff_ms': clusterLimits.retryMsMax,
    });
  }

  close(): void {
    this.client.close();
  }

  /** The journal from a watermark on; ends when `signal` does. Throws EngineError. */
  async *tail(
    request: wire.TailJournalRequest,
    signal: AbortSignal,
  ): AsyncIterableIterator<NonNullable<wire.TailJournalResponse['step']>> {
    const stream = this.stream('TailJournal', wire.TailJournalRequest, request);
    for await (const bytes of hearing(stream, signal, this.address)) {
      const { step } = wire.TailJournalResponse.decode(bytes);
      if (step !== undefined) yield step;
    }
  }

  /**
   * Writes the files of a snapshot into a folder, nothing of one of another data format; resolves
   * with their bytes.
   */
  async readSnapshot(node: string, folder: string, signal: AbortSignal): Promise<number> {
    const stream = this.stream('ReadSnapshot', wire.ReadSnapshotRequest, { node });
    const files = new SnapshotFiles(folder, this.options.secret);
    const ours = { node, format: this.options.format };
    let isWhole = false;
    try {
      for await (const bytes of hearing(stream, signal, this.address)) {
        const piece = wire.ReadSnapshotResponse.decode(bytes);
        assertSameFormat({ node: this.address, format: statedFormat(piece.format) }, ours);
        isWhole = await files.take(piece);
      }
    } finally {
      await files.close();
    }
    if (!isWhole) throw unreachable(this.address, 'the snapshot ended in the middle');
    return files.bytes;
  }

  report(standing: wire.ReportStandingRequest): Promise<wire.ReportStandingResponse> {
    const codecs = [wire.ReportStandingRequest, wire.ReportStandingResponse] as const;
    return this.ask('ReportStanding', codecs, standing, clusterLimits.callMsMax);
  }

  /** Undefined when it was thrown away. */
  async readStreamKey(keyId: string): Promise<Buffer | undefined> {
    const codecs = [wire.ReadStreamKeyRequest, wire.ReadStreamKeyResponse] as const;
    try {
      const asked = this.ask('ReadStreamKey', codecs, { keyId }, clusterLimits.callMsMax);
      return unseal(this.options.secret.linkKey, (await asked).sealed, keyId);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** Hands a write on; what comes back is what the other node answered. */
  async forward(write: object): Promise<unknown> {
    const { linkKey } = this.options.secret;
    const sealed = seal(linkKey, Buffer.from(JSON.stringify(write)), 'write');
    const codecs = [wire.ForwardWriteRequest, wire.ForwardWriteResponse] as const;
    const reply = await this.ask('ForwardWrite', codecs, { sealed }, clusterLimits.forwardMsMax);
    const plain = unseal(linkKey, reply.sealed, 'answer');
    if (plain === undefined) throw unreachable(this.address, 'its answer cannot be read');
    return JSON.parse(plain.toString());
  }

  private stream<Request>(name: string, codec: Codec<Request>, request: Request) {
    return this.client.makeServerStreamRequest(
      `${servicePath}/${name}`,
      serializer(codec),
      (bytes: Buffer) => bytes,
      request,
      this.proof(name),
    );
  }

  private ask<Request, Reply>(
    name: string,
    [request, reply]: readonly [Codec<Request>, Codec<Reply>],
    message: Request,
    msMax: number,
  ): Promise<Reply> {
    const path = `${servicePath}/${name}`;
    const options = { deadline: Date.now() + msMax };
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: Reply): void => {
        if (error === null) resolve(answer as Reply);
        else reject(engineErrorOf(error, this.address));
      };
      const send = serializer(request);
      this.client.makeUnaryRequest(
        path,
        send,
        reply.decode,
        message,
        this.proof(name),
        options,
        done,
      );
    });
  }

  private proof(name: string): Metadata {
    const { secret, now, format } = this.options;
    const { timeMs, nonce, mac } = secret.sign(`${servicePath}/${name}`, now());
    const metadata = new Metadata();
    metadata.set('caini-node-time', timeMs);
    metadata.set('caini-node-nonce', nonce);
    metadata.set('caini-node-mac', mac);
    metadata.set('caini-node-format', String(format));
    return metadata;
  }
}

/** What a stream brings, until the signal ends it; failures as EngineError. */
async function* hearing(
  stream: ClientReadableStream<Buffer>,
  signal: AbortSignal,
  address: string,
): AsyncIterableIterator<Buffer> {
  const cancel = () => stream.cancel();
  // A stream that fails after we have left it concerns nobody.
  stream.on('error', () => {});
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const bytes of stream) yield bytes as Buffer;
  } catch (error) {
    if (signal.aborted) return;
    throw engineErrorOf(error as ServiceError, address);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

class SnapshotFiles {
  bytes = 0;
  private readonly folder: string;
  private readonly secret: NodeSecret;
  private file: { name: string; handle: FileHandle } | undefined;
  private hash = createHash('sha256');

  constructor(folder: string, secret: NodeSecret) {
    this.folder = folder;
    this.secret = secret;
  }

  /** Returns whether this was the last piece of the last file. */
  async take({ file, offset, sealed, sha256 }: wire.ReadSnapshotResponse): Promise<boolean> {
    const plain = unseal(this.secret.linkKey, sealed, `${file}:${offset}`);
    if (plain === undefined || !/^[a-z.]+$/.test(file)) {
      throw new EngineError('DATA_LOSS', `a piece of ${file} at ${offset} cannot be read`);
    }
    if (this.file?.name !== file) {
      await this.close();
      this.file = { name: file, handle: await open(join(this.folder, file), 'w', 0o600) };
      this.hash = createHash('sha256');
    }
    await this.file.handle.write(plain, 0, plain.length, offset);
    this.hash.update(plain);
    this.bytes += plain.length;
    if (sha256.length === 0) return false;
    if (this.hash.digest().equals(sha256)) return file === 'key';
    throw new EngineError('DATA_LOSS', `${file} is not what was sent`);
  }

  async close(): Promise<void> {
    await this.file?.handle.close();
    this.file = undefined;
  }
}

function channel({ address, caFile, certFile, keyFile, readFile }: UpstreamOptions) {
  if (!address.startsWith('grpcs://')) return credentials.createInsecure();
  const read = (path: string | undefined) => (path === undefined ? null : readFile(path));
  const secured: ChannelCredentials = credentials.createSsl(
    read(caFile),
    read(keyFile),
    read(certFile),
  );
  return secured;
}

function serializer<Message>(codec: Codec<Message>) {
  return (message: Message): Buffer => Buffer.from(codec.encode(message).finish());
}

function unreachable(address: string, why: string): EngineError {
  const details = { reason: 'NODE_UNREACHABLE', retryAfterMs: 1_000 };
  const message = `${address} cannot be reached: ${plainly(why)}`;
  return new EngineError('UNAVAILABLE', message, details);
}

/** What grpc-js says, for people; a port of another kind is a likely slip. */
function plainly(why: string): string {
  const [detail = ''] = why
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? Resolution note: .*$/s, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)$/, '')
    .split('\n');
  const isOther = /Protocol error|wrong version number/.test(detail);
  if (!isOther) return detail;
  return 'what listens there speaks no gRPC, or one side has TLS and the other has not';
}

/** The refusal of another node as our own. */
function engineErrorOf(error: ServiceError, address: string): EngineError {
  const name = status[error.code] as ErrorCode | undefined;
  if (name === undefined || !errorCodes.includes(name)) return unreachable(address, error.message);
  const reason = reasonOf(error);
  if (name === 'UNAVAILABLE' && reason === undefined) return unreachable(address, error.details);
  if (name === 'DEADLINE_EXCEEDED') return unreachable(address, error.details);
  return new EngineError(name, error.details, reason === undefined ? {} : { reason });
}

function reasonOf({ metadata }: ServiceError): string | undefined {
  const [encoded] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(encoded)) return undefined;
  const info = Status.decode(encoded).details.find(({ typeUrl }) => typeUrl.endsWith('ErrorInfo'));
  return info && ErrorInfo.decode(info.value).reason;
}
