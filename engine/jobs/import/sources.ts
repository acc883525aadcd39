// Sources: what a command names as files: folders, patterns, zips and workbooks, down to single
// tables.
import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { type ImportFile, inspectFile, inspectMember } from './file.ts';
import { zipSourceOf } from './table.ts';
import { isWorkbook, openWorkbook } from './workbook.ts';
import { listMembers, openMember } from './zip.ts';

export interface FoundFile {
  readonly path: string;
  readonly label: string;
  /** In a folder or by a pattern, and not by its own name. */
  readonly isFound?: boolean;
}

/** What lies in folders and zips and is no table: notes, pictures, leavings of other systems. */
const tableName =
  /\.(?:csv|tsv|tab|txt|dat|data|json|ndjson|jsonl|xlsx|xlsm|parquet|zip)(?:\.gz)?$/i;
const leavings = /(?:^|\/)(?:__MACOSX|\.[^/]+|Thumbs\.db|~\$[^/]*)(?:\/|$)/;
const headBytes = 65_536;
const filesMax = 10_000;

/**
 * The files of paths, folders (with all below them) and patterns, in the order of their names.
 * Throws NOT_FOUND for what names no file.
 */
export function findFiles(paths: readonly string[]): readonly FoundFile[] {
  const found = paths.flatMap((path): FoundFile[] => {
    const files = filesOf(path);
    if (files.length > 0) {
      return files.map((each) => ({ path: each, label: each, isFound: each !== path }));
    }
    throw new EngineError('NOT_FOUND', `${path} holds no file that could be a table`);
  });
  if (found.length <= filesMax) return found;
  const message = `${found.length} files are named; at most ${filesMax} are taken at once`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'files' });
}

/** A pattern means itself where a file has that very name. */
function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return filesBelow(path).filter((name) => tableName.test(name));
  if (stat !== undefined || !/[*?]/.test(path)) return [path];
  const parts = path.split(sep);
  const at = parts.findIndex((part) => /[*?]/.test(part));
  const root = parts.slice(0, at).join(sep) || (path.startsWith(sep) ? sep : '.');
  if (statSync(root, { throwIfNoEntry: false }) === undefined) return [];
  const pattern = patternOf(path);
  return filesBelow(root)
    .map((name) => (root === '.' && !path.startsWith('.') ? name.replace(/^\.\//, '') : name))
    .filter((name) => pattern.test(name));
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((name) => (folder === '.' ? `./${name}` : name))
    .filter((name) => !leavings.test(name.slice(folder.length)))
    .sort();
}

/** `*` stays within a folder, `**` does not. */
function patternOf(path: string): RegExp {
  const text = path.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  const source = text
    .replace(/\*\*\/?/g, '\u0000')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replaceAll('\u0000', '(?:.*/)?');
  return new RegExp(`^${source}$`);
}

/**
 * The tables of these files: each a file, a member of a zip, or a sheet of a workbook. They are
 * numbered from 1.
 */
export async function findTables(
  files: readonly FoundFile[],
  sheet?: string,
): Promise<readonly ImportFile[]> {
  const tables: ImportFile[] = [];
  for (const { path, label, isFound } of files) {
    tables.push(...(await tablesOf({ ...inspectFile(path, 1, label), isFound }, sheet)));
  }
  return tables.map((table, index) => ({ ...table, number: index + 1 }));
}

async function tablesOf(file: ImportFile, sheet: string | undefined): Promise<ImportFile[]> {
  if (file.format !== 'zip') return [file];
  const source = await zipSourceOf(file);
  const members = await listMembers(source).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('DATA_LOSS', `${file.label} cannot be read: ${why}`, { cause });
  });
  if (isWorkbook(members)) return sheetsOf(file, sheet);
  const wanted = members.filter((name) => tableName.test(name) && !leavings.test(name)).sort();
  if (wanted.length === 0) {
    const message = `${file.label} holds no file that could be a table`;
    throw new EngineError('NOT_FOUND', message);
  }
  const tables: ImportFile[] = [];
  for (const member of wanted) {
    const found = inspectMember(file, member, await headOf(file.path, member));
    if (found.format === 'parquet') {
      const message = `${found.label} is a Parquet file inside a zip; take it out first`;
      throw new EngineError('INVALID_ARGUMENT', message, { field: 'files' });
    }
    if (found.format === 'zip') tables.push(...(await sheetsOf(found, sheet)));
    else tables.push(found);
  }
  if (tables.length > 1) return tables.map((table) => ({ ...table, isFound: true }));
  return tables;
}

/** All visible sheets, or the one that was asked for. */
async function sheetsOf(file: ImportFile, sheet: string | undefined): Promise<ImportFile[]> {
  const { sheets } = await openWorkbook(await zipSourceOf(file), file.label);
  const visible = sheets.filter(({ isHidden }) => !isHidden);
  const wanted = sheet === undefined ? visible : sheets.filter(({ name }) => name === sheet);
  if (wanted.length === 0) {
    const names = sheets.map(({ name }) => name).join(', ');
    const message = `${file.label} has no sheet "${sheet ?? ''}"; its sheets are ${names}`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'sheet' });
  }
  return wanted.map(({ name }) => ({
    ...file,
    format: 'xlsx' as const,
    label: visible.length > 1 ? `${file.label}#${name}` : file.label,
    sheet: name,
    isFound: file.isFound === true || wanted.length > 1,
    fingerprint: `${file.fingerprint}#${name}`,
  }));
}

async function headOf(path: string, member: string): Promise<Buffer> {
  const stream = await openMember(path, member);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= headBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
}
