// Who asks, whatever door they came through, and what they may ask.
import { type channels, EngineError } from '../../engine/index.ts';

/** What an operation asks of its caller. */
export type Scope = 'read' | 'write' | 'admin';

/** The services of proto/caini/v1. */
export type RpcService =
  | 'RecommendationService'
  | 'CheckoutService'
  | 'IngestService'
  | 'CatalogService'
  | 'MemberService'
  | 'AdminService'
  | 'ReplicationService';

/** `till` may do what a till does and see no member's list. */
export const callerScopes = ['read', 'write', 'admin', 'till'] as const;
export type CallerScope = (typeof callerScopes)[number];

export interface Caller {
  /** Names the key that was shown, and tells nothing of it; absent: none was asked for. */
  readonly keyId?: string;
  readonly scopes: ReadonlySet<CallerScope>;
  /** The stores that the caller may speak for. */
  readonly stores: ReadonlySet<string> | 'all';
  /** The one member that the caller may speak for; absent: any. */
  readonly memberId?: string;
  /** Where the caller asks from; absent: the request says so itself, or nobody does. */
  readonly channel?: (typeof channels)[number];
}

/** Whoever asks at a door that wants no key. */
export const anonymous: Caller = { scopes: new Set(callerScopes), stores: 'all' };

/** What a call asks for. */
export interface Asked {
  /** All of them. */
  readonly scopes: readonly Scope[];
  readonly service?: RpcService | undefined;
}

/** Throws PERMISSION_DENIED when the caller may not ask for it. */
export function authorize({ scopes }: Caller, asked: Asked): void {
  if (scopes.has('till') && isForTills(asked)) return;
  const missing = asked.scopes.find((scope) => !scopes.has(scope));
  if (missing === undefined) return;
  const message = `the API key does not have the scope ${missing}`;
  throw new EngineError('PERMISSION_DENIED', message, { reason: 'SCOPE_MISSING' });
}

function isForTills({ scopes, service }: Asked): boolean {
  if (service === 'CheckoutService' || service === 'IngestService') return true;
  return service === 'CatalogService' && scopes.every((scope) => scope === 'read');
}
