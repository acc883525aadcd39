// An error of the engine as one node tells it to another, which throws it as its own.
import { EngineError } from '../../engine/index.ts';

export interface ToldError {
  readonly code: EngineError['code'];
  readonly message: string;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Throws on what is no EngineError: that is a fault of ours. */
export function told(error: unknown): ToldError {
  if (!(error instanceof EngineError)) throw error;
  const { code, message, reason, retryAfterMs } = error;
  return { code, message, reason, retryAfterMs };
}

/** The other way round: what another node has told, as an error here. */
export function errorOf({ code, message, reason, retryAfterMs }: ToldError): EngineError {
  const details = {
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return new EngineError(code, message, details);
}
