// How far a chain is on its way to serving, and what may be asked of it until then.
import { EngineError } from '../base/errors.ts';
import type { CountsManager } from '../counting/counts-manager.ts';

/** One after the other; a failure ends them. */
export type Phase =
  | { readonly name: 'reading the catalogue' }
  /** All is counted, or is about to be: who was erased and what has expired is taken out. */
  | { readonly name: 'reconciling'; readonly what: string }
  | { readonly name: 'open' }
  | { readonly name: 'failed'; readonly why: string; readonly knowsCatalogue: boolean };

export class Readiness {
  private readonly counting: Pick<CountsManager, 'waitingFor' | 'isOversize'>;
  private phase: Phase = { name: 'reading the catalogue' };

  constructor(counting: Pick<CountsManager, 'waitingFor' | 'isOversize'>) {
    this.counting = counting;
  }

  enter(phase: Exclude<Phase, { readonly name: 'failed' }>): void {
    this.phase = phase;
  }

  fail(why: string): void {
    this.phase = { name: 'failed', why, knowsCatalogue: this.knowsCatalogue };
  }

  /** Items and stores can be read while receipts are still being counted, but not before. */
  private get knowsCatalogue(): boolean {
    const { phase } = this;
    return phase.name === 'failed' ? phase.knowsCatalogue : phase.name !== 'reading the catalogue';
  }

  /** Why nothing can be served yet; undefined when everything can. */
  get waitingFor(): string | undefined {
    const { phase, counting } = this;
    if (phase.name === 'failed') return phase.why;
    if (phase.name === 'reading the catalogue') return phase.name;
    return counting.waitingFor ?? (phase.name === 'open' ? undefined : phase.what);
  }

  assertReady(): void {
    const { waitingFor } = this;
    if (waitingFor !== undefined) throw notReady(waitingFor);
  }

  /** For what makes a chain smaller: it needs no counts where memory does not hold them. */
  assertReadyOrOversize(): void {
    if (!this.counting.isOversize || this.phase.name !== 'open') this.assertReady();
  }

  assertKnowsCatalogue(): void {
    if (!this.knowsCatalogue) this.assertReady();
  }
}

export function notReady(why: string | undefined, cause?: unknown): EngineError {
  const details = { reason: 'NOT_READY', retryAfterMs: 1_000, cause };
  return new EngineError('UNAVAILABLE', `not ready: ${why}`, details);
}
