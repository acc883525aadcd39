// What of an event can be used: all of it, or, where its sender says that a part will do, all but
// the lines that are wrong. What is long is validated over several turns of the event loop.
import type { z } from 'zod';
import { type FieldViolation, type IngestResult, limits } from '../../engine/index.ts';
import type { ParseIssue } from '../json.ts';
import { doorLimits } from '../limits.ts';
import type { Turns } from '../pieces.ts';
import { type Checked, check, checkInSteps } from './violations.ts';

/** A list of which entries may be left out, and what an entry has to be. */
export interface PartialList {
  readonly list: string;
  readonly entry: z.ZodType;
}

/** Entries that were left out, by their places. */
interface LeftOut {
  /** Where each entry that was kept stood. */
  readonly kept: readonly number[];
  readonly list: string;
  readonly violations: ReadonlyMap<number, FieldViolation>;
}

export type Usable<T> = Checked<T> & { readonly leftOut?: LeftOut };

interface Asked<S extends z.ZodType> {
  readonly schema: S;
  readonly partial: PartialList | undefined;
  readonly raw: unknown;
  readonly parseIssues: readonly ParseIssue[];
}

/** Gives way to others whenever it has looked at as much as fits into one turn. */
export async function checkUsable<S extends z.ZodType>(
  asked: Asked<S>,
  turns: Turns,
): Promise<Usable<z.output<S>>> {
  const { partial, raw } = asked;
  const checked = await checkLong(asked, turns);
  if (checked.ok || partial === undefined) return checked;
  const entries = entriesOf(raw, partial);
  if (entries === undefined) return checked;
  const violations = await findBad(asked, partial, entries, turns);
  const kept = [...entries.keys()].filter((index) => !violations.has(index));
  if (violations.size === 0 || kept.length === 0) return checked;
  const { list } = partial;
  const value = { ...(raw as object), [list]: kept.map((index) => entries[index]) };
  const parseIssues = asked.parseIssues.filter(({ path }) => !isWithin(path, list));
  const rest = await checkLong({ ...asked, raw: value, parseIssues }, turns);
  return rest.ok ? { ...rest, leftOut: { kept, list, violations } } : rest;
}

async function checkLong<S extends z.ZodType>(
  { schema, raw, parseIssues }: Asked<S>,
  turns: Turns,
): Promise<Checked<z.output<S>>> {
  const steps = checkInSteps(schema, raw, parseIssues);
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    if (turns.isOver(doorLimits.pieceEntries)) await turns.next();
  }
  return step.value;
}

/** Undefined where nothing may be left out, or the list itself is wrong. */
function entriesOf(raw: unknown, { list }: PartialList): readonly unknown[] | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { partial, [list]: entries } = raw as Record<string, unknown>;
  const isShort = Array.isArray(entries) && entries.length <= limits.purchaseLinesMax;
  return partial === true && isShort ? entries : undefined;
}

async function findBad(
  { parseIssues }: Pick<Asked<z.ZodType>, 'parseIssues'>,
  { list, entry }: PartialList,
  entries: readonly unknown[],
  turns: Turns,
): Promise<Map<number, FieldViolation>> {
  const within = parseIssues.filter(({ path }) => isWithin(path, list));
  const byEntry = parseIssuesByElement(within);
  const bad = new Map<number, FieldViolation>();
  for (const [index, each] of entries.entries()) {
    if (turns.isOver(1)) await turns.next();
    const checked = check(entry, each, byEntry.get(index));
    if (checked.ok) continue;
    const [{ field, ...first } = noViolation] = checked.violations;
    bad.set(index, { ...first, field: `${list}[${index}]${field === 'body' ? '' : `.${field}`}` });
  }
  return bad;
}

/** The parse issues of each entry of a list, with paths from there on. */
export function parseIssuesByElement(
  parseIssues: readonly ParseIssue[],
): ReadonlyMap<number, readonly ParseIssue[]> {
  const byElement = new Map<number, ParseIssue[]>();
  for (const { path, ...issue } of parseIssues) {
    const index = Number(path[1]);
    const ofElement = byElement.get(index) ?? [];
    ofElement.push({ ...issue, path: path.slice(2) });
    byElement.set(index, ofElement);
  }
  return byElement;
}

const noViolation: FieldViolation = { field: 'body', message: 'is not right' };

function isWithin(path: ParseIssue['path'], list: string): boolean {
  return path[0] === list && path.length > 1;
}

/** A result with places as the sender knows them, and what was left out before it. */
export function withLeftOut(result: IngestResult, leftOut: LeftOut | undefined): IngestResult {
  if (leftOut === undefined) return result;
  const { kept, list, violations } = leftOut;
  const pattern = new RegExp(`^${list}\\[(\\d+)\\]`);
  const moved = (field: string) =>
    field.replace(pattern, (_, index: string) => `${list}[${kept[Number(index)]}]`);
  const { field, warnings = [], leftOutLines = [], resolvedLines, ...rest } = result;
  const before = [...violations.values()].map(({ field, message, value = 'nothing' }) => {
    return { reason: 'LINE_LEFT_OUT', field, message: `${message} (got ${value})` };
  });
  const after = warnings.map((warning) => ({ ...warning, field: moved(warning.field) }));
  const lines = [...violations.keys(), ...leftOutLines.map((line) => kept[line]!)];
  return {
    ...rest,
    ...(field !== undefined && { field: moved(field) }),
    ...(resolvedLines && {
      resolvedLines: resolvedLines.map((each) => ({ ...each, line: kept[each.line]! })),
    }),
    ...(isTaken(result) && {
      warnings: firstOf([...before, ...after]),
      leftOutLines: lines.sort((a, b) => a - b),
    }),
  };
}

type Warnings = NonNullable<IngestResult['warnings']>;

/** As many as are shown; how many lines were left out says `leftOutLines`. */
function firstOf(warnings: Warnings): Warnings {
  const more = warnings.length - limits.warningsMax;
  if (more <= 0) return warnings;
  const { reason, field } = warnings[limits.warningsMax]!;
  const last = { reason, field, message: `${more} more warnings` };
  return [...warnings.slice(0, limits.warningsMax), last];
}

/** What a lenient server took without fields that it does not know. */
export function withUnknown<Visible extends IngestResult>(
  result: Visible,
  fields: readonly string[] = [],
): Visible {
  if (fields.length === 0 || !isTaken(result)) return result;
  const message = 'is not a known field, and was left out';
  const unknown = fields.map((field) => ({ reason: 'FIELD_LEFT_OUT', field, message }));
  return { ...result, warnings: firstOf([...(result.warnings ?? []), ...unknown]) };
}

/** Whether anything of it is kept, or needs not be. */
export function isTaken({ status }: Pick<IngestResult, 'status'>): boolean {
  return status !== 'conflict' && status !== 'rejected';
}
