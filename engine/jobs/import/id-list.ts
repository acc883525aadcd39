// Several ids in one cell: with semicolons between, or line breaks where an id has a semicolon.

/** A line break at the end tells a single id with a semicolon from two ids. */
export function formatIds(ids: readonly string[]): string {
  if (!ids.some((id) => id.includes(';'))) return ids.join(';');
  return `${ids.join('\n')}\n`;
}

/** What a cell holds, each id once. */
export function splitIds(text: string): readonly string[] {
  const parts = text.split(text.includes('\n') ? '\n' : ';').map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ''))];
}
