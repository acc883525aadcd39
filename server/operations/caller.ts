// Who asks, whatever door they came through, and what they may ask.
import { type channels, EngineError, type Scenario } from '../../engine/index.ts';

/** What a key may be given; docs/reference/access.md says what each of them opens. */
export const scopes = [
  'read',
  'write',
  'till',
  'guide',
  'merchandise',
  'privacy',
  'admin',
  'metrics',
] as const;
export type Scope = (typeof scopes)[number];

/** The services of proto/caini/v1. */
export type RpcService =
  | 'RecommendationService'
  | 'CheckoutService'
  | 'IngestService'
  | 'CatalogService'
  | 'MemberService'
  | 'AdminService'
  | 'ReplicationService';

/** What the token of a member may be narrowed to; docs/guides/member-tokens.md. */
export const memberScopes = ['lists', 'catalogue'] as const;
export type MemberScope = (typeof memberScopes)[number];

export interface Caller {
  /**
   * Names the key that was shown, or the one that signed the token, and tells nothing of either;
   * absent: none was asked for.
   */
  readonly keyId?: string;
  /** None of a caller with the token of a member. */
  readonly scopes: ReadonlySet<Scope>;
  /** The stores that the caller may speak for. */
  readonly stores: ReadonlySet<string> | 'all';
  /** The kinds of lists that the caller may ask for. */
  readonly scenarios: ReadonlySet<Scenario> | 'all';
  /** The one member that the caller may ask for, by whose token it asks; absent: any. */
  readonly memberId?: string;
  /** What that token opens; absent: nothing. */
  readonly memberScopes?: ReadonlySet<MemberScope>;
  /** Members that it may ask lists for; absent: what the settings say. */
  readonly membersPerMinute?: number;
  /** Where the caller asks from; absent: the request says so itself, or nobody does. */
  readonly channel?: (typeof channels)[number];
}

/** Whoever asks at a door that wants no key. */
export const anonymous: Caller = { scopes: new Set(scopes), stores: 'all', scenarios: 'all' };

/** Whoever shows no key where one is wanted: is told what everybody may know. */
export const stranger: Caller = { scopes: new Set(), stores: new Set(), scenarios: new Set() };

/**
 * What of the stores an operation touches, which is held against those of a key that has not all:
 * - `store`: the one that its `storeId` names; it must name one
 * - `receipt`: receipts that it names, and its `storeId` where it has one
 * - `own`: it answers what there is of the caller's stores, and leaves out the others
 * - `shared`: nothing that belongs to a store, such as items
 * - `chain`: all of them at once
 */
export type Reach = 'store' | 'receipt' | 'own' | 'shared' | 'chain';

/**
 * What the token of a member opens of an operation:
 * - `closed`: nothing, whatever stands in the token
 * - else it needs the scope, and `memberId` of the input is its own member, where that is `ofOwn`;
 *   its own or none, where that is `ofOwnOrNone`; `ofNone`: the operation concerns no member
 */
export type MemberRule = 'closed' | `${MemberScope} ${'ofOwn' | 'ofOwnOrNone' | 'ofNone'}`;

/** Who may ask for an operation. Each declares its own: without one it does not compile. */
export interface AccessRule {
  /** `open`: nobody is asked for a key. */
  readonly scope: Scope | 'open';
  /** Scopes that are enough as well. */
  readonly alsoFor?: readonly Scope[];
  readonly reach: Reach;
  readonly member: MemberRule;
  /** Fields of its input that name receipts of before; each must be of the caller's stores. */
  readonly receiptFields?: readonly string[];
}

/**
 * Whether the caller may ask for it at all, before anything of the input is read. Throws
 * PERMISSION_DENIED.
 */
export function authorize(caller: Caller, rule: AccessRule): void {
  const { scope, alsoFor = [], reach } = rule;
  if (scope === 'open') return;
  if (caller.memberId !== undefined) {
    authorizeToken(caller, rule);
    return;
  }
  if (!caller.scopes.has(scope) && !alsoFor.some((other) => caller.scopes.has(other))) {
    throw denied('SCOPE_MISSING', `the API key does not have the scope ${scope}`);
  }
  if (reach === 'chain' && caller.stores !== 'all') {
    throw denied(
      'STORE_FOREIGN',
      `this concerns all stores, and the API key is for ${own(caller)}`,
    );
  }
}

function authorizeToken({ memberScopes }: Caller, { member }: AccessRule): void {
  if (member === 'closed') {
    throw denied('SCOPE_MISSING', 'the token of a member does not open this, only an API key does');
  }
  const scope = member.split(' ')[0] as MemberScope;
  if (memberScopes?.has(scope)) return;
  throw denied('SCOPE_MISSING', `the token does not have the scope ${scope}`);
}

/** What a list is asked for, as far as it matters to who may. */
interface ListAsked {
  readonly scenario: Scenario;
  readonly storeId?: string | undefined;
  readonly memberId?: string | undefined;
}

/** Whether the caller may ask for a list of this kind, there. Throws PERMISSION_DENIED. */
export function authorizeList(
  caller: Caller,
  { scenario, storeId, memberId }: ListAsked,
  { member }: Pick<AccessRule, 'member'>,
): void {
  if (caller.memberId !== undefined) assertOwnMember(caller, member, memberId);
  if (caller.scenarios !== 'all' && !caller.scenarios.has(scenario)) {
    const kinds = [...caller.scenarios].join(', ');
    const message = `${shownBy(caller)} is for lists of ${kinds}, not of ${scenario}`;
    throw denied('SCENARIO_FOREIGN', message);
  }
  if (caller.stores !== 'all') assertOwnStore(caller, storeId);
}

/** The store of a receipt that is kept; undefined where it is not here, or has none. */
export type StoreOfReceipt = (purchaseId: string) => string | undefined;

/**
 * Whether the caller may ask that of these stores and receipts; the input is validated. A receipt
 * that is not here may come to be another store's, so that it is refused like one of them. Throws
 * PERMISSION_DENIED.
 */
export function authorizeInput(
  caller: Caller,
  { reach, member, receiptFields = [] }: Pick<AccessRule, 'reach' | 'member' | 'receiptFields'>,
  input: Readonly<Record<string, unknown>>,
  storeOf: StoreOfReceipt,
): void {
  const { stores } = caller;
  if (caller.memberId !== undefined) {
    assertOwnMember(caller, member, input['memberId'] as string | undefined);
  }
  if (stores === 'all') return;
  const storeId = input['storeId'] as string | undefined;
  const mustBeOwn = reach === 'store' || (reach === 'receipt' && storeId !== undefined);
  if (mustBeOwn) assertOwnStore(caller, storeId);
  for (const field of receiptFields) {
    const purchaseId = input[field] as string | undefined;
    if (purchaseId === undefined || stores.has(storeOf(purchaseId) ?? '')) continue;
    const message = `must name a receipt of ${own(caller)}: the API key is for no other`;
    throw denied('STORE_FOREIGN', `${field} ${message}`, { field, message });
  }
}

/**
 * Letter for letter, with what is left of both after ids are cleaned: to ask for another id of the
 * same person gives nothing that the own one does not.
 */
function assertOwnMember(caller: Caller, rule: MemberRule, memberId: string | undefined): void {
  if (memberId === caller.memberId && rule !== 'closed') return;
  if (memberId === undefined && (rule.endsWith(' ofOwnOrNone') || rule.endsWith(' ofNone'))) return;
  const field = 'memberId';
  const message = 'must be the member of the token (its `sub`): the token is for no other';
  throw denied('MEMBER_FOREIGN', `${field} ${message}`, { field, message });
}

function assertOwnStore(caller: Caller, storeId: string | undefined): void {
  if (storeId !== undefined && caller.stores !== 'all' && caller.stores.has(storeId)) return;
  const field = 'storeId';
  const message = `must be of ${own(caller)}: ${shownBy(caller)} is for no other`;
  throw denied('STORE_FOREIGN', `${field} ${message}`, { field, message });
}

/** So many stores are named, of all that a key is for. */
const storesShown = 5;

function shownBy({ memberId }: Caller): string {
  return memberId === undefined ? 'the API key' : 'the token';
}

function own({ stores }: Caller): string {
  const all = [...stores];
  const shown = all.slice(0, storesShown).join(', ');
  return all.length > storesShown ? `${shown} and ${all.length - storesShown} more` : shown;
}

function denied(
  reason: string,
  message: string,
  violation?: { readonly field: string; readonly message: string },
): EngineError {
  const violations = violation === undefined ? [] : [violation];
  return new EngineError('PERMISSION_DENIED', message, { reason, violations });
}
