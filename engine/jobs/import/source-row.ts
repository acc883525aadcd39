// Source rows: one receipt line as a file has it, its cells in the order of our fields.
import { type ImportField, importFields } from './columns.ts';
import type { NoRow } from './header.ts';

/**
 * Where a row stands, and its text as given: the fields of a CSV record or the text of a JSON
 * object.
 */
export interface Origin {
  readonly file: number;
  /** The first line of the record, from 1. */
  readonly line: number;
  readonly raw: string | readonly string[];
}

/** A row before any check. */
export interface SourceRow extends Origin {
  /** In the order of `importFields`; empty: the file has no such value. */
  readonly cells: readonly string[];
  /**
   * Above 0 for lines of a whole receipt in one JSON object: its number, which keeps it apart.
   */
  readonly whole: number;
  /** Whether a condition says that it is brought back, whatever the sign of its quantity. */
  readonly isReturn: boolean;
  /** Why it is left out on purpose: a condition said so, or it is no row at all. */
  readonly skipped?: 'condition' | NoRow | undefined;
  /** Why the record cannot be read at all. */
  readonly problem?: string | undefined;
}

const cellOf = Object.fromEntries(importFields.map((field, index) => [field, index])) as Record<
  ImportField,
  number
>;

export function cell(source: SourceRow, field: ImportField): string {
  return source.cells[cellOf[field]] ?? '';
}

export function fieldPosition(field: ImportField): number {
  return cellOf[field];
}
