// The answer to one event. Expected outcomes are values, not errors.

/** Of an event that was taken: what is worth a look all the same. */
export interface IngestWarning {
  /** UPPER_SNAKE_CASE: TOTAL_DIFFERS, LINE_LEFT_OUT, … */
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** A line that named its item by a code. */
export interface ResolvedLine {
  /** Its place, from 0 on. */
  readonly line: number;
  readonly itemId: string;
  /** Of what a scale printed: as it counts. */
  readonly quantity?: number | undefined;
  readonly lineTotalFen?: number | undefined;
}

/** `voided`: every line of a receipt is taken back by another, so that there is nothing to keep. */
export type IngestStatus = 'created' | 'duplicate' | 'voided' | 'conflict' | 'rejected';

export interface IngestResult {
  /** The purchaseId, returnId, itemId or storeId. */
  readonly id: string;
  readonly status: IngestStatus;
  /**
   * Stands for the state that holds this event; for a duplicate, the first acceptance. Absent when
   * refused.
   */
  readonly watermark?: string;
  /**
   * UPPER_SNAKE_CASE, for `conflict` and `rejected`: OCCURRED_AT_IN_FUTURE,
   * RETURN_EXCEEDS_PURCHASE, …
   */
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
  /** What would have been allowed. */
  readonly limit?: string | number;
  /**
   * A return whose purchase is not here yet: it is kept and counts as soon as the purchase arrives.
   */
  readonly parked?: boolean;
  /** Of a receipt whose memberId stands for nobody: it was taken as an anonymous ticket. */
  readonly anonymous?: boolean;
  /** Of a till whose clock runs ahead: a receipt counts at the server's time. */
  readonly clockSkewed?: boolean;
  /** Of an unreferenced return: pieces that no purchase of the member could be found for. */
  readonly unmatchedQuantity?: number;
  /** At most `limits.warningsMax`, and one more that says how many others there are. */
  readonly warnings?: readonly IngestWarning[];
  /** Lines of a receipt that was taken in part, by their places: all that are not in it. */
  readonly leftOutLines?: readonly number[];
  /** Lines that named their item by a barcode, and what they were read as. */
  readonly resolvedLines?: readonly ResolvedLine[];
}

/** Refused by a check that needs the state or the clock. */
export function rejected(
  id: string,
  because: {
    readonly reason: string;
    readonly field: string;
    readonly message: string;
    readonly limit?: string | number;
  },
): IngestResult {
  return { id, status: 'rejected', ...because };
}
