// Refusals over gRPC: a status with google.rpc details, and the one table from error codes to
// gRPC's.
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { IngestResult } from '#proto/caini/v1/ingest.js';
import { BadRequest, ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import { EngineError, type ErrorCode, type FieldViolation } from '../../engine/index.ts';
import type { Result } from '../operations/operation.ts';
import { summaryOf } from '../operations/violations.ts';
import { quoteValue } from '../quote-value.ts';
import { toIngestResult } from './replies.ts';

const statusOfCode: Readonly<Record<ErrorCode, status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  FAILED_PRECONDITION: status.FAILED_PRECONDITION,
  RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  OUT_OF_RANGE: status.OUT_OF_RANGE,
  UNIMPLEMENTED: status.UNIMPLEMENTED,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  DATA_LOSS: status.DATA_LOSS,
  INTERNAL: status.INTERNAL,
};

/**
 * Clients refuse headers of more than 8 KB. In base64 this makes 4 KB, beside a message of at most
 * 1 KB.
 */
const detailBytesMax = 3_000;
const messageCharactersMax = 300;

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason?: string | undefined;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs?: number | undefined;
  readonly result?: IngestResult;
}

/** The name of a code, as monitoring shows it; absent: it went well. */
export function codeName(code: status = status.OK): string {
  return status[code];
}

/** The status of a thrown error. What is no `EngineError` is ours to mend: its words stay here. */
export function statusOfError(error: unknown): StatusObject {
  if (error instanceof EngineError) return encodeRefusal(error);
  const message = 'an internal error occurred; the log of the server tells more';
  return encodeRefusal({ code: 'INTERNAL', message, violations: [] });
}

/** Whether it must be logged: what is expected of callers and of a start is left out. */
export function isServerError(error: unknown): boolean {
  if (!(error instanceof EngineError)) return true;
  return ['INTERNAL', 'DATA_LOSS'].includes(error.code);
}

/** What the refusal of one event becomes. */
export function statusOfResult({ outcome, body, violations = [] }: Result): StatusObject {
  return encodeRefusal({
    code: outcome === 'conflict' ? 'ALREADY_EXISTS' : 'INVALID_ARGUMENT',
    message: summaryOf(violations),
    reason: (body as { reason?: string }).reason,
    violations,
    result: toIngestResult(body),
  });
}

function encodeRefusal(refusal: Refusal): StatusObject {
  // encodeURI, by which grpc-js sends it, throws on lone surrogates.
  const message = refusal.message.toWellFormed().slice(0, messageCharactersMax);
  const code = statusOfCode[refusal.code];
  const details = detailsOf(refusal, message);
  const metadata = new Metadata();
  const encoded = Status.encode({ code, message, details }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(encoded));
  return { code, details: message, metadata };
}

function detailsOf({ code, reason, violations, retryAfterMs, result }: Refusal, message: string) {
  const details = [
    packed(
      'google.rpc.ErrorInfo',
      ErrorInfo.encode({
        reason: reason ?? code,
        domain: 'caini',
        metadata: metadataOf(violations[0]),
      }),
    ),
  ];
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1_000);
    const nanos = Math.round((retryAfterMs % 1_000) * 1_000_000);
    const retry = RetryInfo.encode({ retryDelay: { seconds, nanos } });
    details.push(packed('google.rpc.RetryInfo', retry));
  }
  if (result !== undefined) {
    // Its words are those of the status; sent twice they would not fit.
    const { message: _message, limit: _limit, ...rest } = result;
    details.push(packed('caini.v1.IngestResult', IngestResult.encode(rest)));
  }
  const room = detailBytesMax - details.reduce((sum, { value }) => sum + value.length, 0);
  const shown = violationsWithin(room - message.length, violations, reason);
  if (shown.length > 0) {
    details.push(packed('google.rpc.BadRequest', BadRequest.encode({ fieldViolations: shown })));
  }
  return details;
}

function metadataOf(violation: FieldViolation | undefined): Record<string, string> {
  if (violation === undefined) return {};
  const { field, value, limit } = violation;
  return {
    field,
    ...(value !== undefined && { value }),
    ...(limit !== undefined && { limit: String(limit) }),
  };
}

type ShownViolations = BadRequest['fieldViolations'];

/** As many as fit, from the first. */
function violationsWithin(
  room: number,
  violations: readonly FieldViolation[],
  reason: string | undefined,
): ShownViolations {
  const shown: ShownViolations = [];
  let left = room;
  for (const violation of violations) {
    const { field, value, limit, message } = violation;
    const given = value === undefined ? '' : ` (got ${value}, limit ${limit})`;
    const description = `${message}${given}`.toWellFormed();
    left -= Buffer.byteLength(description) + Buffer.byteLength(field) + 40;
    if (left < 0 && shown.length > 0) break;
    const closer = reason === undefined || reason === 'MALFORMED' ? reasonOf(violation) : reason;
    shown.push({ field, description, reason: closer, localizedMessage: undefined });
  }
  return shown;
}

function reasonOf({ value, limit }: FieldViolation): string {
  if (value === quoteValue(undefined)) return 'REQUIRED';
  return typeof limit === 'number' ? 'OUT_OF_RANGE' : 'INVALID';
}

function packed(type: string, writer: BinaryWriter) {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(writer.finish()) };
}
