// Who may call: API keys from a file, each with its scopes, compared by hash.
import { createHash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.ts';
import { readSecretFile } from '../config.ts';
import { anonymous, type Caller, type CallerScope, callerScopes } from '../operations/caller.ts';

/** Who calls. Throws UNAUTHENTICATED. */
export type Authenticate = (metadata: Metadata) => Caller;

/** By the hash of each key. */
export type Keys = ReadonlyMap<string, Caller>;

export const authenticateNobody: Authenticate = () => anonymous;

/** `keys` is asked on every call, so that a changed file counts at once. */
export function authenticateByKey(keys: () => Keys): Authenticate {
  return (metadata) => {
    const caller = keys().get(hashOf(keyIn(metadata)));
    if (caller === undefined) throw unauthenticated('is not a known key');
    return caller;
  };
}

/** Lines `KEY scope,scope`; `#` begins a comment. Throws what is wrong, with its line. */
export function readKeys(path: string): Keys {
  const keys = new Map<string, Caller>();
  for (const [index, line] of readSecretFile('grpcApiKeysFile', path).split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim();
    if (words === '') continue;
    const [key = '', list = '', ...rest] = words.split(/\s+/);
    const scopes = list.split(',').filter((word): word is CallerScope => isScope(word));
    if (key.length < 16 || rest.length > 0 || scopes.length !== list.split(',').length) {
      const wanted = `a key of 16 characters or more and scopes of ${callerScopes.join(', ')}`;
      throw new EngineError('INVALID_ARGUMENT', `line ${index + 1} of ${path} is not ${wanted}`);
    }
    const hash = hashOf(key);
    keys.set(hash, { keyId: keyIdOf(hash), scopes: new Set(scopes), stores: 'all' });
  }
  return keys;
}

/** Enough of the hash to tell the keys of one file apart in a log. */
function keyIdOf(hash: string): string {
  return hash.slice(0, 8);
}

function isScope(word: string): word is CallerScope {
  return (callerScopes as readonly string[]).includes(word);
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
