// The one error type that may cross a door, and the fixed list of codes it can carry (gRPC's).

/** Canonical codes, as in google.rpc.Code; `server/` maps each to an HTTP and a gRPC status. */
export const errorCodes = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'RESOURCE_EXHAUSTED',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'DATA_LOSS',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * One thing that is wrong with one field. `value` is what came in (shortened), `limit` what is
 * allowed.
 */
export interface FieldViolation {
  readonly field: string;
  readonly message: string;
  readonly value?: string;
  readonly limit?: string | number;
}

export interface ErrorDetails {
  readonly field?: string;
  readonly violations?: readonly FieldViolation[];
  /** A stable machine-readable reason, UPPER_SNAKE_CASE, e.g. `MEMBER_ERASED`. */
  readonly reason?: string;
  /** How long the caller should wait before another try, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * A caller's fault or a failing part. Its message and violations may be shown; its cause is only
 * logged.
 */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly violations: readonly FieldViolation[];
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'EngineError';
    this.code = code;
    this.violations =
      details.violations ??
      (details.field === undefined ? [] : [{ field: details.field, message }]);
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Our own mistake: crash and restart from the log rather than go on with a broken invariant. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
