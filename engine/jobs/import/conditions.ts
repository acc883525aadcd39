// Conditions: `COLUMN=VALUE` of --skip and --returns.
import { EngineError } from '../../base/errors.ts';

export interface Condition {
  readonly column: string;
  /** `*` stands for any characters; compared without case and blanks around. */
  readonly value: string;
}

export type RowTest = (fields: readonly string[]) => boolean;

/** Parses `Status=Cancelled`. Throws INVALID_ARGUMENT naming the option. */
export function parseCondition(text: string, option: string): Condition {
  const at = text.indexOf('=');
  if (at > 0) return { column: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
  const message = `--${option} "${text}" is not COLUMN=VALUE, e.g. Status=Cancelled or No=C*`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: option });
}

/** Whether a row meets any of the conditions. Throws INVALID_ARGUMENT for a column not there. */
export function createRowTest(
  conditions: readonly Condition[],
  header: readonly string[],
  fileName: string,
): RowTest | undefined {
  if (conditions.length === 0) return undefined;
  const tests = conditions.map(({ column, value }) => {
    const index = header.indexOf(column);
    if (index < 0) {
      const message = `${fileName} has no column "${column}" to compare with "${value}"`;
      throw new EngineError('INVALID_ARGUMENT', message, { field: 'column' });
    }
    const pattern = patternOf(value);
    return (fields: readonly string[]) => pattern.test((fields[index] ?? '').trim());
  });
  return (fields) => tests.some((test) => test(fields));
}

export function columnsOfConditions(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ column }) => column);
}

function patternOf(value: string): RegExp {
  // Anything at all is something: `Cancelled at=*` means the orders that have a time there.
  if (value === '*') return /\S/;
  const escaped = value.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 'isu');
}
