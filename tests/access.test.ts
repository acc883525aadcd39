// Who may ask for what: every operation with every scope, in a store of the key's and in another
// one, at both doors, against the table of docs/reference/access.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsRule } from '../server/http/metrics.ts';
import { memberScopes, type Scope, scopes } from '../server/operations/caller.ts';
import { operations } from '../server/operations.ts';
import { accessPage, readAccessPage, type StatedRule } from './support/access-page.ts';
import { type DoorUnderTest, openGrpcDoor, openHttpDoor } from './support/doors.ts';
import { keysByScope, openKeys, type TestKeys } from './support/keys.ts';
import { openIssuers, type TestIssuers } from './support/tokens.ts';

const pagePath = join(import.meta.dirname, '../docs/reference/access.md');
const stated = readAccessPage(readFileSync(pagePath, 'utf8'));

test('docs/reference/access.md has the rule of every operation', async () => {
  const rows = operations.map((operation) => ({
    ...operation,
    http: `${operation.method} ${operation.path}`,
  }));
  const metrics = { name: 'metrics', http: 'GET /metrics', ...metricsRule };
  await expect(accessPage([...rows, metrics])).toMatchFileSnapshot(pagePath);
  expect([...stated.keys()]).toEqual([...operations.map(({ name }) => name), 'metrics']);
});

/** Where something is asked for: a store, and a receipt that was sold there. */
interface Place {
  readonly storeId: string;
  readonly purchaseId: string;
}
const here: Place = { storeId: 'S1', purchaseId: 'sold-in-S1' };
const elsewhere: Place = { storeId: 'S2', purchaseId: 'sold-in-S2' };

const occurredAt = '2026-05-01T09:10:00+08:00';
const lines = [{ itemId: 'milk', quantity: 1 }];
let count = 0;
const newId = () => {
  count += 1;
  return `n-${count}`;
};

type Input = (place: Place) => Record<string, unknown>;
const empty: Input = () => ({});
const ofItem: Input = () => ({ itemId: 'milk' });
const listOfItem: Input = ({ storeId }) => ({ itemId: 'milk', storeId });
const listOfMember: Input = ({ storeId }) => ({ memberId: 'ann', storeId });
const listOfStore: Input = ({ storeId }) => ({ storeId });

/** What is right to ask, for each operation. */
const inputs: Readonly<Record<string, Input>> = {
  recommendForMember: listOfMember,
  recommendBuyAgain: listOfMember,
  recommend: listOfMember,
  recommendForBasket: ({ storeId }) => ({ storeId, basket: [{ itemId: 'milk' }] }),
  recommendPopular: listOfStore,
  recommendSimilar: listOfItem,
  recommendBoughtTogether: listOfItem,
  ingestPurchases: ({ storeId }) => ({ purchaseId: newId(), storeId, occurredAt, lines }),
  attachMember: ({ purchaseId }) => ({ purchaseId, memberId: 'ann' }),
  ingestReturn: ({ purchaseId }) => ({ returnId: newId(), purchaseId, occurredAt, lines }),
  ingestUnreferencedReturn: ({ storeId }) => ({
    returnId: newId(),
    memberId: 'ann',
    storeId,
    occurredAt,
    lines,
  }),
  mergeMembers: () => ({ memberId: 'ann', fromMemberId: newId() }),
  writeConsent: () => ({ memberId: 'ann', personalization: true, occurredAt }),
  eraseMember: () => ({ memberId: newId() }),
  listItems: empty,
  writeItems: () => ({ items: [{ itemId: 'milk' }] }),
  readItem: ofItem,
  writeItem: ofItem,
  mergeItem: () => ({ itemId: newId(), into: 'milk' }),
  unmergeItem: ofItem,
  listStores: empty,
  readStore: listOfStore,
  writeStore: listOfStore,
  verify: empty,
  checkpoint: empty,
  compact: empty,
  expire: empty,
  confirmClock: empty,
  readSuspicions: empty,
  readTrail: empty,
  proveTrailInclusion: () => ({ leafIndex: 0 }),
  proveTrailConsistency: () => ({ first: 0 }),
};

let keys: TestKeys;
let issuers: TestIssuers;
let tokens: readonly Token[];
let http: DoorUnderTest;
let grpc: DoorUnderTest;
/** By scope: a key for all stores, and one for S1. */
let wide: Map<Scope, string>;
let bound: Map<Scope, string>;
beforeAll(async () => {
  keys = await openKeys();
  [wide, bound] = [keysByScope(keys), keysByScope(keys, { stores: ['S1'] })];
  const now = Date.parse('2026-06-01T12:00:00Z');
  issuers = await openIssuers();
  tokens = await makeTokens(issuers);
  const authenticate = keys.authenticate(issuers.tokens());
  [http, grpc] = await Promise.all([
    openHttpDoor(now, { authenticate }),
    openGrpcDoor(now, { authenticate }),
  ]);
  for (const door of [http, grpc]) {
    for (const { storeId, purchaseId } of [here, elsewhere]) {
      const receipt = {
        purchaseId,
        storeId,
        occurredAt,
        lines: [{ itemId: 'milk', quantity: 99 }],
      };
      const { code } = await door.ask('ingestPurchases', receipt, wide.get('write'));
      expect(code).toBe('OK');
      await door.ask('writeStore', { storeId }, wide.get('write'));
    }
  }
});
afterAll(async () => {
  await Promise.all([http?.close(), grpc?.close()]);
  await keys?.remove();
  await issuers?.remove();
});

const refusals = new Set(['PERMISSION_DENIED', 'UNAUTHENTICATED', 'UNAVAILABLE', 'INTERNAL']);

/** Whether it was let in; what became of it then is another matter. */
async function entry(door: DoorUnderTest, name: string, input: object, key: string | undefined) {
  const { code, reason } = await door.ask(name, { ...input }, key);
  return refusals.has(code) ? `${reason ?? code}` : 'let in';
}

function expected({ scopes: enough, reach }: StatedRule, scope: Scope, where: string): string {
  if (!enough.includes(scope)) return 'SCOPE_MISSING';
  if (where === 'with a key for all stores') return 'let in';
  if (reach === 'chain') return 'STORE_FOREIGN';
  const namesOne = reach === 'store' || reach === 'receipt';
  return where === 'elsewhere' && namesOne ? 'STORE_FOREIGN' : 'let in';
}

const overBoth = operations.filter(({ rpc }) => rpc !== undefined).map(({ name }) => name);

describe.each(overBoth)('%s', (name) => {
  const cases = scopes.flatMap((scope) =>
    (['with a key for all stores', 'here', 'elsewhere'] as const).map((where) => [scope, where]),
  ) as [Scope, string][];

  test('is open to the keys that the table says, at both doors', async () => {
    const inputOf = inputs[name];
    const rule = stated.get(name);
    if (inputOf === undefined || rule === undefined) throw new Error(`nothing is said of ${name}`);
    for (const [scope, where] of cases) {
      const key = where === 'with a key for all stores' ? wide.get(scope) : bound.get(scope);
      for (const [doorName, door] of Object.entries({ http, grpc })) {
        const input = inputOf(where === 'elsewhere' ? elsewhere : here);
        const found = await entry(door, name, input, key);
        expect(found, `${scope} ${where} over ${doorName}`).toBe(expected(rule, scope, where));
      }
    }
  });

  test('is open to nobody without a key', async () => {
    for (const door of [http, grpc]) {
      expect(await entry(door, name, inputs[name]!(here), undefined)).toBe('API_KEY');
    }
  });
});

/** A token, by what it is narrowed to. */
interface Token {
  readonly text: string;
  readonly scope: string | undefined;
  readonly stores: readonly string[] | undefined;
}

async function makeTokens(from: TestIssuers): Promise<readonly Token[]> {
  const { sign } = from.make();
  const narrowed = [undefined, ...memberScopes, scopes.join(' ')].flatMap((scope) =>
    [undefined, ['S1']].map((stores) => ({ scope, stores })),
  );
  return Promise.all(
    narrowed.map(async ({ scope, stores }) => ({
      text: await sign({ sub: 'ann', scope, stores }),
      scope,
      stores,
    })),
  );
}

/** What may come of a token, here or elsewhere, by what the page says of the operation. */
function expectedOfToken(
  { member, reach }: StatedRule,
  { scope, stores }: Token,
  { memberId, storeId }: Record<string, unknown>,
): string {
  if (member === 'closed') return 'SCOPE_MISSING';
  const [needed = '', whom] = member.split(' ');
  if (scope !== undefined && !scope.split(' ').includes(needed)) return 'SCOPE_MISSING';
  if (memberId !== undefined && (memberId !== 'ann' || whom === 'ofNone')) return 'MEMBER_FOREIGN';
  if (memberId === undefined && whom === 'ofOwn') return 'MEMBER_FOREIGN';
  const isElsewhere = stores !== undefined && reach === 'store' && storeId !== 'S1';
  return isElsewhere ? 'STORE_FOREIGN' : 'let in';
}

describe.each(overBoth)('%s by the token of a member', (name) => {
  const { input, path } = operations.find((operation) => operation.name === name)!;
  const takesMember = Object.hasOwn(input.shape, 'memberId');
  const isInPath = path.includes('{memberId}');

  test('is open to what the table says, for the members that it says', async () => {
    const rule = stated.get(name)!;
    const members = !takesMember ? [] : isInPath ? ['ann', 'bob'] : ['ann', 'bob', undefined];
    for (const token of tokens) {
      for (const place of [here, elsewhere]) {
        const { memberId: _, ...asked } = inputs[name]!(place);
        for (const memberId of members.length === 0 ? [undefined] : members) {
          const whole = memberId === undefined ? asked : { ...asked, memberId };
          const storeId = place.storeId;
          const wanted = expectedOfToken(rule, token, { memberId, storeId: asked['storeId'] });
          for (const [doorName, door] of Object.entries({ http, grpc })) {
            const found = await entry(door, name, whole, token.text);
            const { scope, stores } = token;
            const what = JSON.stringify({ scope, stores, memberId, storeId, doorName });
            expect(found, what).toBe(wanted);
          }
        }
      }
    }
  });

  test('names a member nowhere but in memberId, and only where its rule says so', () => {
    const { member } = stated.get(name)!;
    if (member === 'closed') return;
    expect(takesMember).toBe(!member.endsWith(' ofNone'));
    const others = Object.keys(input.shape).filter((field) => /member|identity/i.test(field));
    expect(others).toEqual(takesMember ? ['memberId'] : []);
    expect(operations.find((each) => each.name === name)?.receiptFields).toBeUndefined();
  });
});

test('a key of one store neither corrects nor takes back a receipt of another', async () => {
  const key = bound.get('write');
  for (const door of [http, grpc]) {
    const base = () => ({ purchaseId: newId(), storeId: 'S1', occurredAt });
    const sold = (changes: object) => ({ ...base(), lines, ...changes });
    const back = { ...base(), lines: [{ itemId: 'milk', quantity: -1 }] };
    for (const of of ['sold-in-S2', 'nowhere']) {
      const asked = [sold({ replaces: of }), sold({ returnOf: of }), { ...back, returnOf: of }];
      for (const input of asked) {
        expect(await entry(door, 'ingestPurchases', input, key)).toBe('STORE_FOREIGN');
      }
      const returned = { returnId: newId(), purchaseId: of, occurredAt, lines };
      expect(await entry(door, 'ingestReturn', returned, key)).toBe('STORE_FOREIGN');
    }
    const mine = { ...back, purchaseId: newId(), returnOf: 'sold-in-S1' };
    expect(await entry(door, 'ingestPurchases', mine, key)).toBe('let in');
    const brought = { returnId: newId(), purchaseId: 'sold-in-S1', occurredAt, lines };
    const foreign = { ...brought, storeId: 'S2' };
    expect(await entry(door, 'ingestReturn', brought, key)).toBe('let in');
    expect(await entry(door, 'ingestReturn', foreign, key)).toBe('STORE_FOREIGN');
  }
});
