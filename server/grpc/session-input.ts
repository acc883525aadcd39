// What a till says in a session, read and validated.
import type { z } from 'zod';
import { EngineError } from '../../engine/index.ts';
import { type EngineAccess, readInput } from '../operations/operation.ts';
import { schemaNode } from '../operations/violations.ts';
import { toInput } from './input.ts';
import * as tickets from './ticket.ts';

type SessionSchemas = typeof tickets.sessionSchemas;

/** The message as its schema takes it; throws INVALID_ARGUMENT with paths from the outermost. */
export function read<Name extends keyof SessionSchemas>(
  access: EngineAccess,
  name: Name,
  message: object,
  path: string = name,
): z.output<SessionSchemas[Name]> {
  const schema = tickets.sessionSchemas[name];
  const value = toInput(message, schemaNode(schema));
  try {
    return readInput(schema, { value, parseIssues: [] }, access) as z.output<SessionSchemas[Name]>;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const violations = error.violations.map((violation) => ({
      ...violation,
      field: `${path}.${violation.field}`,
    }));
    throw new EngineError('INVALID_ARGUMENT', `${path}.${error.message}`, { violations });
  }
}

/** Throws INVALID_ARGUMENT too for a barcode that was read wrongly: now it can be scanned again. */
export function readScan(access: EngineAccess, message: object): tickets.Scan {
  const scan = read(access, 'scan', message);
  const { itemId: value } = scan;
  const problem = codeProblem(access, value);
  if (problem === undefined) return scan;
  const limit = 'a barcode that was read whole';
  throw tickets.invalidField({ field: 'scan.itemId', value, limit, message: problem });
}

/** Undefined too while nobody can tell: then the receipt is refused. */
function codeProblem(access: EngineAccess, code: string): string | undefined {
  try {
    return access.engine().catalogue.problemOf(code);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'UNAVAILABLE') return undefined;
    throw error;
  }
}
