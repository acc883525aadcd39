// What is told of a call of which a part was recorded when the rest failed.
import { EngineError } from '../base/errors.ts';

/** Of a job of which a part is recorded. */
export function withRest(
  error: unknown,
  { results, steps }: { readonly results: ArrayLike<unknown>; readonly steps: ArrayLike<unknown> },
): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, message, reason, retryAfterMs, violations, cause } = error;
  const detailed =
    `${message} (of the ${steps.length} events of this call the first ${results.length} ` +
    'were recorded before; sent again they are duplicates)';
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const why = reason === undefined ? {} : { reason };
  return new EngineError(code, detailed, { ...why, ...wait, violations, cause });
}
