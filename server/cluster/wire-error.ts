// An error of the engine as one node sends it to another, which throws it as its own.
import { EngineError } from '../../engine/index.ts';

export interface WireError {
  readonly code: EngineError['code'];
  readonly message: string;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Throws on what is no EngineError: that is a fault of ours. */
export function serializeError(error: unknown): WireError {
  if (!(error instanceof EngineError)) throw error;
  const { code, message, reason, retryAfterMs } = error;
  return { code, message, reason, retryAfterMs };
}

/** The other way round: what another node has sent, as an error here. */
export function deserializeError({ code, message, reason, retryAfterMs }: WireError): EngineError {
  const details = {
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return new EngineError(code, message, details);
}
