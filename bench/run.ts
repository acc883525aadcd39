// The folder of one run: what each part measured, raw and summed up, with the machine, the commit
// and the command it was measured by.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  figuresOf,
  type RecordRow,
  type Row,
  ratioOf,
  rounded,
  table,
  verdictsOf,
} from './figures.ts';

const rowsFile = 'rows.ndjson';
/** Seen from dist/bench/. */
const runsFolder = join(import.meta.dirname, '../../bench/runs');

interface MeasuredRow extends Row {
  readonly part: string;
}

/** Makes bench/runs/<date>-<machine>/, which is never committed. */
export function makeRunFolder(now: Date): string {
  const moment = now.toISOString().slice(0, 19).replaceAll(':', '');
  const folder = join(runsFolder, `${moment}-${machineSlug()}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Where a part puts its rows: beside those of other parts, maybe of other processes. */
export function recorder(folder: string, part: string): RecordRow {
  return (row) => appendFileSync(join(folder, rowsFile), `${JSON.stringify({ part, ...row })}\n`);
}

/** Writes raw.csv and summary.md from all rows so far; returns them as a table for a terminal. */
export function writeSummary(folder: string, command: string): string | undefined {
  const rows = readRows(folder);
  if (rows.length === 0) return undefined;
  writeFileSync(join(folder, 'raw.csv'), rawCsv(rows));
  const lines = [head, ...rows.map(cellsOf)];
  const markdown = lines.map((cells) => `| ${cells.join(' | ')} |`);
  markdown.splice(1, 0, `|${'---|'.repeat(head.length)}`);
  writeFileSync(join(folder, 'summary.md'), [...about(command), '', ...markdown, ''].join('\n'));
  return table(lines);
}

const head =
  'part,what,unit,n,min,median,p99,limit,limit n,limit median,limit p99,ratio,bars'.split(',');

function cellsOf(row: MeasuredRow): string[] {
  const { part, name, unit, samples, limit } = row;
  const { n, min, median, p99 } = figuresOf(samples);
  const ratio = ratioOf(row);
  return [
    part,
    name,
    unit,
    String(n),
    ...[min, median, p99].map(rounded),
    ...limitCells(limit),
    ratio === undefined ? '' : ratio.toFixed(2),
    verdictsOf(row)
      .map(({ words, kept }) => `${words} ${kept ? 'kept' : 'MISSED'}`)
      .join(', '),
  ];
}

function limitCells(limit: Row['limit']): string[] {
  if (limit === undefined) return ['', '', '', ''];
  const { n, median, p99 } = figuresOf(limit.samples);
  return [limit.name, String(n), rounded(median), rounded(p99)];
}

function readRows(folder: string): MeasuredRow[] {
  let text: string;
  try {
    text = readFileSync(join(folder, rowsFile), 'utf8');
  } catch {
    // No part has recorded anything yet.
    return [];
  }
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as MeasuredRow);
}

function rawCsv(rows: readonly MeasuredRow[]): string {
  const lines = ['part,what,side,unit,index,value'];
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  for (const { part, name, unit, samples, limit } of rows) {
    const add = (side: string, values: readonly number[]): void => {
      const start = [part, name, side, unit].map(quoted).join(',');
      for (const [index, value] of values.entries()) lines.push(`${start},${index},${value}`);
    };
    add('caini', samples);
    if (limit !== undefined) add(limit.name, limit.samples);
  }
  return `${lines.join('\n')}\n`;
}

function about(command: string): string[] {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(1);
  return [
    '# A run of the benchmarks',
    '',
    `- machine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${gibibytes} GiB`,
    `- software: Node ${process.version}, ${process.platform} ${process.arch}`,
    `- commit: ${commit()}`,
    `- command: \`${command}\``,
    `- finished: ${new Date().toISOString()}, load average ${loadavg().map(rounded).join(' ')}`,
  ];
}

function commit(): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' });
    const changed = git('status', '--porcelain').trim() === '' ? '' : ', with changes on top';
    return `${git('rev-parse', 'HEAD').trim()}${changed}`;
  } catch {
    return 'unknown (no git)';
  }
}

function machineSlug(): string {
  const model = (cpus()[0]?.model ?? 'unknown').toLowerCase().replaceAll(/\(.*?\)|@.*/g, ' ');
  const words = model.match(/[a-z0-9]+/g) ?? ['unknown'];
  return `${cpus().length}x-${words.join('-')}`;
}
