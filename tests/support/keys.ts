// Real API keys in a file of their own, for tests of the doors: made as `caini keys` makes them.
import { pino } from 'pino';
import { systemClock } from '../../engine/index.ts';
import { type Authenticate, createAuthenticate } from '../../server/access/authenticate.ts';
import { createKey, type NewKey, type ShownKey } from '../../server/access/change-keys.ts';
import { keyFileIn, type WatchedKeys, watchKeys } from '../../server/access/keys.ts';
import type { MemberTokens } from '../../server/access/member-tokens.ts';
import { type Scope, scopes } from '../../server/operations/caller.ts';
import { makeTemporaryFolder } from './folders.ts';

export interface TestKeys {
  /** The file that holds them. */
  readonly path: string;
  make(scopes: readonly Scope[], changes?: Partial<NewKey>): ShownKey;
  /** Of a door that opens now: it knows the keys of before at once, and others soon. */
  authenticate(tokens?: MemberTokens): Authenticate;
  remove(): Promise<void>;
}

export async function openKeys({
  clock = systemClock,
  steady = () => performance.now(),
} = {}): Promise<TestKeys> {
  const folder = await makeTemporaryFolder('keys');
  const path = keyFileIn(folder.path);
  const watched: WatchedKeys[] = [];
  return {
    path,
    make: (scopes, changes = {}) =>
      createKey(path, { name: 'test', scopes, stores: 'all', scenarios: 'all', ...changes }, clock),
    authenticate(tokens) {
      const keys = watchKeys(folder.path, pino({ level: 'silent' }), 10);
      watched.push(keys);
      return createAuthenticate(keys.current, { clock, steady, ...(tokens && { tokens }) });
    },
    async remove() {
      for (const keys of watched) keys.stop();
      await folder.remove();
    },
  };
}

/** For each scope the text of a key that has it alone, of all stores or of these. */
export function keysByScope(keys: TestKeys, changes: Partial<NewKey> = {}): Map<Scope, string> {
  return new Map(scopes.map((scope) => [scope, keys.make([scope], changes).text]));
}
