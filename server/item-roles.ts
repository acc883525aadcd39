// The setting `itemRoles`: which names say what an item is.
import { readFileSync } from 'node:fs';
import {
  EngineError,
  type RolePatterns,
  rolePatternsSchema,
  shippedRoles,
} from '../engine/index.ts';
import { readJson } from './json.ts';
import { quoteValue } from './quote-value.ts';

/**
 * `shipped`, `none` or a file. Throws INVALID_ARGUMENT for one that cannot be read or is no file of
 * patterns.
 */
export function itemRolesOf(setting: string): RolePatterns {
  if (setting === 'shipped') return shippedRoles;
  return setting === 'none' ? noRoles : readRoleFile(setting);
}

const noRoles: RolePatterns = { free: 'goods', common: [], roles: {} };

function readRoleFile(path: string): RolePatterns {
  const parsed = rolePatternsSchema.safeParse(readContent(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw refuse(path, `is no file of item roles: ${where}${issue?.message ?? ''}`);
}

function readContent(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(path, `cannot be read: ${(error as Error).message}`);
  }
  const { value, parseIssues } = readJson(text);
  const [issue] = parseIssues;
  if (issue === undefined) return value;
  throw refuse(path, `is not well-formed: ${issue.message}`);
}

function refuse(path: string, problem: string): EngineError {
  const message = `the file of item roles ${quoteValue(path)} ${problem}`;
  return new EngineError('INVALID_ARGUMENT', message, { field: 'itemRoles' });
}
