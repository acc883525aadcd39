// The page of who may ask for what, made from the table of operations, and read back from the page:
// what it says is what the doors are held against.
import {
  type AccessRule,
  type MemberRule,
  type MemberScope,
  memberScopes,
  type Reach,
  type Scope,
  scopes,
} from '../../server/operations/caller.ts';

const opens: Readonly<Record<Scope, string>> = {
  read: 'every list, and reading the catalogue: for the backends of shops and apps',
  write: 'receipts, returns, items and stores: for the back office',
  till:
    'what a till does: receipts, returns, advice for a basket, reading the catalogue; no list of ' +
    'a member',
  guide: 'what a sales assistant sees: every list, and reading the catalogue',
  merchandise: 'items and stores, read and written',
  privacy: 'merging members, their consent, and erasing them',
  admin: 'upkeep: verify, checkpoint, compact, expire, suspicions, the clock; the audit trail',
  metrics: '`/metrics`',
};

const reaches: Readonly<Record<Reach, readonly [name: string, meaning: string]>> = {
  store: ['the one named', 'must name one of its stores in `storeId`; without any it is refused'],
  receipt: [
    'that of the receipt',
    'must name receipts of its stores, and one of these in `storeId` where it names any',
  ],
  own: ['its own', 'is shown its stores, and no other'],
  shared: ['none', 'may ask as any key: it belongs to no store'],
  chain: ['all', 'is refused'],
};

const tokenOpens: Readonly<Record<MemberScope, string>> = {
  lists: 'lists for its own member, and lists that are for nobody',
  catalogue: 'reading items and stores',
};

/** In the table, what may stand in `memberId` of a caller with a token. */
const ofMembers: Readonly<Record<string, string>> = {
  ofOwn: 'its own member',
  ofOwnOrNone: 'its own member, or none',
  ofNone: 'no member',
};

export interface AccessRow extends AccessRule {
  readonly name: string;
  readonly http: string;
  /** Absent: not over gRPC. */
  readonly rpc?: string | undefined;
}

const introduction = `# Who may ask for what

An API key opens what its scopes say, in the stores and for the kinds of lists that it is for
([keys.md](../guides/keys.md) tells how keys are made). Each operation declares its own rule,
without which it does not compile. This page is made from these rules by \`npx vitest run
tests/access.test.ts -u\`, and that test asks for every operation with every scope, in a store of
the key's and in another one, at both doors, and expects what stands here.

As long as no key was ever made, nobody is asked for one; then only this machine reaches the
server.

## Scopes

Any one of the scopes of an operation is enough. A key without it gets \`SCOPE_MISSING\`.

`;

const stores = `
## Stores

A key may be for some stores (\`--stores\`). What it asks for elsewhere is \`STORE_FOREIGN\`:

`;

const afterStores = `
A receipt that is not here counts as one of another store: it may come to be that. So such a key
sends a return after its receipt, and a correction in a call of its own after what it corrects.
The fields that name receipts are in the table below. A batch with one event that is not for the
key is refused as a whole, and nothing of it is taken; a stream ends there. What a member bought
in all stores shapes the lists that are asked for in one.

A key may be for some kinds of lists too (\`--scenarios\`). Others are \`SCENARIO_FOREIGN\`.

## Members

A key that opens lists opens those of every member. The token of a member
([member-tokens.md](../guides/member-tokens.md)), which an app holds, is for the one that its
\`sub\` names. It opens these scopes, of which it may have fewer (\`scope\`), and nothing that keys
alone are for: no receipt, no merge, no consent, no erase, no upkeep. What it does not open is
\`SCOPE_MISSING\`, another member is \`MEMBER_FOREIGN\`, also another id of the same person: the
list of one id is made of the receipts of all.

`;

const afterMembers = `
A token may be for some stores and kinds of lists as well, by \`stores\` and \`scenarios\`: then
what stands above of keys holds for it. The test asks for every operation by tokens too: for its
own member, for another one and for none.

## Operations

`;

const end = `
\`IngestService/StreamPurchases\` and \`RecordPurchases\` ask for what \`ingestPurchases\` does,
with every receipt. \`CheckoutService/ScanSession\` asks for that and for \`recommendForBasket\`,
when it opens and with every receipt. \`tests/access-streams.test.ts\` tries all three. Reflection
asks for any key, and a token is none. None of these streams is open to one. \`/docs\` and
\`/openapi.json\` are open: they hold nothing of the chain.
\`ReplicationService\` is for the nodes of one chain, which prove that they have its secret.
`;

/** The whole page as Markdown. */
export function accessPage(rows: readonly AccessRow[]): string {
  return [
    introduction,
    table(
      ['scope', 'opens'],
      scopes.map((scope) => [`\`${scope}\``, opens[scope]]),
    ),
    stores,
    table(['stores', 'a key that is for some'], Object.values(reaches)),
    afterStores,
    table(
      ['scope of a token', 'opens'],
      memberScopes.map((scope) => [`\`${scope}\``, tokenOpens[scope]]),
    ),
    afterMembers,
    table(head, rows.map(cellsOf)),
    end,
  ].join('');
}

const none = '–';
const code = (text: string): string => `\`${text}\``;

const head = ['operation', 'HTTP', 'gRPC', 'scopes', 'stores', 'receipts', 'token of a member'];

function cellsOf(row: AccessRow) {
  const { name, http, rpc, scope, alsoFor = [], reach, receiptFields, member } = row;
  return [
    name,
    code(http),
    rpc === undefined ? none : code(rpc),
    scope === 'open' ? 'open' : [scope, ...alsoFor].map(code).join(', '),
    scope === 'open' ? none : reaches[reach][0],
    receiptFields?.map(code).join(', ') ?? none,
    scope === 'open' ? 'open' : cellOf(member),
  ];
}

function cellOf(member: MemberRule): string {
  if (member === 'closed') return 'closed';
  const [scope = '', whom = ''] = member.split(' ');
  return `${code(scope)}, ${ofMembers[whom]}`;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...body.map(line)].join('');
}

/** What the page says of an operation. */
export interface StatedRule {
  /** Empty: nobody is asked for a key. */
  readonly scopes: readonly string[];
  readonly reach: Reach | undefined;
  readonly member: MemberRule;
}

export function readAccessPage(page: string): ReadonlyMap<string, StatedRule> {
  const stated = new Map<string, StatedRule>();
  for (const line of page.slice(page.indexOf('\n## Operations')).split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, name = '', , , listed = '', where = '', , token = ''] = cells;
    if (cells.length !== 9 || !/^[a-zA-Z]+$/.test(name) || name === 'operation') continue;
    const [reach] = Object.entries(reaches).find(([, [word]]) => word === where) ?? [];
    const words = [...listed.matchAll(/`(\w+)`/g)].map(([, word]) => word!);
    const member = memberRuleOf(token);
    stated.set(name, { scopes: words, reach: reach as Reach | undefined, member });
  }
  return stated;
}

function memberRuleOf(cell: string): MemberRule {
  const [, scope, words] = /^`(\w+)`, (.*)$/.exec(cell) ?? [];
  const [whom] = Object.entries(ofMembers).find(([, each]) => each === words) ?? [];
  return whom === undefined ? 'closed' : (`${scope} ${whom}` as MemberRule);
}
