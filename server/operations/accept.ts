// The quick look at a member's list request: says yes to what is plainly right, and leaves every
// doubt to the schema.
import {
  type Daypart,
  dayparts,
  type IdRules,
  limits,
  type OutsideId,
  type RecommendRequest,
  readMemberId,
  readOutsideId,
} from '../../engine/index.ts';

/**
 * One UTF-16 unit takes at most 3 bytes of UTF-8, so an id this short cannot be too long in bytes.
 */
const idCharactersSurelyShort = Math.floor(limits.idBytesMax / 3);

const quickScenarios: ReadonlySet<unknown> = new Set(['guess-you-like', 'discover', 'buy-again']);
const knownDayparts: ReadonlySet<unknown> = new Set(dayparts);
const quickFields: ReadonlySet<string> = new Set([
  'memberId',
  'scenario',
  'storeId',
  'limit',
  'exclude',
  'daypart',
]);

/**
 * The request of GET /v1/members/{memberId}/recommendations when all its fields are plainly right,
 * else undefined. What it accepts the schema accepts with the same result; a test holds the two
 * together.
 */
export function acceptMemberList(raw: unknown, ids: IdRules): RecommendRequest | undefined {
  const fields = raw as Record<string, unknown>;
  for (const field in fields) if (!quickFields.has(field)) return undefined;
  const { memberId, storeId, daypart } = fields;
  // Not `??`: a null is no omission and must be refused.
  const { scenario = 'guess-you-like', limit = limits.listItemsDefault, exclude = [] } = fields;
  const right =
    isId(memberId, ids, readMemberId) &&
    (storeId === undefined || isId(storeId, ids)) &&
    quickScenarios.has(scenario) &&
    (daypart === undefined || knownDayparts.has(daypart)) &&
    isListLimit(limit) &&
    isShortIdList(exclude, ids);
  if (!right) return undefined;
  return {
    basket: [],
    scenario: scenario as RecommendRequest['scenario'],
    memberId,
    limit,
    exclude,
    ...(storeId === undefined ? undefined : { storeId }),
    ...(daypart === undefined ? undefined : { daypart: daypart as Daypart }),
  };
}

/** One with nothing to take off. */
function isId(
  value: unknown,
  ids: IdRules,
  read: (text: string, rules: IdRules) => OutsideId = readOutsideId,
): value is string {
  const isShort =
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= idCharactersSurelyShort &&
    value.isWellFormed();
  if (!isShort) return false;
  const found = read(value, ids);
  return 'id' in found && !found.cleaned;
}

function isListLimit(value: unknown): value is number {
  return (
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= limits.listItemsMax
  );
}

function isShortIdList(value: unknown, ids: IdRules): value is string[] {
  if (!Array.isArray(value) || value.length > limits.excludeItemsMax) return false;
  return value.every((id) => isId(id, ids));
}
