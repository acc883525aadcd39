// Objects: NDJSON files, where a line is one receipt line or one whole receipt with its `lines`.
import { type ColumnRules, columnNames } from './columns.ts';
import { type ImportFile, unreadable } from './file.ts';
import type { SourceRow } from './row.ts';

/** A receipt of 2,000 lines takes some 200 KB; a longer line is no receipt. */
const lineCharactersMax = 4_194_304;

type JsonObject = Readonly<Record<string, unknown>>;
type Names = readonly (string | undefined)[];

/** The rows of a file, one chunk per piece of it. Each line of a whole receipt is a row. */
export async function* readObjects(
  bytes: AsyncIterable<Buffer>,
  file: ImportFile,
  columns: ColumnRules,
): AsyncGenerator<readonly SourceRow[]> {
  const names = columnNames(columns);
  let line = 0;
  for await (const texts of splitLines(bytes, file)) {
    const chunk: SourceRow[] = [];
    for (const text of texts) {
      line += 1;
      if (text.trim() !== '') chunk.push(...rowsOfLine(text, { names, file: file.number, line }));
    }
    if (chunk.length > 0) yield chunk;
  }
}

/** Only `\n` ends a line: JSON text may hold U+2028, at which readline would split. */
async function* splitLines(
  bytes: AsyncIterable<Buffer>,
  file: ImportFile,
): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) {
      throw unreadable(file.path, new Error(`a line is longer than ${lineCharactersMax}`));
    }
    if (lines.length > 0) yield lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}

interface LinePlace {
  readonly names: Names;
  readonly file: number;
  readonly line: number;
}

function rowsOfLine(text: string, place: LinePlace): SourceRow[] {
  const { names, file, line } = place;
  const origin = { file, line, raw: text.trimEnd() };
  const refuse = (problem: string): SourceRow[] => [{ ...origin, cells: [], whole: 0, problem }];
  const object = parseObject(text);
  if (object === undefined) return refuse('the line is no JSON object');
  const lines = object['lines'];
  if (lines === undefined) return [{ ...origin, ...cellsOf([object], names), whole: 0 }];
  if (!Array.isArray(lines) || lines.length === 0) return refuse('`lines` must be a filled array');
  return lines.map((entry: unknown) =>
    isObject(entry)
      ? { ...origin, ...cellsOf([entry, object], names), whole: line }
      : { ...origin, cells: [], whole: line, problem: 'each of `lines` must be an object' },
  );
}

/** The cells, each from the first object that has it; objects and arrays are no cells. */
function cellsOf(
  objects: readonly JsonObject[],
  names: Names,
): Pick<SourceRow, 'cells' | 'problem'> {
  let problem: string | undefined;
  const cells = names.map((name) => {
    if (name === undefined) return '';
    const holder = objects.find((object) => Object.hasOwn(object, name));
    const value = holder?.[name] ?? '';
    if (typeof value === 'string') return value;
    // Numbers come as their shortest decimal, so that 2.55 is read as the text 2.55.
    if (typeof value === 'number') return String(value);
    problem ??= `${name} must be a text or a number`;
    return '';
  });
  return problem === undefined ? { cells } : { cells, problem };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller refuses the line and says so.
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
