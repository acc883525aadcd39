// The engine of a node as its doors see it: the one behind it may be replaced, and a follower's
// writes go to where they are kept.
import {
  type CataloguePort,
  type ClusterStatus,
  type Engine,
  EngineError,
  type EngineStatus,
  type EraseReceipt,
  type Event,
  type IngestResult,
  type InspectPort,
  type ListsPort,
  type MeasuresPort,
  type MembersPort,
  type NodeAcknowledgement,
  noSuspicions,
  type RecordsPort,
  type Replication,
  type UpkeepPort,
  type Waiting,
  type WritesPort,
} from '../../engine/index.ts';

/** How a node writes, and what it says of itself. */
export interface NodeHooks {
  /** Undefined for a node that keeps what it is given. */
  readonly forward: ((write: ForwardedWrite) => Promise<unknown>) | undefined;
  /** What the other nodes said to an erase. */
  acknowledge(watermark: string): Promise<readonly NodeAcknowledgement[]>;
  cluster(): ClusterStatus;
  /** Why nothing can be served although the engine could; undefined when it can. */
  waitingFor(): string | undefined;
  close(waiting?: Pick<Waiting, 'signal'>): Promise<void>;
}

export type ForwardedWrite = (
  | { readonly kind: 'ingest'; readonly events: readonly Event[] }
  | { readonly kind: 'erase'; readonly memberId: string }
) & {
  /** How many followers have forwarded it to a follower. */
  readonly hops?: number;
};

const notOpen: EngineStatus = {
  ready: false,
  waitingFor: 'opening the chain',
  watermark: '0',
  events: 0,
  members: 0,
  items: 0,
  stores: 0,
  refusedOfErased: 0,
  suspicions: noSuspicions,
  memory: { usedBytes: 0, maxBytes: 0 },
  catalogue: { usedBytes: 0, maxBytes: 0 },
};

export class NodeEngine implements Engine {
  readonly ready: Promise<void>;
  readonly writes: WritesPort;
  readonly members: MembersPort;
  private readonly hooks: NodeHooks;
  private engine: Engine | undefined;

  constructor(ready: Promise<void>, hooks: NodeHooks) {
    this.ready = ready;
    this.hooks = hooks;
    ready.catch(() => {});
    this.writes = this.ownWrites();
    this.members = { erase: (memberId) => this.erase(memberId) };
  }

  /** Goes on with another engine, or with none for a while. */
  use(engine: Engine | undefined): void {
    this.engine = engine;
  }

  get current(): Engine {
    const why = this.hooks.waitingFor();
    if (this.engine !== undefined && why === undefined) return this.engine;
    const details = { reason: 'NOT_READY', retryAfterMs: 1_000 };
    throw new EngineError(
      'UNAVAILABLE',
      `not ready: ${why ?? 'the chain is being opened'}`,
      details,
    );
  }

  get lists(): ListsPort {
    return this.current.lists;
  }

  get catalogue(): CataloguePort {
    return this.current.catalogue;
  }

  get records(): RecordsPort {
    return this.current.records;
  }

  get upkeep(): UpkeepPort {
    return this.current.upkeep;
  }

  get measures(): MeasuresPort {
    return this.current.measures;
  }

  get replication(): Replication {
    return this.current.replication;
  }

  get inspect(): InspectPort {
    return this.current.inspect;
  }

  private ownWrites(): WritesPort {
    const { forward } = this.hooks;
    // A getter of the port belongs to the port.
    const isBehind = () => this.engine?.writes.isBehind ?? false;
    return {
      ingest: async (events, options) => {
        if (forward === undefined) return this.current.writes.ingest(events, options);
        return (await forward({ kind: 'ingest', events })) as readonly IngestResult[];
      },
      expectDay: (day) => this.current.writes.expectDay(day),
      get isBehind() {
        return isBehind();
      },
      /** A follower lets expire what its origin does. */
      expire: async (waiting) => (forward === undefined ? this.current.writes.expire(waiting) : 0),
      discardAfter: (momentMs) => this.current.writes.discardAfter(momentMs),
    };
  }

  private async erase(memberId: string): Promise<EraseReceipt> {
    const { forward } = this.hooks;
    if (forward !== undefined) return (await forward({ kind: 'erase', memberId })) as EraseReceipt;
    const receipt = await this.current.members.erase(memberId);
    const nodes = await this.hooks.acknowledge(receipt.watermark);
    return { ...receipt, nodes };
  }

  /** A write that another node has forwarded: kept here, or forwarded further. */
  async accept(write: ForwardedWrite): Promise<unknown> {
    const { forward } = this.hooks;
    if (forward !== undefined) return forward({ ...write, hops: (write.hops ?? 0) + 1 });
    return write.kind === 'erase' ? this.erase(write.memberId) : this.writes.ingest(write.events);
  }

  status(): EngineStatus {
    const { hooks } = this;
    const inner = this.engine?.status() ?? notOpen;
    // How far the counting is, while it counts; without an engine, how far that is.
    const own = hooks.waitingFor();
    const waitingFor = this.engine ? (inner.waitingFor ?? own) : (own ?? inner.waitingFor);
    const { ready: isReady, waitingFor: _, ...rest } = inner;
    const ready = isReady && waitingFor === undefined;
    const why = ready || waitingFor === undefined ? {} : { waitingFor };
    return { ...rest, ready, ...why, cluster: hooks.cluster() };
  }

  async close(waiting?: Pick<Waiting, 'signal'>): Promise<void> {
    await this.hooks.close(waiting);
  }
}
