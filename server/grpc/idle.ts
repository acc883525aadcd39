// Streams whose clients have fallen silent.
import { EngineError } from '../../engine/index.ts';

export interface IdleWatch {
  /** Something came. */
  touch(): void;
  stop(): void;
}

export interface IdleOptions {
  readonly msMax: number;
  /** Whether it is we who keep the client waiting. */
  isHeldUp(): boolean;
  onIdle(why: EngineError): void;
}

/** Calls `onIdle` when nothing has come for so long, although it could. */
export function watchIdle({ msMax, isHeldUp, onIdle }: IdleOptions): IdleWatch {
  const timer = setTimeout(() => {
    if (isHeldUp()) timer.refresh();
    else onIdle(silentFor(msMax));
  }, msMax).unref();
  return { touch: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

function silentFor(milliseconds: number): EngineError {
  const message = `nothing came for ${milliseconds / 1_000} seconds; open another stream`;
  return new EngineError('DEADLINE_EXCEEDED', message, { reason: 'STREAM_IDLE' });
}
