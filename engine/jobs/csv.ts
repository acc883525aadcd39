// CSV as we write it: RFC 4180 with `\n`, and never a changed value.

const needsQuotes = /[",\r\n]|^\s|\s$/;

/**
 * One record without its line break. A value that begins with `=`, `+`, `-` or `@` stays as it is:
 * a sheet may take it for a formula, but an id with an apostrophe in front would be another id.
 */
export function formatRecord(values: readonly string[]): string {
  return values.map(formatValue).join(',');
}

function formatValue(value: string): string {
  return needsQuotes.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
