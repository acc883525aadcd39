// Table rows: what every kind of file comes to before anybody knows what its columns mean.

/** Whether a field holds nothing; a row may be shorter than its header. */
export function isBlank(text: string | undefined): boolean {
  return text === undefined || text === '' || text.trim() === '';
}

export interface TableRow {
  /** The first line of the record, from 1. */
  readonly line: number;
  /** As the rejects file shows it: the fields of a record, or the text of an object. */
  readonly raw: string | readonly string[];
  readonly fields: readonly string[];
  /** Above 0 for lines of a receipt that came as one object: its number, which keeps it apart. */
  readonly whole: number;
  /** Why the record cannot be read at all. */
  readonly problem?: string | undefined;
  /** The name of a column whose value is no single one; it matters where that column is used. */
  readonly unreadable?: string | undefined;
}
