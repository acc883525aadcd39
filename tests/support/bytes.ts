// Searches every file below a folder for the bytes of some texts, as a suspicious stranger would.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** `path: text` for every text that some file holds, and for every text in a file's name. */
export function findTexts(folder: string, texts: Iterable<string>): string[] {
  const found: string[] = [];
  const sought = [...texts];
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    found.push(...sought.filter((text) => name.includes(text)).map((text) => `${name}: ${text}`));
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    for (const text of sought) if (bytes.includes(text)) found.push(`${name}: ${text}`);
  }
  return found;
}
