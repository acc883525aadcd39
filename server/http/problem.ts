// Refusals over HTTP: RFC 9457 problem documents, and the one table from error codes to statuses.
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { EngineError, type ErrorCode, type FieldViolation, limits } from '../../engine/index.ts';
import { quoteValue } from '../quote-value.ts';

/**
 * Wrong input that could be read is 422 everywhere; 400 is for what could not be read at all
 * (bytes, JSON, percent signs), so that a caller knows whether to look at the encoder or at the
 * data.
 */
const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 422,
  OUT_OF_RANGE: 422,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  FAILED_PRECONDITION: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Reasons that HTTP has a status of their own for. */
const statusOfReason: Readonly<Record<string, number>> = {
  DISK_FULL: 507,
  MEMORY_FULL: 507,
  CATALOGUE_FULL: 507,
  ITEMS_MAX: 507,
  STORES_MAX: 507,
  OVERLOADED: 503,
  INGEST_QUEUE_FULL: 503,
  TOO_MANY_BODIES: 503,
  TOO_MANY_CONNECTIONS: 503,
  TOO_MANY_REQUESTS: 503,
  TOO_MUCH_UNREAD: 503,
};

type ErrorDetails = NonNullable<ConstructorParameters<typeof EngineError>[2]>;

/** A refusal that only HTTP knows: a status of its own, and headers that go with it. */
export class HttpRefusal extends EngineError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: keyof typeof codeOfStatus,
    message: string,
    details: ErrorDetails & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(codeOfStatus[status], message, details);
    this.status = status;
    this.headers = details.headers ?? {};
  }
}

/** 405 with the methods that the path does take. */
export function wrongMethod(method: string | undefined, taken: readonly string[]): HttpRefusal {
  const limit = taken
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
  const message = `is not taken by this path; ${limit} is`;
  return new HttpRefusal(405, `method ${method} ${message}`, {
    violations: [{ field: 'method', value: quoteValue(method), limit, message }],
    headers: { allow: limit },
  });
}

const codeOfStatus = {
  400: 'INVALID_ARGUMENT',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  413: 'RESOURCE_EXHAUSTED',
  415: 'INVALID_ARGUMENT',
  417: 'FAILED_PRECONDITION',
  421: 'PERMISSION_DENIED',
  431: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
  505: 'UNIMPLEMENTED',
} as const satisfies Record<number, ErrorCode>;

/** 413 for a body beyond the limit. */
export function tooLarge(value: string): HttpRefusal {
  const limit = limits.bodyBytesMax;
  const message = `must be at most ${limit} bytes`;
  return new HttpRefusal(413, `body ${message}`, {
    violations: [{ field: 'body', value, limit, message }],
  });
}

export interface Problem {
  readonly status: number;
  readonly code: ErrorCode | 'CONFLICT';
  readonly detail: string;
  readonly reason?: string | undefined;
  readonly errors: readonly FieldViolation[];
  /** The result of the one event that was refused. */
  readonly result?: object;
}

export const problemType = 'application/problem+json';

/** The document's text; `type` names the code, which stands for the kind of problem. */
export function encodeProblem({ status, code, detail, reason, errors, result }: Problem): string {
  return JSON.stringify({
    type: `urn:caini:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    reason,
    errors,
    result,
  });
}

/**
 * The problem document of an error. What is no `EngineError` is ours to mend: its words stay in
 * the log.
 */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof EngineError)) {
    const detail = 'an internal error occurred; the log of the server tells more';
    return { status: 500, code: 'INTERNAL', detail, errors: [] };
  }
  return {
    status: statusOf(error),
    code: error.code,
    detail: error.message,
    reason: error.reason,
    errors: error.violations,
  };
}

function statusOf(error: EngineError): number {
  if (error instanceof HttpRefusal) return error.status;
  return statusOfReason[error.reason ?? ''] ?? statusOfCode[error.code];
}

/** What stands in the head of the answer to an error. */
export function headersOfError(error: unknown): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': problemType };
  if (error instanceof HttpRefusal) Object.assign(headers, error.headers);
  // RFC 9110 section 11.6.1, RFC 6750 section 3.
  if (error instanceof EngineError && error.code === 'UNAUTHENTICATED') {
    const isToken = error.reason?.startsWith('TOKEN_') ?? false;
    headers['www-authenticate'] = `Bearer realm="caini"${isToken ? ', error="invalid_token"' : ''}`;
  }
  if (error instanceof EngineError && error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  }
  return headers;
}

/** The response to an error that was thrown on the way. */
export function respondWithError(error: unknown): Response {
  const problem = problemOf(error);
  const headers = headersOfError(error);
  return new Response(encodeProblem(problem), { status: problem.status, headers });
}

/** Answers a request that the app never sees; after a head in doubt nothing more is read. */
export function refuseRequest(outgoing: ServerResponse, error: unknown): void {
  const problem = problemOf(error);
  const body = encodeProblem(problem);
  const length = { 'content-length': Buffer.byteLength(body) };
  if (error instanceof HttpRefusal) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(problem.status, { ...headersOfError(error), ...length });
  outgoing.end(body);
}
