// How an engine stands, and its node among the others of the chain.
import type { Registries } from '../catalogue/registries.ts';
import type { Counts } from '../counting/counts.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import type { ClockGuard } from '../events/clock-guard.ts';
import { countMembers } from '../history/members.ts';
import type { Log } from '../log/log.ts';
import type { AppliedPosition } from '../replication/applied-position.ts';
import type { Store } from '../store/store.ts';
import type { Readiness } from './readiness.ts';
import type { SuspicionCounter, Suspicions } from './suspicions.ts';

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
  /** Receipts since the start that are worth a look. */
  readonly suspicions: Suspicions;
  /** Why counts are made anew in the background, and how far that is. */
  readonly recounting?: string;
  /** What is wrong with the server's clock; absent when nothing is. */
  readonly clockTrouble?: string;
  /** What the counts use of what they may. */
  readonly memory: MemoryUse;
  /** The same of items and stores, beside the counts. */
  readonly catalogue: MemoryUse;
  /** Absent for a node that is alone. */
  readonly cluster?: ClusterStatus;
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
  /** Nodes that have reported their position to this one. */
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

export interface StatusParts {
  readonly store: Store;
  readonly log: Log;
  readonly registries: Registries;
  readonly applied: AppliedPosition;
  readonly clockGuard: ClockGuard;
  readonly readiness: Readiness;
  readonly suspicions: SuspicionCounter;
  readonly counting: CountsManager;
}

/** What may change between two calls and is nobody else's. */
export interface StatusNow {
  readonly memory: MemoryUse;
  readonly refusedOfErased: number;
}

export function statusOf(parts: StatusParts, { memory, refusedOfErased }: StatusNow): EngineStatus {
  const { store, log, registries, applied, clockGuard, readiness } = parts;
  const { trouble } = clockGuard;
  const { recounting } = parts.counting;
  const isBehind = clockGuard.state === 'behind';
  const waitingFor = readiness.waitingFor ?? (isBehind ? trouble : undefined);
  return {
    ready: waitingFor === undefined,
    ...(trouble !== undefined && { clockTrouble: trouble }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(recounting !== undefined && { recounting }),
    watermark: applied.watermark,
    events: log.head,
    members: countMembers(store),
    items: registries.items.size,
    stores: registries.stores.size,
    refusedOfErased,
    suspicions: parts.suspicions.current,
    memory,
    catalogue: registries.items.room.use,
  };
}

/** What the counts use of what they may. */
export function memoryOf({ kernel }: Counts): MemoryUse {
  return { usedBytes: kernel.run.usedBytes(), maxBytes: kernel.memoryMax };
}
