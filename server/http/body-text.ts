// The JSON of a reply's body; of a long list it is made over several turns of the event loop.

import { nextTurn } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { longListOf } from '../pieces.ts';

/** At once, unless the body holds a long list. */
export function encodeBody(body: object): string | Promise<string> {
  const list = longListOf(body);
  return list === undefined ? JSON.stringify(body) : encodeLong(body, list);
}

async function encodeLong(body: object, list: string): Promise<string> {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined) continue;
    const text = name === list ? await encodeList(value) : JSON.stringify(value);
    fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(',')}}`;
}

async function encodeList(entries: readonly object[]): Promise<string> {
  let text = '[';
  let end: number = doorLimits.pieceBytes;
  for (const [index, entry] of entries.entries()) {
    if (index > 0) text += ',';
    text += JSON.stringify(entry);
    if (text.length < end) continue;
    end = text.length + doorLimits.pieceBytes;
    await nextTurn();
  }
  return `${text}]`;
}
