// One node of a chain of several: what it opens, whom it follows, what it gives, and how it mends.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  type Clock,
  type ClusterStatus,
  type Engine,
  EngineError,
  type EngineOptions,
  installSnapshot,
  openSeedFolder,
  type Waiting,
} from '../../engine/index.ts';
import { forwardWrite } from './forward-write.ts';
import { ReplicationHost } from './host.ts';
import { clusterLimits } from './limits.ts';
import { NodeEngine, type NodeHooks } from './node-engine.ts';
import { Nodes } from './nodes.ts';
import { Publisher } from './publisher.ts';
import { Replicator, type ReplicatorCounters } from './replicator.ts';
import { restoreLostEntries } from './restore-lost-entries.ts';
import type { NodeSecret } from './secret.ts';
import { StreamKeys } from './stream-keys.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

export interface NodeOptions {
  readonly role: 'origin' | 'follower';
  /** The name of the node; an origin's entries go under it. */
  readonly node: string;
  readonly dataDir: string;
  /** Nodes that this one follows; a follower takes its snapshot from the first that answers. */
  readonly follows: readonly Omit<UpstreamOptions, 'secret' | 'now' | 'format'>[];
  readonly redisUrl: string | undefined;
  readonly secret: NodeSecret;
  /** Whether a follower forwards writes; else it refuses them. */
  readonly forwardsWrites: boolean;
  /** Of counting: nodes with others are not followed. */
  readonly settings: string;
  /** The data format of the chain: nodes with another one are not followed until they have it. */
  readonly format: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openEngine: (options: Partial<EngineOptions>) => Promise<Engine>;
}

export interface ClusterNode {
  readonly name: string;
  readonly engine: NodeEngine;
  readonly host: ReplicationHost;
  /** Begins; everything that takes time happens behind the engine’s `ready`. */
  start(): void;
  /** Gives up what it waits for; the engine is closed after it. */
  stop(): void;
}

const reading = 'reading what others have accepted meanwhile';

export function createNode(options: NodeOptions): ClusterNode {
  const node = new Node(options);
  return {
    name: options.node,
    engine: node.facade,
    host: node.host,
    start: () => node.start(),
    stop: () => node.stop(),
  };
}

class Node implements NodeHooks {
  readonly facade: NodeEngine;
  readonly host: ReplicationHost;
  readonly forward: NodeHooks['forward'];
  private readonly options: NodeOptions;
  private readonly stopped = new AbortController();
  private readonly incarnation = randomBytes(8).toString('hex');
  private readonly keys: StreamKeys;
  private readonly nodes: Nodes;
  private readonly upstreams: readonly Upstream[];
  private readonly counters: ReplicatorCounters = {
    gaps: 0,
    forgedFrames: 0,
    unreadableFrames: 0,
    differences: 0,
  };
  private follows: readonly Replicator[] = [];
  private publisher: Publisher | undefined;
  private stopErased: () => void = () => {};
  private engine: Engine | undefined;
  private reseeds = 0;
  private readonly troubles = new Set<string>();
  private isReseeding = false;
  private waiting: string | undefined = 'opening the chain';
  private repairing: Promise<void> | undefined;
  private started: Promise<void> = Promise.resolve();
  private becomeReady: () => void = () => {};
  private failToStart: (error: unknown) => void = () => {};

  constructor(options: NodeOptions) {
    const { dataDir, clock, secret, follows, role, node, settings, format } = options;
    const { forwardsWrites } = options;
    const upstreamOptions = { secret, format, now: clock };
    mkdirSync(dataDir, { recursive: true });
    this.options = options;
    this.keys = new StreamKeys(clock);
    this.nodes = new Nodes(dataDir, clock);
    this.upstreams = follows.map((each) => new Upstream({ ...each, ...upstreamOptions }));
    const ready = new Promise<void>((resolve, reject) => {
      this.becomeReady = resolve;
      this.failToStart = reject;
    });
    const isFollower = role === 'follower';
    const { upstreams } = this;
    this.forward = isFollower
      ? (write) => forwardWrite(write, upstreams, forwardsWrites)
      : undefined;
    this.facade = new NodeEngine(ready, this);
    this.host = new ReplicationHost({
      node,
      incarnation: this.incarnation,
      settings,
      format,
      secret,
      keys: this.keys,
      nodes: this.nodes,
      clock,
      engine: () => this.readyEngine(),
      write: (write) => this.facade.accept(write),
    });
  }

  start(): void {
    this.started = this.begin();
    this.started.then(
      () => this.becomeReady(),
      (error) => this.failToStart(error),
    );
  }

  private async begin(): Promise<void> {
    const { role, dataDir } = this.options;
    const isEmpty = !existsSync(join(dataDir, 'chain', 'data.mdb'));
    if (role === 'follower' && isEmpty) await this.seed();
    else await this.open();
    // An origin that was put back from a backup gets what it had lost from who has it, as long as
    // it has not written anything else in its place.
    this.waiting = reading;
    await this.waitUntilCaughtUp();
    const namesake = this.follows.find(({ isNamesake }) => isNamesake);
    // Two nodes that both write under one name would be taken for one, and one of them for a liar.
    if (namesake !== undefined && role === 'origin') {
      const { trouble = '' } = namesake.status();
      throw new EngineError('FAILED_PRECONDITION', trouble, { reason: 'SAME_NAME' });
    }
    if (!this.isReseeding) this.waiting = undefined;
  }

  /** Or, when nobody is there to follow, what is known serves better than nothing. */
  private async waitUntilCaughtUp(): Promise<void> {
    const { role } = this.options;
    const { catchUpMsMax, originCatchUpMsMax } = clusterLimits;
    const end = performance.now() + (role === 'origin' ? originCatchUpMsMax : catchUpMsMax);
    // A follower that counts otherwise than those whom it follows serves nobody.
    const isRefused = () => role === 'follower' && this.follows.every((follow) => follow.isRefused);
    while (!this.isStopped && (performance.now() < end || isRefused())) {
      if (this.follows.every((each) => each.isCaughtUp)) return;
      if (role === 'origin' && this.follows.some(({ isNamesake }) => isNamesake)) return;
      const [trouble] = this.follows.flatMap((follow) => follow.status().trouble ?? []);
      this.waiting = trouble === undefined ? reading : `${reading}: ${trouble}`;
      const isReading = this.follows.some(({ isConnected }) => isConnected);
      // A long way to go is no reason to serve half of it.
      if (isReading && performance.now() > end - 1_000) return this.waitUntilCaughtUp();
      await pause(10, undefined, { signal: this.stopped.signal }).catch(() => {});
    }
  }

  /** For other nodes: nobody copies what is still being counted. */
  private readyEngine(): Engine {
    const { engine } = this;
    const { ready = false, waitingFor = 'opening the chain' } = engine?.status() ?? {};
    if (engine !== undefined && ready) return engine;
    const details = { reason: 'NOT_READY', retryAfterMs: 1_000 };
    throw new EngineError('UNAVAILABLE', `not ready: ${waitingFor}`, details);
  }

  private get isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  private async open(): Promise<void> {
    const { role, node, secret, openEngine } = this.options;
    const { ledgerKey } = secret;
    this.waiting = 'opening the chain';
    const isFollower = role === 'follower';
    const engine = await openEngine({
      ledgerKey,
      ...(isFollower ? { isFollower } : { origin: node }),
    });
    this.engine = engine;
    if (isFollower) this.assertFollowable(engine);
    // Shows how far the counting is, until it is done.
    this.facade.use(engine);
    await engine.ready;
    this.publish(engine);
    this.followAll(engine);
  }

  /** A log that was always alone has entries that no other node knows the places of. */
  private assertFollowable(engine: Engine): void {
    const { events, watermark } = engine.status();
    if (events === 0 || !/^\d+$/.test(watermark)) return;
    const { dataDir } = this.options;
    const message = `${dataDir} holds a chain of its own, of ${events} events, and cannot follow`;
    const details = { reason: 'OTHER_CHAIN' };
    throw new EngineError('FAILED_PRECONDITION', `${message}; begin with an empty folder`, details);
  }

  private publish(engine: Engine): void {
    const { redisUrl: url, node, secret, format, clock, log } = this.options;
    const { replication } = engine;
    if (url !== undefined) {
      const { keys, incarnation } = this;
      const publisherOptions = {
        url,
        node,
        incarnation,
        format,
        secret,
        keys,
        replication,
        clock,
        log,
      };
      this.publisher = new Publisher(publisherOptions);
    }
    this.stopErased = replication.onErased(() => {
      this.keys.forget();
      void this.publisher?.forget();
      this.host.requestReports();
    });
  }

  private followAll({ replication }: Engine): void {
    const { node, role, secret, settings, format, redisUrl, log } = this.options;
    this.follows = this.upstreams.map((upstream) => {
      const onDiverged = (why: string, isOfLog: boolean) =>
        this.repair(why, isOfLog ? upstream : undefined);
      const { counters } = this;
      const replicatorOptions = {
        upstream,
        node,
        role,
        secret,
        replication,
        settings,
        format,
        redisUrl,
        log,
      };
      return new Replicator({ ...replicatorOptions, counters, onDiverged });
    });
    for (const follow of this.follows) follow.start();
  }

  /** From the first node that gives one, `first` before the others; tries until it has one. */
  private async seed(first = this.upstreams[0]!): Promise<void> {
    const { dataDir, node, log } = this.options;
    let lastWhy = '';
    const nodes = [first, ...this.upstreams.filter((other) => other !== first)];
    for (let attempt = 0; !this.isStopped; attempt++) {
      const upstream = nodes[attempt % nodes.length]!;
      this.waiting = `taking a snapshot from ${upstream.address}`;
      try {
        const folder = openSeedFolder(dataDir);
        const bytes = await upstream.readSnapshot(node, folder, this.stopped.signal);
        await installSnapshot(dataDir);
        log.info(`took a snapshot of ${bytes} bytes from ${upstream.address}`);
        return await this.open();
      } catch (error) {
        if (this.isStopped) return;
        const isFinal = error instanceof EngineError && error.reason === 'OTHER_CHAIN';
        if (isFinal) throw error;
        const why = `no snapshot from ${upstream.address}: ${(error as Error).message}`;
        if (why !== lastWhy) log.warn(why);
        lastWhy = why;
        this.waiting = why;
        const { retryMsMax } = clusterLimits;
        await pause(retryMsMax, undefined, { signal: this.stopped.signal }).catch(() => {});
      }
    }
  }

  /** `behind`: whose log is not the one that ours went on from. */
  private repair(why: string, behind?: Upstream): void {
    const { role, log } = this.options;
    if (this.repairing !== undefined || this.isStopped) return;
    this.logOnce(`diverged: ${why}`);
    const work =
      role === 'origin' ? this.repairOrigin(why, behind) : this.repairFollower(why, behind);
    this.repairing = work
      .catch((error: unknown) => {
        log.debug({ err: error }, 'the node was not repaired');
        this.logOnce(`not repaired: ${(error as Error).message}`);
      })
      .finally(() => {
        this.repairing = undefined;
      });
  }

  /** Once, however often it is tried again. */
  private logOnce(trouble: string): void {
    if (!this.troubles.has(trouble)) this.options.log.error(trouble);
    if (this.troubles.size > clusterLimits.troublesMax) this.troubles.clear();
    this.troubles.add(trouble);
  }

  /** Its log is the record: it counts that anew. */
  private async repairOrigin(why: string, behind: Upstream | undefined): Promise<void> {
    const replication = this.engine?.replication;
    if (replication !== undefined && !(await replication.addsUp())) replication.recount(why);
    if (behind !== undefined) await this.restoreLostEntriesOf(behind);
  }

  /** Takes a new snapshot, but not before the other has back what it lost and we still hold. */
  private async repairFollower(why: string, behind: Upstream | undefined): Promise<void> {
    if (behind !== undefined && (await this.restoreLostEntriesOf(behind)) > 0) return;
    this.waiting = `diverged: ${why}`;
    this.isReseeding = true;
    this.reseeds += 1;
    await this.reseed(behind);
    this.isReseeding = false;
  }

  private async restoreLostEntriesOf(upstream: Upstream): Promise<number> {
    if (this.engine === undefined) return 0;
    const restored = await restoreLostEntries(upstream, this.engine.replication);
    const { address } = upstream;
    if (restored > 0)
      this.options.log.warn(`gave back ${restored} entries that ${address} had lost`);
    return restored;
  }

  private async reseed(from: Upstream | undefined): Promise<void> {
    await this.releaseEngine();
    await this.seed(from);
    await this.waitUntilCaughtUp();
    this.waiting = undefined;
  }

  /** Closes the engine and all that uses it. */
  private async releaseEngine(waiting?: Pick<Waiting, 'signal'>): Promise<void> {
    const { engine } = this;
    this.engine = undefined;
    this.facade.use(undefined);
    this.stopErased();
    await Promise.all(this.follows.map((follow) => follow.stop()));
    this.follows = [];
    await this.publisher?.close();
    this.publisher = undefined;
    await engine?.close(waiting);
  }

  acknowledge: NodeHooks['acknowledge'] = (watermark) => this.nodes.acknowledge(watermark);

  waitingFor(): string | undefined {
    return this.waiting;
  }

  cluster(): ClusterStatus {
    const { role, node, redisUrl } = this.options;
    const verdicts = [...this.follows.map((follow) => follow.isSame), ...this.nodes.verdicts];
    const isUp = this.publisher?.isUp === true && this.follows.every((each) => each.redisIsUp);
    const compared = verdicts.includes(true) ? 'same' : 'unknown';
    const sharedReceipts = this.engine?.replication.receivedTwice ?? 0;
    return {
      role,
      node,
      ...(redisUrl !== undefined && { redis: isUp ? 'up' : 'down' }),
      digests: verdicts.includes(false) || this.repairing !== undefined ? 'differs' : compared,
      follows: this.follows.map((follow) => follow.status()),
      followers: this.nodes.list(),
      counters: { ...this.counters, reseeds: this.reseeds, sharedReceipts },
    };
  }

  stop(): void {
    this.stopped.abort();
    this.failToStart(new EngineError('UNAVAILABLE', 'the server is closing'));
  }

  async close(waiting?: Pick<Waiting, 'signal'>): Promise<void> {
    this.stop();
    await this.started.catch(() => {});
    await this.repairing?.catch(() => {});
    await this.releaseEngine(waiting);
    for (const upstream of this.upstreams) upstream.close();
  }
}
