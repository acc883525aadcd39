// Has a chain copied by a process of its own (copy-child.ts), and hands it what has changed since.
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { EngineError, type ErrorCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TableName } from './format.ts';
import type { SealedRow } from './rebuild.ts';

/** In the process that copies: the data file as its parent has opened it. */
export const dataDescriptor = 4;

export type CopyCommand =
  | { readonly do: 'apply'; readonly table: TableName; readonly rows: readonly SealedRow[] }
  | { readonly do: 'sync' }
  | { readonly do: 'finish' };

export type CopyMessage =
  | { readonly state: 'reading' | 'copied' | 'synced' | 'finished' }
  | { readonly state: 'progress'; readonly done: number; readonly total: number }
  | {
      readonly state: 'failed';
      readonly code: ErrorCode;
      readonly reason: string | undefined;
      readonly message: string;
    };

/** The pages of a data file at one moment: not written over before it is released. */
export interface HeldFile {
  readonly descriptor: number;
  release(): void;
}

export interface CopyOptions {
  readonly from: HeldFile;
  /** An empty folder. */
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
  /** Rows that are copied, and how many there are. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

type CopyState = CopyMessage['state'];

export class CopyProcess {
  private readonly child: ChildProcess;
  private readonly options: CopyOptions;
  private readonly waiting = new Map<CopyState, () => void>();
  private readonly received = new Set<CopyState>();
  /** Gives the copy up: whoever waits for it gets the reason. */
  fail: (error: unknown) => void = () => {};
  /** Rejects when the process fails, ends too early, or is to stop. */
  private readonly failed: Promise<never>;
  private readonly ended: Promise<void>;
  private errors = '';
  /** Ends a wait in which nothing is heard. */
  private stalled: NodeJS.Timeout | undefined;

  constructor(options: CopyOptions) {
    this.options = options;
    this.failed = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    // Whoever waits for something gets the error; nobody may be waiting.
    this.failed.catch(() => {});
    this.child = start(options);
    this.child.stderr!.on('data', (bytes: Buffer) => {
      this.errors = `${this.errors}${bytes}`.slice(-2_000);
    });
    this.child.on('message', (answer) => this.onMessage(answer as CopyMessage));
    this.ended = new Promise((resolve) => {
      this.child.once('error', (cause) => this.end(resolve, cause.message));
      this.child.once('close', (code, signal) => this.end(resolve, `${signal ?? code}`));
    });
    this.failOnAbort(options.signal);
  }

  private failOnAbort(signal: AbortSignal | undefined): void {
    const abort = () => this.fail(signal!.reason);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    this.failed.catch(() => signal?.removeEventListener('abort', abort));
  }

  private onMessage(answer: CopyMessage): void {
    if (answer.state === 'failed') {
      const { code, message, reason } = answer;
      this.fail(new EngineError(code, message, reason === undefined ? {} : { reason }));
      return;
    }
    this.stalled?.refresh();
    if (answer.state === 'progress') this.options.progress?.(answer.done, answer.total);
    this.received.add(answer.state);
    this.waiting.get(answer.state)?.();
  }

  private end(resolve: () => void, how: string): void {
    const reason = this.errors.split('\n').find((line) => line.includes('Error')) ?? how;
    this.fail(new EngineError('UNAVAILABLE', `the process that copies the chain ended: ${reason}`));
    resolve();
  }

  /** Resolves when its moment is fixed: what is committed from then on is not in the copy. */
  reading(): Promise<void> {
    return this.waitFor('reading');
  }

  /** Resolves when the copy of that moment is whole and on the disk. */
  copied(): Promise<void> {
    return this.waitFor('copied');
  }

  /** Hands over rows as they are now; resolves when they are on their way. */
  apply(table: TableName, rows: readonly SealedRow[]): Promise<void> {
    const sent = new Promise<void>((resolve) => {
      this.order({ do: 'apply', table, rows }, resolve);
    });
    return Promise.race([sent, this.failed]);
  }

  /** Resolves when all that it was given is in the copy and on the disk. */
  async settle(): Promise<void> {
    this.order({ do: 'sync' });
    await this.waitFor('synced');
  }

  /** The same, and nobody has the copy open any more. */
  async finish(): Promise<void> {
    this.order({ do: 'finish' });
    await this.waitFor('finished');
  }

  /** Ends the process, wherever it is; resolves when it is gone. */
  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private order(order: CopyCommand, sent: () => void = () => {}): void {
    if (this.child.connected) this.child.send(order, sent);
  }

  private async waitFor(state: CopyState): Promise<void> {
    const reached = new Promise<void>((resolve) => this.waiting.set(state, resolve));
    this.stalled = setTimeout(() => this.fail(stalled()), limits.copyStallMsMax);
    try {
      if (!this.received.has(state)) await Promise.race([reached, this.failed]);
    } finally {
      clearTimeout(this.stalled);
      this.waiting.delete(state);
      this.received.delete(state);
    }
  }
}

function stalled(): EngineError {
  const message = `the copy was given up: it has not moved for ${limits.copyStallMsMax} ms`;
  return new EngineError('UNAVAILABLE', message);
}

function start({ from, to }: CopyOptions): ChildProcess {
  // The compiled file: Node 20 runs no TypeScript, and tests run from the sources.
  const script = createRequire(import.meta.url).resolve('#store/copy-child.js');
  return fork(script, [to], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', from.descriptor],
    serialization: 'advanced',
  });
}

/** Copies the chain of one moment into an empty folder. Durable when it resolves. */
export async function copyChain(options: CopyOptions): Promise<void> {
  const copy = new CopyProcess(options);
  try {
    await copy.copied();
    await copy.finish();
  } finally {
    await copy.stop();
  }
}
