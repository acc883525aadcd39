// Stage "request": what is asked, and whether it can be answered at all.
import { EngineError } from '../../base/errors.ts';
import {
  type RecommendRequest,
  type RecommendRequestInput,
  recommendRequestSchema,
} from '../request.ts';

/** So many violations are reported of one request. */
const violationsShownMax = 10;
const valueCharactersMax = 64;

/**
 * The request as the schema makes it of what a caller wrote. Throws INVALID_ARGUMENT, which names
 * each field that is wrong, its value, and what it may be.
 */
export function parseRequest(input: RecommendRequestInput): RecommendRequest {
  const parsed = recommendRequestSchema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const violations = issues.slice(0, violationsShownMax).map((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const field = [...issue.path, ...keys].map(String).join('.') || 'request';
    return { field, message: issue.message, value: quoteValue(issue.input) };
  });
  const [{ field, message, value }] = violations as [(typeof violations)[0]];
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : '';
  throw new EngineError('INVALID_ARGUMENT', `${field}: ${message} (got ${value})${more}`, {
    violations,
  });
}

/** A caller's value as it stands in an error: short, and a container by its kind alone. */
function quoteValue(value: unknown): string {
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'object';
  if (typeof value !== 'string') return String(value);
  if (value.length <= valueCharactersMax) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, valueCharactersMax))}… (${value.length} characters)`;
}

/** Throws INVALID_ARGUMENT where the scenario lacks what it starts from. */
export function assertAnswerable({ scenario, itemId, memberId }: RecommendRequest): void {
  if ((scenario === 'similar' || scenario === 'bought-together') && itemId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', `itemId is required for scenario ${scenario}`, {
      field: 'itemId',
    });
  }
  if (scenario === 'buy-again' && memberId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', 'memberId is required for scenario buy-again', {
      field: 'memberId',
    });
  }
}
