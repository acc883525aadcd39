// Follows one other node: its journal over gRPC, by way of Redis once that is in step, and back
// again as soon as anything is missing.
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  type Frame,
  ReportStandingResponse_Verdict,
  type TailJournalResponse_Hello,
} from '#proto/caini/v1/replication.js';
import { EngineError, type FollowStatus, type Replication } from '../../engine/index.ts';
import { assertSameFormat, statedFormat } from './format.ts';
import { openFrame, positionAfter, readFrame } from './frames.ts';
import { clusterLimits } from './limits.ts';
import {
  type Comparison,
  type LinkEvent,
  type LinkState,
  nextComparison,
  nextLinkState,
  notConnected,
} from './link-state.ts';
import { StreamReader } from './redis.ts';
import type { NodeSecret } from './secret.ts';
import { isSame } from './status-report.ts';
import type { Upstream } from './upstream.ts';

export type ReplicatorCounters = Record<
  'gaps' | 'forgedFrames' | 'unreadableFrames' | 'differences',
  number
>;

export interface ReplicatorOptions {
  readonly upstream: Upstream;
  /** The name of this node. */
  readonly node: string;
  readonly role: string;
  readonly secret: NodeSecret;
  readonly replication: Replication;
  readonly settings: string;
  /** The data format of this node's chain. */
  readonly format: number;
  /** Absent: gRPC only. */
  readonly redisUrl?: string | undefined;
  readonly counters: ReplicatorCounters;
  readonly log: Logger;
  /** The counts or the log here are not those of the node that is followed. */
  readonly onDiverged: (why: string, isOfLog: boolean) => void;
}

const divergences = ['DIVERGED', 'EPOCH_CHANGED'];

const carriers = { apart: 'none', tailing: 'grpc', streaming: 'redis' } as const;

export class Replicator {
  private readonly options: ReplicatorOptions;
  private readonly stopped = new AbortController();
  private hello: TailJournalResponse_Hello | undefined;
  /** Where the next entry of the other's journal stands. */
  private next = 0;
  private reader: StreamReader | undefined;
  private readerOf = '';
  /** Ends the tail, which Redis has overtaken. */
  private tail: AbortController | undefined;
  private link: LinkState = notConnected;
  private comparison: Comparison = { name: 'unknown' };
  private wake: () => void = () => {};
  private lastFrameAtMs = 0;
  /** One frame at a time, whatever way it came. */
  private turn: Promise<unknown> = Promise.resolve();
  private keys = new Map<string, Buffer>();
  private upstreamPosition = 0;
  /** Whether the other has said since our hello how far it is. */
  private hasReport = false;
  /** The kinds of trouble that were logged since all was well. */
  private readonly loggedFailures = new Set<string>();
  /** The other must still hear that a part of the cells differs. */
  private partDiffers = false;
  private finished: Promise<unknown> = Promise.resolve();

  constructor(options: ReplicatorOptions) {
    this.options = options;
  }

  start(): void {
    const timer = setInterval(() => this.checkLink(), clusterLimits.standingEveryMs);
    this.stopped.signal.addEventListener('abort', () => clearInterval(timer));
    this.finished = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.tail?.abort();
    this.reader?.close();
    this.wake();
    await this.finished;
    await this.turn.catch(() => {});
  }

  status(): FollowStatus {
    const { hello, link } = this;
    const behind = Math.max(0, this.upstreamPosition - this.next + 1);
    return {
      address: this.options.upstream.address,
      ...(hello && { node: hello.node, behind }),
      carrier: carriers[link.name],
      ...(link.name === 'apart' && { trouble: link.trouble }),
    };
  }

  /** Undefined while nothing was compared. */
  get isSame(): boolean | undefined {
    if (this.comparison.name === 'differs' || this.partDiffers) return false;
    return this.comparison.name === 'same' ? true : undefined;
  }

  /** Whether everything that the other had when it last spoke is here. */
  get isCaughtUp(): boolean {
    return this.hasReport && this.next > this.upstreamPosition;
  }

  get isConnected(): boolean {
    return this.link.name !== 'apart';
  }

  /** It will not be followed before somebody has set one of the two up otherwise. */
  get isRefused(): boolean {
    return this.link.name === 'apart' && this.link.refusal !== undefined;
  }

  /** The other node goes by our name. */
  get isNamesake(): boolean {
    return this.link.name === 'apart' && this.link.refusal === 'SAME_NAME';
  }

  get redisIsUp(): boolean {
    return this.reader?.isUp ?? false;
  }

  private get isStreaming(): boolean {
    return this.link.name === 'streaming';
  }

  private get isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  private async run(): Promise<void> {
    let retryMs: number = clusterLimits.retryMsMin;
    while (!this.isStopped) {
      try {
        await this.readTail();
        retryMs = clusterLimits.retryMsMin;
        if (this.isStreaming) await this.untilLost();
      } catch (error) {
        this.fail(error);
        retryMs = Math.min(retryMs * 2, clusterLimits.retryMsMax);
      }
      this.transition({ name: 'lost' });
      await pause(retryMs, undefined, { signal: this.stopped.signal }).catch(() => {});
    }
  }

  private fail(error: unknown): void {
    const { log, onDiverged, upstream } = this.options;
    const trouble = (error as Error).message;
    const reason = error instanceof EngineError ? error.reason : undefined;
    const kind = reason ?? 'ended';
    if (!this.loggedFailures.has(kind) && !this.isStopped) {
      log.warn(`does not follow ${upstream.address}: ${trouble}`);
      this.loggedFailures.add(kind);
    }
    this.transition({ name: 'failed', trouble, reason });
    log.debug({ err: error, upstream: upstream.address }, 'the line to a node has ended');
    if (reason === 'GAP') this.options.counters.gaps += 1;
    if (reason !== undefined && divergences.includes(reason)) onDiverged(trouble, true);
  }

  /** Until it fails, or until Redis is in step. */
  private async readTail(): Promise<void> {
    const { upstream, node, replication } = this.options;
    this.tail = new AbortController();
    const stop = AbortSignal.any([this.stopped.signal, this.tail.signal]);
    const { watermark } = replication;
    this.lastFrameAtMs = performance.now();
    for await (const step of upstream.tail({ node, watermark }, stop)) {
      this.lastFrameAtMs = performance.now();
      if (step.$case === 'hello') this.onHello(step.hello);
      else await this.inTurn(() => this.take(step.frame, 'grpc'));
    }
    if (!this.isStreaming && !this.isStopped) throw new Error('the other node has hung up');
  }

  private onHello(hello: TailJournalResponse_Hello): void {
    const { settings, redisUrl, log, replication, node, upstream } = this.options;
    if (hello.node === node) {
      const which = `${upstream.address} is named ${node} too`;
      const message = `${which}: every node needs a name of its own`;
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'SAME_NAME' });
    }
    this.assertFormat(hello);
    if (hello.settings !== settings) {
      const message = `${hello.node} counts with ${hello.settings}, this node with ${settings}`;
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'SETTINGS_DIFFER' });
    }
    if (hello.ledger !== replication.ledgerName) {
      const message = `${hello.node} knows erased members by another key than this node`;
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'OTHER_CHAIN' });
    }
    this.hello = hello;
    this.next = hello.position;
    this.transition({ name: 'greeted' });
    if (this.loggedFailures.size > 0) log.info(`follows ${upstream.address} again`);
    this.loggedFailures.clear();
    if (redisUrl === undefined || this.readerOf === hello.node) return;
    this.reader?.close();
    this.readerOf = hello.node;
    const place = { url: redisUrl, chain: this.options.secret.chain, node: hello.node };
    this.reader = new StreamReader(place, (bytes) => this.onRedisFrame(bytes), log);
  }

  private assertFormat({ node, format }: TailJournalResponse_Hello | Frame): void {
    assertSameFormat({ node, format: statedFormat(format) }, this.options);
  }

  private async onRedisFrame(bytes: Buffer): Promise<void> {
    const frame = readFrame(this.options.secret, bytes);
    if (frame === undefined) {
      this.options.counters.forgedFrames += 1;
      this.options.log.warn('a frame in Redis is not signed by a node of this chain');
      this.transition({ name: 'lost' });
      return;
    }
    try {
      this.assertFormat(frame);
      await this.inTurn(() => this.take(frame, 'redis'));
    } catch (error) {
      this.fail(error);
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.turn.then(work, work);
    this.turn = next.catch(() => {});
    return next;
  }

  private async take(frame: Frame, carrier: 'redis' | 'grpc'): Promise<void> {
    const { hello } = this;
    if (this.isStopped || hello === undefined) return;
    const isTheirs = frame.node === hello.node && frame.incarnation === hello.incarnation;
    if (!isTheirs || frame.position > this.next) {
      if (carrier === 'grpc') throw new Error('the journal does not go on where it was asked for');
      if (this.isStreaming) this.options.counters.gaps += 1;
      this.transition({ name: 'lost' });
      return;
    }
    const end = positionAfter(frame);
    const { replication } = this.options;
    if (end > this.next) await this.apply(frame, end, carrier);
    else if (frame.newestDay > replication.newestDay) await replication.apply([], frame.newestDay);
    if (this.next < end) return;
    if (this.next > end) return;
    this.upstreamPosition = Math.max(this.upstreamPosition, end - 1);
    if (carrier === 'redis') this.transition({ name: 'inStep' });
    if (frame.standing === undefined) return;
    this.hasReport = true;
    await this.compare(frame);
  }

  private async apply(frame: Frame, end: number, carrier: 'redis' | 'grpc'): Promise<void> {
    const key = await this.keyOf(frame);
    const entries = key && openFrame(frame, key);
    if (entries === undefined) {
      this.options.counters.unreadableFrames += 1;
      if (carrier === 'grpc') throw new Error('a frame cannot be read');
      this.transition({ name: 'lost' });
      return;
    }
    const fresh = entries.filter(({ position }) => position >= this.next);
    await this.options.replication.apply(fresh, frame.newestDay);
    this.next = end;
  }

  private async keyOf({ keyId }: Frame): Promise<Buffer | undefined> {
    if (keyId === '') return this.options.secret.linkKey;
    const known = this.keys.get(keyId);
    if (known !== undefined) return known;
    const key = await this.options.upstream.readStreamKey(keyId);
    // Only the latest: the other node may have thrown away the ones before it, and so do we.
    this.keys = new Map(key === undefined ? [] : [[keyId, key]]);
    return key;
  }

  /** The only place where the state of the link changes, with what that entails. */
  private transition(event: LinkEvent): void {
    const before = this.link;
    this.link = nextLinkState(before, event);
    if (event.name === 'inStep') this.lastFrameAtMs = performance.now();
    if (before.name === this.link.name) return;
    // What Redis brings need not be read from the journal too.
    if (this.isStreaming) this.tail?.abort();
    if (before.name === 'streaming') this.wake();
  }

  private async untilLost(): Promise<void> {
    while (this.isStreaming && !this.isStopped) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private async compare(frame: Frame): Promise<void> {
    const { replication } = this.options;
    const same = isSame(replication, frame.standing!);
    if (same === false) {
      // Our own cells may be at fault, or those of the other; each looks at its own.
      this.partDiffers = replication.digest() === frame.standing!.digest;
      await this.differ();
    } else if (same === true) {
      this.agree();
    }
    // It waits for nobody: what it says is true whenever it arrives.
    if (frame.standing!.report) void this.report().catch(() => {});
  }

  /** A moment in between is none: an expiry in slices may be further here than there. */
  private async checkDifference(): Promise<void> {
    const { replication, onDiverged, upstream } = this.options;
    if (!(await replication.addsUp())) {
      onDiverged('cells have changed by themselves', false);
      return;
    }
    const { comparison } = this;
    const times = comparison.name === 'differs' ? comparison.times : 0;
    if (this.partDiffers || times < clusterLimits.differencesMax) return;
    onDiverged(`the digest differs from that of ${upstream.address}`, false);
  }

  /** Every second: says where we stand, and notices when nothing comes any more. */
  private checkLink(): void {
    const silentMs = performance.now() - this.lastFrameAtMs;
    if (this.isStreaming && silentMs > clusterLimits.stallMsMax + clusterLimits.standingEveryMs) {
      this.transition({ name: 'lost' });
    } else if (!this.isStreaming && silentMs > 4 * clusterLimits.standingEveryMs) {
      this.tail?.abort();
    }
    void this.report().catch(() => {});
  }

  private async report(): Promise<void> {
    const { replication, upstream, node, role } = this.options;
    const { watermark } = replication;
    const { partDiffers } = this;
    const carrier = this.isStreaming ? 'redis' : 'grpc';
    const digest = replication.digest();
    const said = { node, role, watermark, digest, carrier, partDiffers };
    const answer = await upstream.report({ ...said, caughtUp: this.isCaughtUp });
    this.partDiffers = false;
    if (answer.node !== this.hello?.node) return;
    if (answer.incarnation !== this.hello.incarnation) {
      this.transition({ name: 'lost' });
      return;
    }
    this.hasReport = true;
    this.upstreamPosition = Math.max(this.upstreamPosition, answer.position);
    if (answer.verdict === ReportStandingResponse_Verdict.VERDICT_SAME) this.agree();
    if (answer.verdict === ReportStandingResponse_Verdict.VERDICT_DIFFERS) await this.differ();
  }

  private agree(): void {
    this.comparison = nextComparison(this.comparison, true);
  }

  private async differ(): Promise<void> {
    const { replication, counters, log, upstream } = this.options;
    counters.differences += 1;
    this.comparison = nextComparison(this.comparison, false);
    log.warn(`counts differ from those of ${upstream.address} at ${replication.watermark}`);
    await this.checkDifference();
  }
}
