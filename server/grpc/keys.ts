// Who may call: API keys from a file, each with its scopes, compared by hash.
import { createHash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.ts';
import { readSecretFile } from '../config.ts';
import type { RpcService, Scope } from '../operations/operation.ts';

/** `till` may do what a till does and see no member's list. */
const keyScopes = ['read', 'write', 'admin', 'till'] as const;
type KeyScope = (typeof keyScopes)[number];

export interface Asked {
  /** Absent: whoever has any key may. */
  readonly scopes?: readonly Scope[];
  readonly service?: RpcService;
}

/** Throws UNAUTHENTICATED or PERMISSION_DENIED. */
export type Admit = (metadata: Metadata, asked: Asked) => void;

export type Keys = ReadonlyMap<string, ReadonlySet<KeyScope>>;

export const admitEverybody: Admit = () => {};

/** `keys` is asked on every call, so that a changed file counts at once. */
export function admitByKey(keys: () => Keys): Admit {
  return (metadata, { scopes = [], service }) => {
    const held = keys().get(hashOf(keyIn(metadata)));
    if (held === undefined) throw unauthenticated('is not a known key');
    if (held.has('till') && service !== undefined && isForTills(service, scopes)) return;
    const missing = scopes.find((scope) => !held.has(scope));
    if (missing === undefined) return;
    const message = `the API key does not have the scope ${missing}`;
    throw new EngineError('PERMISSION_DENIED', message, { reason: 'SCOPE_MISSING' });
  };
}

function isForTills(service: RpcService, scopes: readonly Scope[]): boolean {
  if (service === 'CheckoutService' || service === 'IngestService') return true;
  return service === 'CatalogService' && scopes.every((scope) => scope === 'read');
}

/** Lines `KEY scope,scope`; `#` begins a comment. Throws what is wrong, with its line. */
export function readKeys(path: string): Keys {
  const keys = new Map<string, ReadonlySet<KeyScope>>();
  for (const [index, line] of readSecretFile('grpcApiKeysFile', path).split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim();
    if (words === '') continue;
    const [key = '', list = '', ...rest] = words.split(/\s+/);
    const scopes = list.split(',').filter((word): word is KeyScope => isScope(word));
    if (key.length < 16 || rest.length > 0 || scopes.length !== list.split(',').length) {
      const wanted = `a key of 16 characters or more and scopes of ${keyScopes.join(', ')}`;
      throw new EngineError('INVALID_ARGUMENT', `line ${index + 1} of ${path} is not ${wanted}`);
    }
    keys.set(hashOf(key), new Set(scopes));
  }
  return keys;
}

function isScope(word: string): word is KeyScope {
  return (keyScopes as readonly string[]).includes(word);
}

/** Keys are looked up by hash: how long that takes says nothing of how much of a key was right. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

function keyIn(metadata: Metadata): string {
  const [own] = metadata.get('x-api-key');
  if (own !== undefined) return String(own);
  const [authorization] = metadata.get('authorization');
  const bearer = /^Bearer\s+(\S+)$/i.exec(String(authorization ?? ''))?.[1];
  if (bearer === undefined) throw unauthenticated('is required in the metadata');
  return bearer;
}

function unauthenticated(message: string): EngineError {
  const field = 'x-api-key';
  return new EngineError('UNAUTHENTICATED', `${field} ${message}`, {
    reason: 'API_KEY',
    violations: [{ field, message }],
  });
}
