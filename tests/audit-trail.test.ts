// What leaves entries in the audit trail, at both doors and from the command line, in which order,
// and what an erase takes out of it, whichever way it comes.
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine, purchaseSchema } from '../engine/index.ts';
import { isAudited } from '../server/operations/audited.ts';
import { operations } from '../server/operations.ts';
import type { ShownEntry } from '../server/trail/read.ts';
import { Trail } from '../server/trail/trail.ts';
import { verifyTrail } from '../server/trail/verify.ts';
import { findTexts } from './support/bytes.ts';
import { type DoorUnderTest, openGrpcDoor, openHttpDoor } from './support/doors.ts';
import { makeDiskFolder, type TemporaryFolder } from './support/folders.ts';
import { startInnerNode } from './support/inner-nodes.ts';
import { openKeys, type TestKeys } from './support/keys.ts';
import { caini } from './support/program.ts';
import { openTestTrail, type TestTrail } from './support/trails.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const occurredAt = '2026-05-01T09:10:00+08:00';
const lines = [{ itemId: 'milk', quantity: 1 }];

/** What is right to ask; each of them names its own member or receipt. */
const inputs: Readonly<Record<string, Record<string, unknown>>> = {
  attachMember: { purchaseId: 'secret-receipt', memberId: 'secret-member' },
  mergeMembers: { memberId: 'secret-member', fromMemberId: 'secret-card' },
  writeConsent: { memberId: 'secret-member', personalization: true, occurredAt },
  eraseMember: { memberId: 'secret-other' },
  verify: {},
  checkpoint: {},
  compact: {},
  expire: {},
  confirmClock: {},
  readSuspicions: {},
  readTrail: {},
  proveTrailInclusion: { leafIndex: 0 },
  proveTrailConsistency: { first: 0 },
};

const audited = operations.filter(isAudited);

describe.each(['http', 'grpc'] as const)('over %s', (doorName) => {
  let keys: TestKeys;
  let kept: TestTrail;
  let door: DoorUnderTest;
  let all: string;
  const logLines: string[] = [];
  beforeAll(async () => {
    keys = await openKeys();
    kept = await openTestTrail(() => now);
    all = keys.make(['privacy', 'admin', 'write', 'guide']).text;
    const log = pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) });
    const { engine, wrap } = kept;
    const parts = { authenticate: keys.authenticate(), log, engine, wrap };
    door = await (doorName === 'http' ? openHttpDoor(now, parts) : openGrpcDoor(now, parts));
    await door.ask('ingestPurchases', { purchaseId: 'secret-receipt', occurredAt, lines }, all);
  });
  afterAll(async () => {
    await door?.close();
    await kept?.remove();
    await keys?.remove();
  });

  /** The entries that asking has left. */
  async function entriesOf(name: string, input: object, key = all): Promise<ShownEntry[]> {
    const from = (await kept.entries()).length;
    await door.ask(name, { ...input }, key);
    return (await kept.entries(from)).filter(({ operation }) => operation === name);
  }

  test.each(audited.map(({ name, method }) => [name, method] as const))(
    '%s leaves its entries',
    async (name, method) => {
      const input = inputs[name];
      if (input === undefined) throw new Error(`nothing is said of ${name}`);
      const entries = await entriesOf(name, input);
      const common = { operation: name, door: doorName, keyId: expect.any(String) };
      const end = { ...common, outcome: expect.stringMatching(/^(ok|created|duplicate)$/) };
      const [begun] = entries;
      const expected = method === 'GET' ? [end] : [common, { ...end, of: begun?.leafIndex }];
      expect(entries).toMatchObject(expected);
      if (method !== 'GET') expect(begun).not.toHaveProperty('outcome');
      const named = Object.entries(input).filter(([field]) => field.endsWith('Id'));
      const ids = (begun?.subjects ?? []).map(({ id, commitment }) => id ?? commitment.length);
      // Of who was erased a commitment is left, and no id.
      const shown = name === 'eraseMember' ? [64] : named.map(([, id]) => id).sort();
      expect(ids.sort()).toEqual(shown);
    },
  );

  test('what is refused says why, with the id that it was asked for', async () => {
    await door.ask('eraseMember', { memberId: 'secret-other' }, all);
    const merge = { memberId: 'secret-member', fromMemberId: 'secret-other' };
    const [merging, refused] = await entriesOf('mergeMembers', merge);
    expect(refused).toMatchObject({ of: merging?.leafIndex, outcome: 'MEMBER_ERASED' });
    expect(merging?.subjects, 'nothing is kept of who was erased').toHaveLength(2);
    expect(JSON.stringify(merging)).not.toContain('secret-');
    const [begun, malformed] = await entriesOf('writeConsent', { memberId: 'ann' });
    expect(begun?.subjects).toMatchObject([{ kind: 'member', id: 'ann' }]);
    expect(malformed).toMatchObject({ outcome: 'MALFORMED' });
    const [again] = await entriesOf('eraseMember', { memberId: ' ann\u00a0' });
    expect(again?.subjects).toMatchObject([{ kind: 'member' }]);
  });

  test('who may not ask for it is listed of, soon', async () => {
    const { key, text } = keys.make(['guide']);
    await expect
      .poll(async () => (await door.ask('eraseMember', { memberId: 'ann' }, text)).reason)
      .toBe('SCOPE_MISSING');
    await expect
      .poll(() => kept.entries())
      .toContainEqual(
        expect.objectContaining({
          operation: 'eraseMember',
          outcome: 'SCOPE_MISSING',
          keyId: key.id,
        }),
      );
  });

  test('lists of a member are listed of, soon, when a guide sees them', async () => {
    const { text: reader } = keys.make(['read']);
    const { key, text: guide } = keys.make(['guide'], { scenarios: ['guess-you-like'] });
    await expect
      .poll(async () => (await door.ask('recommendPopular', {}, guide)).reason)
      .toBe('SCENARIO_FOREIGN');
    await door.ask('recommendForMember', { memberId: 'seen-by-reader' }, reader);
    await door.ask('recommendForMember', { memberId: 'seen-by-guide' }, guide);
    await door.ask('recommendBuyAgain', { memberId: 'not-shown' }, guide);
    const listed = async () =>
      (await kept.entries())
        .filter(({ keyId, subjects }) => keyId === key.id && subjects)
        .map(({ operation, outcome, subjects }) => [operation, outcome, subjects?.[0]?.id]);
    await expect.poll(listed).toEqual([
      ['recommendForMember', 'ok', 'seen-by-guide'],
      ['recommendBuyAgain', 'SCENARIO_FOREIGN', 'not-shown'],
    ]);
    expect(findTexts(kept.trail.folder, ['seen-by-reader'])).toEqual([]);
  });

  test('no line of the log names a member or a receipt, whatever is asked', async () => {
    const lists = { memberId: 'secret-member', itemId: 'milk', basket: [{ itemId: 'milk' }] };
    const all = keys.make(['read', 'write', 'till', 'guide', 'merchandise', 'privacy', 'admin']);
    await expect.poll(async () => (await door.ask('listItems', {}, all.text)).code).toBe('OK');
    for (const { name, rpc, input } of operations) {
      if (rpc === undefined) continue;
      const known = Object.entries({ ...lists, purchaseId: 'secret-receipt', storeId: 'S1' });
      const fields = known.filter(([field]) => field in input.shape);
      const rest = { occurredAt, lines, returnId: 'secret-return', fromMemberId: 'secret-card' };
      const more = Object.entries(rest).filter(([field]) => field in input.shape);
      await door.ask(
        name,
        { ...Object.fromEntries([...fields, ...more]), ...inputs[name] },
        all.text,
      );
    }
    expect(logLines.length).toBeGreaterThan(20);
    expect(logLines.filter((line) => line.includes('secret-'))).toEqual([]);
  });

  test('the trail is whole, and what the tree hashes names nobody', async () => {
    expect(await verifyTrail(kept.trail.folder)).toMatchObject({ ok: true });
    const files = findTexts(kept.trail.folder, ['secret-']).map((found) => found.split(':')[0]);
    expect(files.filter((name) => !name?.endsWith('.subjects'))).toEqual([]);
  });
});

describe('where the trail cannot be written', () => {
  let kept: TestTrail;
  let door: DoorUnderTest;
  let engine: Engine;
  beforeEach(async () => {
    kept = await openTestTrail(() => now);
    door = await openHttpDoor(now, {
      engine: kept.engine,
      wrap: (access) => {
        engine = access.engine();
        return kept.wrap(access);
      },
    });
    const receipt = { purchaseId: 'r-1', memberId: 'ann', occurredAt, lines };
    await door.ask('ingestPurchases', receipt);
  });
  afterEach(async () => {
    await door.close();
    await kept.remove();
  });

  /** A folder in the place of the file that is to grow. */
  function block(): () => void {
    const path = join(kept.trail.folder, '000000000.entries');
    const aside = join(kept.trail.folder, '..', 'aside');
    renameSync(path, aside);
    mkdirSync(path);
    return () => {
      rmSync(path, { recursive: true });
      copyFileSync(aside, path);
    };
  }

  test('nothing is done to a member, and all is as before when it can be', async () => {
    await door.ask('checkpoint', {});
    const unblock = block();
    const refused = await door.ask('eraseMember', { memberId: 'ann' });
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', reason: 'TRAIL_UNAVAILABLE' });
    expect(engine.records.receipt('r-1')).not.toEqual([]);
    expect((await door.ask('recommendForMember', { memberId: 'ann' })).code, 'lists').toBe('OK');
    unblock();
    expect(await door.ask('eraseMember', { memberId: 'ann' })).toMatchObject({ code: 'OK' });
    expect(engine.records.receipt('r-1')).toEqual([]);
    expect(await verifyTrail(kept.trail.folder)).toMatchObject({ ok: true });
  });

  test('what was done is answered as it was done, and its end is listed later', async () => {
    let unblock = () => {};
    const { upkeep } = engine;
    const { checkpoint } = upkeep;
    Object.assign(upkeep, {
      checkpoint: async (...given: Parameters<typeof checkpoint>) => {
        await checkpoint(...given);
        unblock = block();
      },
    });
    expect(await door.ask('checkpoint', {})).toMatchObject({ code: 'OK' });
    unblock();
    await expect
      .poll(() => kept.entries(), { timeout: 20_000 })
      .toMatchObject([
        { operation: 'checkpoint' },
        { operation: 'checkpoint', of: 0, outcome: 'ok' },
      ]);
  });
});

describe('an erase', () => {
  const member = 'forget-me-member';
  const card = 'forget-me-card';
  let folder: TemporaryFolder;
  let dataDir: string;
  let auditDir: string;
  beforeEach(async () => {
    folder = await makeDiskFolder('trail');
    dataDir = join(folder.path, 'data');
    auditDir = join(dataDir, 'audit');
  });
  afterEach(() => folder.remove());

  const openTrail = (into = dataDir) =>
    Trail.open({ folder: join(into, 'audit'), dataDir: into, clock: () => now });
  const marks = (into = dataDir) => findTexts(join(into, 'audit'), ['forget-me']);
  const purchase = purchaseSchema.parse({ purchaseId: 'r-1', memberId: member, occurredAt, lines });
  const merge = { memberId: member, fromMemberId: card };

  async function openTrailed(into = dataDir) {
    const trail = await openTrail(into);
    const engine = await openEngine({
      dataDir: into,
      clock: () => now,
      onErased: (erased) => trail.forget(erased),
    });
    return { engine, trail };
  }

  const appendAbout = (trail: Trail, id: string) =>
    trail.append({ operation: 'writeConsent', door: 'http', subjects: [{ kind: 'member', id }] });

  /** A chain whose trail tells of a member and of a card that is merged into them. */
  async function fill(): Promise<void> {
    const { engine, trail } = await openTrailed();
    await engine.writes.ingest([
      { kind: 'purchase', purchase },
      { kind: 'merge', merge },
    ]);
    await appendAbout(trail, member);
    await appendAbout(trail, card);
    await appendAbout(trail, 'someone-else');
    await engine.close();
    await trail.close();
    expect(marks()).toHaveLength(1);
  }

  test('from the command line takes the member and merged ids out, and leaves a line', async () => {
    await fill();
    const { code } = await caini('erase', member, '--data-dir', dataDir);
    expect(code).toBe(0);
    expect(marks()).toEqual([]);
    const { stdout } = await caini('audit', 'verify', '--data-dir', dataDir, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      treeSize: 5,
      subjectsKept: 1,
      subjectsDestroyed: 3,
    });
  });

  test('that a crash has kept from the trail is done at the next start', async () => {
    await fill();
    // As it stands after the erase is on disk, and before the trail has heard of it.
    const engine = await openEngine({ dataDir, clock: () => now });
    await engine.members.erase(member);
    await engine.close();
    expect(marks()).toHaveLength(1);
    const again = await openTrailed();
    expect(marks()).toEqual([]);
    await again.engine.close();
    expect(await verifyTrail(auditDir)).toMatchObject({ ok: true, subjectsKept: 1 });
  });

  test('fails when the trail cannot forget, and is done when it is asked for again', async () => {
    await fill();
    const { engine, trail } = await openTrailed();
    const subjects = join(auditDir, '000000000.subjects');
    renameSync(subjects, join(folder.path, 'aside'));
    mkdirSync(subjects);
    await expect(engine.members.erase(member)).rejects.toThrow();
    rmSync(subjects, { recursive: true });
    renameSync(join(folder.path, 'aside'), subjects);
    expect(marks()).toHaveLength(1);
    await engine.members.erase(member);
    expect(marks()).toEqual([]);
    await engine.close();
    await trail.close();
  });

  test('is taken out of the trails of all nodes, also when a follower forwards it', async () => {
    const [origin, follower] = ['origin', 'follower'].map((name) => join(folder.path, name));
    const trails = await Promise.all([openTrail(origin), openTrail(follower)]);
    const nodes: Awaited<ReturnType<typeof startInnerNode>>[] = [];
    const start = async (role: 'origin' | 'follower', follows: readonly string[]) => {
      const trail = trails[role === 'origin' ? 0 : 1]!;
      const opening = { onErased: trail.forget.bind(trail) };
      const node = await startInnerNode({ folder: folder.path, role, follows, opening });
      nodes.push(node);
      await node.engine.ready;
      return node;
    };
    try {
      const first = await start('origin', []);
      const second = await start('follower', [first.address]);
      await first.engine.writes.ingest([{ kind: 'purchase', purchase }]);
      for (const trail of trails) await appendAbout(trail, member);
      expect([...marks(origin), ...marks(follower)]).toHaveLength(2);
      await second.engine.members.erase(member);
      expect(marks(origin), 'of the node that erases').toEqual([]);
      await expect.poll(() => marks(follower), { timeout: 20_000 }).toEqual([]);
    } finally {
      for (const node of nodes.reverse()) await node.close();
    }
  });
});
