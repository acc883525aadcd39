// What the counts of a chain are made from, and whom their manager tells.
import type { Registries } from '../catalogue/registries.ts';
import type { KernelOptions } from '../kernel/instance.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { HalfLives } from './counts.ts';
import type { RunBetweenCommits } from './recounter.ts';

export interface CountsManagerOptions {
  readonly store: Store;
  readonly log: Log;
  readonly registries: Registries;
  readonly halfLives: HalfLives;
  readonly kernel: KernelOptions;
  /** Bytes that may still be taken of the machine; default: as the system says. */
  readonly availableMemory?: (() => number) | undefined;
  readonly betweenCommits: RunBetweenCommits;
  /** Runs work between two transactions; writers wait meanwhile. */
  readonly whilePaused: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** The newest day ever accepted, as stored. */
  readonly newestDay: number;
  /** Called when other counts have become the live ones: they hold all that is in the log. */
  readonly onReplaced: () => void;
  /** Whether more receipts come and nobody asks for lists, so that what renews counts may wait. */
  readonly isFilling: () => boolean;
  /** Told what goes on: a rebuild, a landmark crossed. */
  readonly notify: (message: string) => void;
  /** Aborted when nobody will need what is being counted. */
  readonly signal: AbortSignal;
}
