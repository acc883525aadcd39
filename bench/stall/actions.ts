// Everything that could hold the event loop, each as something to be done once in a round.
import { setTimeout } from 'node:timers/promises';
import { limits } from '../../engine/index.ts';
import { itemIdAt } from '../workload.ts';
import { batchOf, fullItemsOf, itemsOf, junkBodies, receiptOf, ticketOfNew } from './bodies.ts';
import { type Caller, grpcJunk } from './caller.ts';
import { cards, halves, persons, type StallSize, workloadOf } from './chain.ts';

export interface Action {
  readonly name: string;
  /** How often it can be done; undefined: as often as all others. */
  readonly rounds?: number;
  /** Rounds are numbered from 0 on. */
  run(caller: Caller, round: number): Promise<void>;
}

const listPath = (memberId: string, words = '') =>
  `/v1/members/${memberId}/recommendations?limit=20${words}`;

function writes(size: StallSize): Action[] {
  const receipt = (purchaseId: string, lines: number, seed: number, memberId?: string) =>
    receiptOf({ purchaseId, lines, seed, ...(memberId !== undefined && { memberId }) }, size);
  const { post } = shorthands;
  return [
    { name: '1,000 receipts of 10 lines', run: post('/v1/purchases', (r) => batchOf(r, 10, size)) },
    { name: '1,000 receipts of 22 lines', run: post('/v1/purchases', (r) => batchOf(r, 22, size)) },
    { name: 'the same again', run: post('/v1/purchases', (r) => batchOf(r, 10, size)) },
    {
      name: 'a ticket of 2,000 lines',
      run: post('/v1/purchases', (r) => JSON.stringify(receipt(`huge-${r}`, 2_000, r))),
    },
    {
      name: "a member's receipts of 2,000 lines",
      run: post('/v1/purchases', (r) =>
        JSON.stringify(receipt(`huge-member-${r}`, 2_000, 500 + r, 'member-1')),
      ),
    },
    {
      name: "a member's receipts of 512 lines, five",
      run: async (caller, round) => {
        for (let nth = 0; nth < 5; nth++) {
          const id = `wide-${round}-${nth}`;
          await caller.send(
            '/v1/purchases',
            JSON.stringify(receipt(id, 512, 900 + nth, 'member-2')),
          );
        }
      },
    },
    {
      name: 'a ticket of 2,000 items that are all new',
      run: post('/v1/purchases', (r) => JSON.stringify(ticketOfNew(r))),
    },
    { name: 'returns of 2,000 lines, then their receipt', run: returnsFirst },
    { name: 'a hundred answers on consent at once', run: manyAnswers },
    { name: '1,000 new items', run: post('/v1/items', (r) => itemsOf(r, size)) },
    { name: '1,000 changed items', run: post('/v1/items', (r) => itemsOf(-1 - r, size)) },
    { name: '140 items as large as they may be', run: post('/v1/items', fullItemsOf) },
    { name: 'lists just after', run: (caller) => askLists(caller, size) },
    {
      name: 'lists of a member of 2,000 items and more',
      run: (caller) => listsOf(caller, 'member-1'),
    },
  ];
}

const shorthands = {
  post:
    (path: string, bodyOf: (round: number) => string): Action['run'] =>
    async (caller, round) => {
      await caller.send(path, bodyOf(round));
    },
};

/** Lists of all kinds; a stranger's are filled. */
export async function askLists(caller: Caller, size: StallSize): Promise<void> {
  const items = [0, 7, 100, 2_000].map((rank) => itemIdAt(rank, workloadOf(size)));
  for (const memberId of ['member-5', 'member-6', 'nobody']) {
    await caller.get(listPath(memberId));
    await caller.get(listPath(memberId, '&storeId=store-7'));
    await caller.get(listPath(memberId, '&scenario=discover'));
  }
  for (const itemId of items) {
    await caller.get(`/v1/items/${itemId}/similar?limit=100`);
    await caller.get(`/v1/items/${itemId}/bought-together?limit=100`);
  }
  await caller.get('/v1/items/popular?limit=100&storeId=store-7');
  await caller.get('/v1/items/popular?limit=100&daypart=noon');
}

function reads(size: StallSize): Action[] {
  const middle = itemIdAt(size.items >> 1, workloadOf(size));
  return [
    { name: 'lists of all kinds', run: (caller) => askLists(caller, size) },
    { name: 'lists to explain', run: explainLists },
    { name: 'a page of 1,000 items', run: (caller) => caller.get('/v1/items?limit=1000') },
    {
      name: 'a page from the middle',
      run: (caller) => caller.get(`/v1/items?limit=1000&after=${middle}`),
    },
    { name: 'a page over gRPC', run: (caller) => caller.page(1_000) },
    { name: 'a page of stores', run: (caller) => caller.get('/v1/stores?limit=1000') },
    {
      name: 'metrics, readiness and documents',
      run: async (caller) => {
        for (const path of ['/metrics', '/readyz', '/openapi.json', '/docs/swagger-ui-bundle.js']) {
          await caller.get(path);
        }
      },
    },
    // Whatever is done when nothing is asked.
    { name: 'a second of rest', run: () => setTimeout(1_000) },
  ];
}

async function listsOf(caller: Caller, memberId: string): Promise<void> {
  await caller.get(listPath(memberId));
  await caller.get(listPath(memberId, '&scenario=discover'));
  await caller.get(`/v1/members/${memberId}/buy-again?limit=100`);
}

async function explainLists(caller: Caller): Promise<void> {
  const asked = ['member-5', 'member-6', persons[0]];
  for (const memberId of asked) {
    for (const scenario of ['guess-you-like', 'discover']) {
      const body = { memberId, scenario, limit: 100, explain: true };
      await caller.send('/v1/recommendations', JSON.stringify(body));
    }
  }
}

/** Of members of extreme size, of one sort (`what`), each for another operation. */
function ofBig(
  what: string,
  [stays, goes, erased]: readonly [string, string, string],
  size: StallSize,
): Action[] {
  const write = (caller: Caller, id: string, occurredAt: string) => {
    const receipt = { ...receiptOf({ purchaseId: id, memberId: stays, lines: 5, seed: 3 }, size) };
    return caller.send('/v1/purchases', JSON.stringify({ ...receipt, occurredAt }));
  };
  const consent = (caller: Caller, personalization: boolean) =>
    caller.put(`/v1/members/${stays}/consent`, JSON.stringify({ personalization }));
  return [
    {
      name: `lists of a ${what}`,
      run: (caller) => listsOf(caller, stays),
    },
    {
      name: `a ${what}'s newest receipt`,
      run: (caller, round) => write(caller, `late-${stays}-${round}`, newest),
    },
    {
      name: `a ${what}'s receipt from long ago`,
      run: (caller, round) => write(caller, `early-${stays}-${round}`, longAgo),
    },
    {
      name: `a return of a ${what}`,
      run: async (caller, round) => {
        const lines = [{ itemId: itemIdAt((round * 31) % 3_000, workloadOf(size)), quantity: 1 }];
        const body = { returnId: `back-${stays}-${round}`, occurredAt: afterwards, lines };
        await caller.send(`/v1/purchases/${stays}-${round}/returns`, JSON.stringify(body));
      },
    },
    {
      name: `consent of a ${what}, off and on`,
      run: async (caller) => {
        await consent(caller, false);
        await consent(caller, true);
      },
    },
    {
      name: `two of ${what} become one`,
      rounds: 1,
      run: (caller) =>
        caller.send(`/v1/members/${stays}/merge`, JSON.stringify({ fromMemberId: goes })),
    },
    {
      name: `a ${what} is erased`,
      rounds: 1,
      run: (caller) => caller.remove(`/v1/members/${erased}`),
    },
  ];
}

const [longAgo, newest] = ['2025-07-01T10:10:00+08:00', '2026-06-01T10:10:00+08:00'];
const afterwards = '2026-06-01T11:10:00+08:00';

function ofBigMembers(size: StallSize): Action[] {
  const [stays, goes] = halves;
  return [
    {
      name: 'two members become one who is as much as a person may be',
      rounds: 1,
      run: (caller) =>
        caller.send(`/v1/members/${stays}/merge`, JSON.stringify({ fromMemberId: goes })),
    },
    ...ofBig('person of 3,000 receipts', persons, size),
    ...ofBig('card of 20,000 receipts', cards, size),
    {
      name: 'as many returns of one receipt as are taken',
      run: (caller, round) => manyReturns(caller, round, size),
    },
  ];
}

/** Returns wait for a receipt that comes after them. */
async function returnsFirst(caller: Caller, round: number): Promise<void> {
  const receipt = { ...ticketOfNew(round), purchaseId: `waited-${round}`, memberId: 'member-3' };
  const { purchaseId, occurredAt, lines } = receipt;
  for (let nth = 0; nth < limits.returnLinesPerPurchaseMax / lines.length; nth++) {
    const body = { returnId: `${purchaseId}-${nth}`, occurredAt, lines };
    await caller.send(`/v1/purchases/${purchaseId}/returns`, JSON.stringify(body));
  }
  const bought = lines.map((line) => ({ ...line, quantity: 9 }));
  await caller.send('/v1/purchases', JSON.stringify({ ...receipt, lines: bought }));
}

async function manyAnswers(caller: Caller, round: number): Promise<void> {
  const answers = Array.from({ length: 100 }, (_, nth) => {
    const occurredAt = new Date(Date.parse('2026-05-01T00:00:00Z') + (round * 100 + nth) * 1_000);
    const body = { personalization: nth % 2 === 0, occurredAt: occurredAt.toISOString() };
    return caller.put('/v1/members/member-4/consent', JSON.stringify(body));
  });
  await Promise.all(answers);
}

async function manyReturns(caller: Caller, round: number, size: StallSize): Promise<void> {
  const receipt = receiptOf(
    { purchaseId: `much-${round}`, lines: limits.returnsPerPurchaseMax, seed: 77 },
    size,
  );
  await caller.send('/v1/purchases', JSON.stringify(receipt));
  for (const [nth, { itemId }] of receipt.lines.entries()) {
    const lines = [{ itemId, quantity: 1 }];
    const body = { returnId: `much-${round}-${nth}`, occurredAt: afterwards, lines };
    await caller.send(`/v1/purchases/${receipt.purchaseId}/returns`, JSON.stringify(body));
  }
}

function upkeep(): Action[] {
  const admin = (name: string): Action => ({
    name,
    run: (caller) => caller.send(`/v1/admin/${name}`, '{}'),
  });
  const erase: Action = {
    name: 'ten members are erased',
    run: async (caller, round) => {
      for (let nth = 0; nth < 10; nth++) {
        await caller.remove(`/v1/members/member-${100 + round * 10 + nth}`);
      }
    },
  };
  return [admin('checkpoint'), admin('expire'), erase, admin('verify'), admin('compact')];
}

function junk(): Action[] {
  const overHttp = Object.entries(junkBodies).map(([name, body]): Action => {
    const path = name.includes('tags') ? '/v1/items' : '/v1/purchases';
    return { name: `junk: ${name}`, run: (caller) => caller.refused(path, body) };
  });
  const overGrpc = Object.entries(grpcJunk).map(([name, call]): Action => {
    return { name: `junk over gRPC: ${name}`, run: (caller) => call(caller) };
  });
  return [...overHttp, ...overGrpc];
}

/** In this order: what changes the chain for good comes last. */
export function actionsOn(size: StallSize): readonly Action[] {
  return [...junk(), ...reads(size), ...writes(size), ...ofBigMembers(size), ...upkeep()];
}
