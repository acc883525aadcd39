// The engine as its users see it: the options it opens with, what it can be asked, and what it
// answers. Types, and the names of what can be chosen.
import type { Clock } from './base/clock.ts';
import type { Item, StoreProfile as Store } from './catalogue/shapes.ts';
import type { Audit } from './counting/verify.ts';
import type { DiscardedReceipt } from './events/discard.ts';
import type { Event } from './events/index.ts';
import type { IngestResult } from './events/result.ts';
import type { Bookmark } from './ingest/ingest.ts';
import type { Waiting } from './jobs/shared-work.ts';
import type { KernelBuild } from './kernel/instance.ts';
import type { Replication } from './replication/replication.ts';
import type { RankedReply } from './serve/ranked.ts';
import type {
  Audience,
  Daypart,
  Formula,
  RecommendReply,
  RecommendRequest,
  RecommendRequestInput,
} from './serve/request.ts';

export interface EngineOptions {
  /** The data folder of one chain; made when absent. */
  readonly dataDir: string;
  readonly clock?: Clock;
  /** Milliseconds of a clock that nobody can set; default: that of the process. */
  readonly steadyClock?: Clock;
  /** IANA zone for receipts whose store has none. Default Asia/Shanghai. */
  readonly timeZone?: string;
  /** Days after which a co-occurrence weighs half; `null`: no decay. Default 60. */
  readonly halfLifeDays?: number | null;
  /** The same for popularity. Default 30. */
  readonly popularityHalfLifeDays?: number | null;
  /** Days that receipts are kept; undefined: for ever. */
  readonly retentionDays?: number | undefined;
  /**
   * Told in one line what goes on in the background: a rebuild, a landmark crossed, a checkpoint
   * that failed.
   */
  readonly notify?: (message: string) => void;
  /** Resolve before the counts are made, to answer health checks meanwhile; see `Engine.ready`. */
  readonly openAtOnce?: boolean;
  /** Which formula makes the lists. Default `shipped`. */
  readonly formula?: Formula;
  /** The name under which this node's own events go to other nodes. Default: as the folder says. */
  readonly origin?: string | undefined;
  /** 32 bytes: the key of a ledger that is made now. Default: one by chance. */
  readonly ledgerKey?: Buffer;
  /** The folder is a copy that only takes in what other nodes accept. */
  readonly isFollower?: boolean;
  /** Bytes that the counts may use; default: a third of the machine, at most 3.5 GiB. */
  readonly memoryMaxBytes?: number | undefined;
  /** Bytes beyond them for what cannot be refused; default: limits.memoryReserveBytes. */
  readonly memoryReserveBytes?: number;
  /** Bytes that items and stores may take beside the counts; default: half of Node's heap. */
  readonly catalogueMaxBytes?: number;
  /** Bytes that may still be taken of the machine; default: as the system says. */
  readonly availableMemory?: () => number;
  /** Which build of the kernel: `debug` keeps its assertions. */
  readonly kernelBuild?: KernelBuild;
  /** Aborted when the engine is to close soon: long work is given up, also that of the opening. */
  readonly signal?: AbortSignal | undefined;
}

export interface MemoryUse {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

export interface EngineStatus {
  readonly ready: boolean;
  /** Why it is not ready, and how far it is, e.g. `counting receipts 12000/90000`. */
  readonly waitingFor?: string;
  readonly watermark: string;
  readonly events: number;
  readonly members: number;
  readonly items: number;
  readonly stores: number;
  /** Events of erased members that were refused since the start. */
  readonly refusedOfErased: number;
  /** What is wrong with the server's clock; absent when nothing is. */
  readonly clockTrouble?: string;
  /** What the counts use of what they may. */
  readonly memory: MemoryUse;
  /** The same of items and stores, beside the counts. */
  readonly catalogue: MemoryUse;
  /** Absent for a node that is alone. */
  readonly cluster?: ClusterStatus;
}

export interface EraseReceipt {
  /** Whether anything was known of the member. */
  readonly found: boolean;
  readonly removed: {
    readonly receipts: number;
    readonly returns: number;
    /** Other ids that had been merged into the member. */
    readonly aliases: number;
  };
  /** Absent where memory does not hold the counts. */
  readonly digestBefore?: string;
  readonly digestAfter?: string;
  readonly watermark: string;
  /** When the last bytes will be gone from the disk, RFC 3339. */
  readonly bytesGoneBy: string;
  /** The other nodes of the chain, where there are any. */
  readonly nodes?: readonly NodeAcknowledgement[];
}

export interface NodeAcknowledgement {
  readonly node: string;
  /** Whether it has said that it forgot them too; else it does so when it comes back. */
  readonly acknowledged: boolean;
  /** Its digest then. */
  readonly digest?: string;
}

/** How a node stands with the others of its chain. */
export interface ClusterStatus {
  readonly role: 'origin' | 'follower';
  readonly node: string;
  /** Whether Redis carries; absent where none is set. */
  readonly redis?: 'up' | 'down';
  /** What comparing digests gave last; `differs` until it is repaired. */
  readonly digests: 'same' | 'differs' | 'unknown';
  /** Nodes that this one follows. */
  readonly follows: readonly FollowStatus[];
  /** Nodes that have told this one where they stand. */
  readonly followers: readonly FollowerStatus[];
  readonly counters: Readonly<Record<ClusterCounter, number>>;
}

/** What has happened since the start. */
export type ClusterCounter =
  | 'gaps'
  | 'forgedFrames'
  | 'unreadableFrames'
  | 'differences'
  | 'reseeds'
  | 'sharedReceipts';

export interface FollowStatus {
  readonly address: string;
  readonly node?: string;
  /** What brings its entries now. */
  readonly carrier: 'redis' | 'grpc' | 'none';
  /** Entries of its journal that are not here yet, as far as is known. */
  readonly behind?: number;
  /** What is wrong. */
  readonly trouble?: string;
}

export interface FollowerStatus {
  readonly node: string;
  readonly role: string;
  readonly watermark: string;
  readonly carrier: string;
  readonly silentMs: number;
}

/** Moments in RFC 3339, days as dates. */
export interface ClockReport {
  readonly clock: string;
  /** Absent before the first receipt. */
  readonly newestReceiptOn?: string;
}

export interface CompactReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly seconds: number;
}

export interface ReceiptRow {
  readonly purchaseId: string;
  readonly memberId: string;
  readonly occurredAt: string;
  readonly itemId: string;
  readonly quantity: number;
  readonly unitPriceFen: number | undefined;
  readonly storeId: string;
  readonly channel: string;
}

export interface IngestOptions {
  /**
   * Written in the same transaction as the events, so that an import knows exactly how far it came.
   */
  readonly bookmark?: Bookmark;
  /**
   * Receipts may be newer than all others by any number of days: for years of receipts that are
   * brought in on purpose, and in no order. Default: only as the clock bears out.
   */
  readonly trustsDays?: boolean;
}

export interface ItemCounters {
  readonly support: bigint;
  readonly n: bigint;
  readonly in: bigint;
  readonly out: bigint;
  readonly opp: bigint;
  readonly rep: bigint;
  readonly pop: bigint;
  readonly on: bigint;
  readonly on0: bigint;
  readonly gapDays: bigint;
  readonly gaps: bigint;
  readonly last: bigint;
  readonly expected: bigint;
  readonly rebought: bigint;
  readonly expectedOnce: bigint;
  readonly reboughtOnce: bigint;
}

export interface Cell {
  readonly itemId: string;
  readonly weight: bigint;
  readonly count: number;
}

/** What counts take of linear memory. */
export interface KernelMemory {
  /** Directed cells of NEXT, SAME and MEM. */
  readonly pairs: number;
  /** Of their rows: slots, directories and views. */
  readonly pairBytes: number;
  /** Those and the cells of places. */
  readonly cells: number;
  /** All blocks in use. */
  readonly usedBytes: number;
  /** What the module has asked the system for. */
  readonly totalBytes: number;
}

export interface Inspection {
  /** 16 hexadecimal digits, as docs/reference/digest.md defines. */
  digest(): string;
  /** Undefined for an item never seen. */
  counters(itemId: string): ItemCounters | undefined;
  /** The cells of one row, in no order; empty when there is none. */
  row(table: 'next' | 'same' | 'mem', itemId: string): readonly Cell[];
  /** `storeId` undefined: the chain. */
  scope(storeId: string | undefined, daypart: Daypart): readonly Cell[];
  /** HABITS of docs/reference/counts.md, cell by cell. */
  habits(): readonly { readonly expected: bigint; readonly rebought: bigint }[];
  /**
   * The kernel's part of a member's list and nothing else, to be run again and again; answers how
   * many items it found. For measuring what is made around it.
   */
  kernelList(memberId: string, limit: number): () => number;
  totals(): {
    readonly popTotal: bigint;
    readonly shareSum: bigint;
    readonly shareCount: bigint;
    readonly newestDay: number | undefined;
    readonly landmarkDay: number;
    readonly popularityLandmarkDay: number;
  };
  memory(): KernelMemory;
  /** `memory().usedBytes` alone, which takes no walk through the rows. */
  usedBytes(): number;
}

export interface Engine {
  /**
   * Resolves when everything stored is counted; until then recommend and ingest throw UNAVAILABLE.
   */
  readonly ready: Promise<void>;
  /**
   * Validated events in, one result each in the same order, resolved after fsync and after the
   * counts moved: the next read sees them. Throws RESOURCE_EXHAUSTED when the queue is full.
   */
  ingest(events: readonly Event[], options?: IngestOptions): Promise<readonly IngestResult[]>;
  /** Whether receipts come faster than they are counted, so that another one should be refused. */
  readonly isBehind: boolean;
  /**
   * Synchronous: microseconds. What is left out gets its default. Throws INVALID_ARGUMENT, which
   * names field, value and limit, e.g. for `similar` without an itemId.
   */
  recommend(input: RecommendRequestInput, audience?: Audience): RecommendReply;
  /**
   * The same list by item numbers, of a request that the schema has made, for who encodes it:
   * `nameReply` makes of it what `recommend` answers.
   */
  rank(request: RecommendRequest, audience?: Audience): RankedReply;
  /**
   * Resolves when the state holds `watermark`; throws UNAVAILABLE after limits.watermarkWaitMsMax.
   */
  waitFor(watermark: string): Promise<void>;
  /**
   * Forgets a member, and every id merged into them, exactly: when it resolves, nothing of theirs
   * is counted, served or accepted. Erasing an unknown member succeeds with nothing removed.
   */
  erase(memberId: string): Promise<EraseReceipt>;
  /**
   * Recounts everything beside the live counts and compares every cell; reading and writing go on.
   * Like checkpoint, expire and compact it is done once for all who ask meanwhile: who comes while
   * it runs gets the same answer when that holds what was acknowledged before they asked, else that
   * of the next run. It is given up when nobody waits for it any more.
   */
  verify(waiting?: Waiting): Promise<Audit>;
  /**
   * Does now what otherwise happens when nothing is asked: reads all of the catalogue, so that all
   * is known that is alike by it, and makes the order of every neighbour row exact. Scores by
   * receipts are always exact; only which neighbours are among the 50 can lag.
   */
  settle(): Promise<void>;
  /** Writes the counts to disk now, so that the next start is quick. */
  checkpoint(waiting?: Waiting): Promise<void>;
  /**
   * Says that the server's clock is right as it is: receipts up to now are taken, however far they
   * are from the others, and it does not matter what the log says of the time before.
   */
  confirmClock(): Promise<ClockReport>;
  /**
   * Takes out all receipts of after a moment, which a clock that was ahead has left, and with them
   * the newest day that they made. Resolves to what they were, so that they can be sent again.
   */
  discardAfter(momentMs: number): Promise<readonly DiscardedReceipt[]>;
  /** Takes out receipts older than the retention window; returns how many. */
  expire(waiting?: Waiting): Promise<number>;
  /**
   * Rewrites the store without the bytes of what was deleted before. Readers go on, writers wait
   * for a moment at its end.
   */
  compact(waiting?: Waiting): Promise<CompactReport>;
  item(itemId: string): Item | undefined;
  /** In the order of ids, from the first one after `after`. */
  items(after?: string): IterableIterator<Item>;
  store(storeId: string): Store | undefined;
  stores(after?: string): IterableIterator<Store>;
  /**
   * Receipts as kept, one row a line, in log order; returned pieces are already taken off unless
   * `gross`.
   */
  receipts(options?: { readonly gross?: boolean }): IterableIterator<ReceiptRow>;
  bookmark(key: string): string | undefined;
  /** What other nodes of the same chain are given and what is taken from them. */
  readonly replication: Replication;
  status(): EngineStatus;
  /** Every counter as counted (docs/reference/counts.md), for audits and tests; slow. */
  readonly inspect: Inspection;
  /** The signal gives up the last checkpoint: then the next start reads the end of the log. */
  close(waiting?: Pick<Waiting, 'signal'>): Promise<void>;
}
