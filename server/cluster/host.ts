// What a node answers to others: the service behind ReplicationService, without its wire.
import { createHash } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '#proto/caini/v1/replication.js';
import {
  type Clock,
  type Engine,
  EngineError,
  type Replication,
  snapshotFiles,
} from '../../engine/index.ts';
import { assertSameFormat } from './format.ts';
import { encodeFrame, entriesOfFrame, type FrameHead } from './frames.ts';
import { clusterLimits } from './limits.ts';
import type { ForwardedWrite } from './node-engine.ts';
import type { Nodes } from './nodes.ts';
import { answerRestore, type RestoreMessage } from './restore-lost-entries.ts';
import { type NodeProof, type NodeSecret, seal, unseal } from './secret.ts';
import { statusReport } from './status-report.ts';
import type { StreamKeys } from './stream-keys.ts';
import { serializeError } from './wire-error.ts';

export interface HostOptions {
  readonly node: string;
  readonly incarnation: string;
  readonly settings: string;
  /** The data format of the chain. */
  readonly format: number;
  readonly secret: NodeSecret;
  readonly keys: StreamKeys;
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** Throws UNAVAILABLE while there is none. */
  readonly engine: () => Engine;
  /** A write that another node forwards; done as if a door of this node had taken it. */
  readonly write: (write: ForwardedWrite) => Promise<unknown>;
}

const linkKeyId = '';
const noReport = { role: '', digest: '', carrier: 'grpc', partDiffers: false, caughtUp: false };

export class ReplicationHost {
  private readonly options: HostOptions;
  private readonly wakers = new Set<() => void>();
  private reports = 0;
  /** Of the writes of the last minutes, in the order in which they came. */
  private readonly nonces = new Map<string, number>();

  constructor(options: HostOptions) {
    this.options = options;
  }

  /** Throws UNAUTHENTICATED, and UNAVAILABLE for a node of another data format. */
  admit(path: string, proof: NodeProof, format: number): void {
    this.options.secret.check(path, proof, this.options.clock());
    assertSameFormat({ node: 'the node that asks', format }, this.options);
    // A write that was overheard and sent again could put an old price in place of a new one.
    if (path.endsWith('/ForwardWrite')) this.admitOnce(proof);
  }

  private admitOnce({ nonce, timeMs }: NodeProof): void {
    if (this.nonces.has(nonce)) {
      const details = { reason: 'NODE_SECRET' };
      throw new EngineError('UNAUTHENTICATED', 'this very call came before', details);
    }
    this.nonces.set(nonce, Number(timeMs));
    const oldest = this.options.clock() - 2 * clusterLimits.proofAgeMsMax;
    for (const [known, atMs] of this.nonces) {
      if (atMs >= oldest) break;
      this.nonces.delete(known);
    }
  }

  /** Whoever reads the journal is asked to say at once how far they are. */
  requestReports(): void {
    this.reports += 1;
    for (const wake of this.wakers) wake();
  }

  /** Encoded TailJournalResponse messages until the signal ends it. */
  async *tail(
    request: wire.TailJournalRequest,
    signal: AbortSignal,
  ): AsyncIterableIterator<Buffer> {
    const { node, incarnation, settings, format } = this.options;
    const { watermark } = request;
    // From its first word on, an erase waits for it too.
    this.options.nodes.recordReport({ ...noReport, node: request.node, watermark }, undefined);
    const { replication } = this.options.engine();
    let position = replication.positionAfter(watermark);
    const { ledgerName: ledger } = replication;
    const hello = { node, incarnation, position, settings, ledger, format };
    yield encodeStep({ $case: 'hello', hello });
    const line = this.listen(replication, signal);
    let reportedAtMs = Number.NEGATIVE_INFINITY;
    let reports = this.reports;
    let turn = 0;
    try {
      while (!signal.aborted) {
        const entries = entriesOfFrame(replication, position);
        const { newestDay } = replication;
        const head = { node, incarnation, position, newestDay, format };
        const isDue = performance.now() - reportedAtMs >= clusterLimits.standingEveryMs;
        if (entries.length > 0) {
          yield this.frame(head, entries);
          position += entries.length;
        } else if (isDue || reports !== this.reports) {
          const standing = statusReport(replication, turn, reports !== this.reports);
          turn += 1;
          yield this.frame({ ...head, standing }, []);
          reportedAtMs = performance.now();
          reports = this.reports;
        } else {
          await line.wait();
        }
      }
    } finally {
      line.stop();
    }
  }

  private frame(head: FrameHead, entries: Parameters<typeof encodeFrame>[3]): Buffer {
    const { secret } = this.options;
    const bytes = encodeFrame(secret, { id: linkKeyId, key: secret.linkKey }, head, entries);
    return encodeStep({ $case: 'frame', frame: wire.Frame.decode(bytes) });
  }

  /** Wakes at the next commit, or when the next report is due. */
  private listen(replication: Replication, signal: AbortSignal) {
    let wake = () => {};
    let hasFolded = false;
    const wakeUp = () => {
      hasFolded = true;
      wake();
    };
    const stopFolded = replication.onFolded(wakeUp);
    this.wakers.add(wakeUp);
    signal.addEventListener('abort', wakeUp);
    return {
      wait: async (): Promise<void> => {
        if (!hasFolded) {
          const next = new Promise<void>((resolve) => {
            wake = resolve;
          });
          const stop = new AbortController();
          const late = pause(clusterLimits.standingEveryMs / 2, undefined, { signal: stop.signal });
          await Promise.race([next, late.catch(() => {})]);
          stop.abort();
        }
        hasFolded = false;
      },
      stop: () => {
        stopFolded();
        this.wakers.delete(wakeUp);
        signal.removeEventListener('abort', wakeUp);
      },
    };
  }

  /** Encoded ReadSnapshotResponse messages. */
  async *snapshot(): AsyncIterableIterator<Buffer> {
    const folder = await this.options.engine().replication.snapshot();
    try {
      for (const file of snapshotFiles) {
        const path = join(folder, file);
        const found = await stat(path).catch(() => undefined);
        if (found !== undefined) yield* this.pieces(path, file, found.size);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async *pieces(path: string, file: string, size: number): AsyncIterableIterator<Buffer> {
    const { format, secret } = this.options;
    const { linkKey } = secret;
    const hash = createHash('sha256');
    const handle = await open(path, 'r');
    try {
      for (let offset = 0; offset < size; offset += clusterLimits.snapshotPieceBytes) {
        const piece = Buffer.alloc(Math.min(clusterLimits.snapshotPieceBytes, size - offset));
        await handle.read(piece, 0, piece.length, offset);
        hash.update(piece);
        const isLast = offset + piece.length === size;
        const sha256 = isLast ? hash.digest() : Buffer.alloc(0);
        const sealed = seal(linkKey, piece, `${file}:${offset}`);
        const message = { file, offset, sealed, sha256, format };
        yield Buffer.from(wire.ReadSnapshotResponse.encode(message).finish());
      }
    } finally {
      await handle.close();
    }
  }

  async report(standing: wire.ReportStandingRequest): Promise<wire.ReportStandingResponse> {
    const { node, incarnation, nodes } = this.options;
    const { replication } = this.options.engine();
    // The other node found its own cells to be sound.
    if (standing.partDiffers && !(await replication.addsUp())) {
      replication.recount('cells have changed by themselves');
    }
    // Who is still reading may have been given stubs where we counted receipts that are gone now.
    const isSettled = standing.caughtUp && standing.digest !== '';
    const ours = isSettled ? replication.digestAt(standing.watermark) : undefined;
    const { VERDICT_DIFFERS, VERDICT_SAME, VERDICT_UNSPECIFIED } =
      wire.ReportStandingResponse_Verdict;
    nodes.recordReport(standing, ours === undefined ? undefined : ours === standing.digest);
    const compared = ours === standing.digest ? VERDICT_SAME : VERDICT_DIFFERS;
    const verdict = ours === undefined ? VERDICT_UNSPECIFIED : compared;
    const { position, watermark } = replication;
    return { node, incarnation, position, watermark, verdict };
  }

  /** Throws NOT_FOUND when it was thrown away. */
  streamKey({ keyId }: wire.ReadStreamKeyRequest): wire.ReadStreamKeyResponse {
    const key = this.options.keys.find(keyId);
    if (key !== undefined) return { sealed: seal(this.options.secret.linkKey, key, keyId) };
    throw new EngineError('NOT_FOUND', `stream key ${keyId} is none of this node’s latest`);
  }

  async write({ sealed }: wire.ForwardWriteRequest): Promise<wire.ForwardWriteResponse> {
    const { linkKey } = this.options.secret;
    const plain = unseal(linkKey, sealed, 'write');
    if (plain === undefined) throw new EngineError('INVALID_ARGUMENT', 'the write cannot be read');
    const write = JSON.parse(plain.toString()) as ForwardedWrite | RestoreMessage;
    const answer = await this.execute(write).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: serializeError(error) }),
    );
    return { sealed: seal(linkKey, Buffer.from(JSON.stringify(answer)), 'answer') };
  }

  /** What is restored is for this very log, and before it serves; other writes go by the door. */
  private async execute(write: ForwardedWrite | RestoreMessage): Promise<unknown> {
    if (write.kind === 'ingest' || write.kind === 'erase') return this.options.write(write);
    return answerRestore(write, this.options.engine().replication);
  }
}

function encodeStep(step: NonNullable<wire.TailJournalResponse['step']>): Buffer {
  return Buffer.from(wire.TailJournalResponse.encode({ step }).finish());
}
