// What a till gets beside advice, in bytes.
import {
  type DegradedReason,
  ScanSessionResponse,
  type SuppressReason,
} from '#proto/caini/v1/checkout.js';
import type { FieldViolation } from '../../engine/index.ts';
import type { Result } from '../operations/operation.ts';
import { toIngestResult, toViolation } from './replies.ts';

export function suppress(forSeq: number, reason: SuppressReason): Buffer {
  return encode({ $case: 'suppress', suppress: { forSeq, reason } });
}

export function degraded(reason: DegradedReason, message: string): Buffer {
  return encode({ $case: 'degraded', degraded: { reason, message } });
}

/** `violations` with paths from the outermost. */
export function refused(forSeq: number | undefined, violations: readonly FieldViolation[]): Buffer {
  const errors = violations.map(toViolation);
  return encode({ $case: 'refused', refused: { forSeq, errors } });
}

/** With every fault of a receipt that was refused. */
export function committed({ body, violations = [] }: Result): Buffer {
  const result = toIngestResult({ ...body, errors: violations });
  return encode({ $case: 'committed', committed: { watermark: result.watermark ?? '', result } });
}

function encode(event: NonNullable<ScanSessionResponse['event']>): Buffer {
  return Buffer.from(ScanSessionResponse.encode({ event }).finish());
}
