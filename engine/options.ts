// What an engine is opened with, and what holds where nothing is said.
import type { Clock } from './base/clock.ts';
import { limits } from './base/limits.ts';
import { defaultMemoryMax } from './base/machine.ts';
import { type BarcodePattern, parseBarcodePattern } from './catalogue/measured-codes.ts';
import { compileRoles, type GuessRole, type RolePatterns } from './catalogue/role-names.ts';
import { shippedRoles } from './catalogue/shipped-roles.ts';
import type { KernelBuild, KernelOptions } from './kernel/instance.ts';
import type { Formula } from './serve/request.ts';
import type { ErasedIds } from './store/ledger.ts';

export interface EngineOptions {
  /** The data folder of one chain; made when absent. */
  readonly dataDir: string;
  readonly clock?: Clock;
  /** Milliseconds of a clock that nobody can set; default: that of the process. */
  readonly steadyClock?: Clock;
  /** IANA zone for receipts whose store has none. Default Asia/Shanghai. */
  readonly timeZone?: string;
  /**
   * Members that are nobody, beside the names that we ship (base/outside-ids.ts); `!name` takes one
   * out of those.
   */
  readonly anonymousMemberIds?: readonly string[] | undefined;
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
  /**
   * Nobody asks for lists while this engine is open: what only they need, and what every start
   * makes anew, is left out.
   */
  readonly isWriteOnly?: boolean;
  /** Names that say what an item is where nobody else does. Default: those that are shipped. */
  readonly itemRoles?: RolePatterns;
  /**
   * How the barcodes of scales are built, e.g. `2IIIIIIWWWWWC` (catalogue/measured-codes.ts); the
   * first that a code fits is taken. Default: none are read.
   */
  readonly barcodePatterns?: readonly string[];
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
  /**
   * Called with who was erased: at the start, and after each erase, of whatever node it came from.
   * An erase that is asked for here resolves when this has, and fails when this does.
   */
  readonly onErased?: ((erased: ErasedIds) => Promise<void>) | undefined;
  /** Which build of the kernel: `debug` keeps its assertions. */
  readonly kernelBuild?: KernelBuild;
  /** Aborted when the engine is to close soon: long work is given up, also that of the opening. */
  readonly signal?: AbortSignal | undefined;
}

const defaultHalfLifeDays = 60;
const defaultPopularityHalfLifeDays = 30;

/** In days; null: no decay. */
export function halfLivesOf({ halfLifeDays, popularityHalfLifeDays }: EngineOptions) {
  return {
    pairDays: halfLifeDays === undefined ? defaultHalfLifeDays : halfLifeDays,
    popularityDays:
      popularityHalfLifeDays === undefined ? defaultPopularityHalfLifeDays : popularityHalfLifeDays,
  };
}

/** What an item is where nobody says it. */
export function guessRoleOf({ itemRoles = shippedRoles }: EngineOptions): GuessRole {
  return compileRoles(itemRoles);
}

/** Throws INVALID_ARGUMENT for a pattern that is none. */
export function barcodePatternsOf({ barcodePatterns = [] }: EngineOptions): BarcodePattern[] {
  return barcodePatterns.map(parseBarcodePattern);
}

/** What the counts are made with. */
export function kernelOptionsOf(options: EngineOptions): KernelOptions {
  const { kernelBuild, memoryMaxBytes, memoryReserveBytes } = options;
  const maxBytes = memoryMaxBytes ?? defaultMemoryMax();
  const reserveBytes = memoryReserveBytes ?? limits.memoryReserveBytes;
  return { build: kernelBuild, memory: { maxBytes, reserveBytes } };
}

export function timeZoneOf({ timeZone = 'Asia/Shanghai' }: EngineOptions): string {
  return timeZone;
}
