// An evaluation in words: one table for each kind of list, the engine above its baselines.
import { counted } from '../../engine/index.ts';
import type { Evaluation } from '../evaluate/evaluate.ts';

type Figures = Readonly<Record<string, number>>;
type Intervals = Readonly<Record<string, readonly [number, number]>>;

interface System {
  readonly name: string;
  readonly figures: Figures;
  readonly intervals: Intervals | undefined;
}

const chapters = {
  all: 'the whole list (guess-you-like)',
  explore: 'never bought before (discover)',
  repeat: 'bought before (buy-again)',
  addOn: 'a ticket completed (basket-add-on)',
  addOnKnown: 'a ticket completed, the member known',
} as const;
type Chapter = keyof typeof chapters;

/** Tables for people; `--json` has the same figures in full. */
export function describeEvaluation(found: Evaluation): string {
  const { protocol, n, formula } = found;
  const lines = [`${protocol}: ${counted(n, 'receipt')} foretold, formula ${formula}`];
  for (const chapter of Object.keys(chapters) as Chapter[]) {
    const systems = systemsOf(found, chapter);
    if (systems.length === 0) continue;
    lines.push('', `${chapters[chapter]}, ${counted(systems[0]!.figures['n'] ?? 0, 'receipt')}`);
    lines.push(...tableOf(systems));
  }
  if (found.coverage !== undefined) lines.push('', ...varietyOf(found));
  return `${lines.join('\n')}\n`;
}

function systemsOf(found: Evaluation, chapter: Chapter): System[] {
  const own = found[chapter];
  if (own === undefined) return [];
  const systems: System[] = [
    { name: 'caini', figures: own, intervals: found.intervals[chapter] as Intervals | undefined },
  ];
  for (const [name, baseline] of Object.entries(found.baselines ?? {})) {
    const figures = chapter === 'addOnKnown' ? undefined : baseline[chapter];
    if (figures === undefined || chapter === 'addOnKnown') continue;
    const intervals = baseline.intervals[chapter] as Intervals | undefined;
    systems.push({ name, figures, intervals });
  }
  return systems;
}

function tableOf(systems: readonly System[]): string[] {
  const names = Object.keys(systems[0]!.figures).filter((name) => name !== 'n');
  const header = ['', ...names];
  const rows = systems.map(({ name, figures, intervals }) => [
    name,
    ...names.map((metric) => `${fixed(figures[metric]!)}${spread(intervals?.[metric])}`),
  ]);
  return aligned([header, ...rows]);
}

function varietyOf(found: Evaluation): string[] {
  const systems = [
    { name: 'caini', coverage: found.coverage, novelty: found.novelty },
    ...Object.entries(found.baselines ?? {}).map(([name, { coverage, novelty }]) => ({
      name,
      coverage,
      novelty,
    })),
  ];
  const rows = systems.flatMap(({ name, coverage, novelty }) =>
    coverage === undefined ? [] : [[name, fixed(coverage), `${novelty?.toFixed(2)} bits`]],
  );
  return aligned([['', 'coverage', 'novelty'], ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  );
}

function fixed(value: number): string {
  return value.toFixed(4);
}

/** Half the width of the interval: what a glance needs. */
function spread(interval: readonly [number, number] | undefined): string {
  if (interval === undefined) return '';
  return ` ±${((interval[1] - interval[0]) / 2).toFixed(4).replace(/^0/, '')}`;
}
