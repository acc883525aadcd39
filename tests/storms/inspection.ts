// Looks into a reopened folder: is everything that was promised there, once, and nothing by half?
import { type Engine, type Purchase, recommendRequestSchema } from '../../engine/index.ts';
import { chanceOf } from './chance.ts';
import { type Expectation, isHeld, membersOf, type Receipt } from './expectation.ts';
import type { Answer, Journal, Operation, Promised } from './journal.ts';

export const importBookmark = 'storm-import';
const problemsMax = 5;
const probeBatch = 500;
/** Of older operations so many are sent again at each look; a thorough look sends them all. */
const sampleSize = 300;

export interface Look {
  readonly engine: Engine;
  readonly expectation: Expectation;
  readonly journal: Journal | undefined;
  /** Send every acknowledged event again and verify the counts, not just a sample. */
  readonly isThorough: boolean;
  readonly seed: number;
}

export class Problems {
  readonly list: string[] = [];

  add(text: string): void {
    if (this.list.length < problemsMax) this.list.push(text);
  }
}

/** Sends one operation, whatever its kind. */
export async function send(engine: Engine, operation: Operation): Promise<Answer> {
  if (operation.kind !== 'erase') return (await engine.writes.ingest([operation]))[0]!;
  const { watermark } = await engine.members.erase(operation.memberId);
  return { status: 'created', watermark };
}

/**
 * Which members are refused. The receipt lies in the future, so that it changes nothing for the
 * others.
 */
async function findErased(engine: Engine, members: readonly string[]): Promise<Set<string>> {
  const erased = new Set<string>();
  const lines = [{ itemId: 'item-0', quantity: 1 }];
  const rest = { purchaseId: 'probe', channel: 'pos', occurredAt: '2999-01-01T00:00:00Z' } as const;
  for (let start = 0; start < members.length; start += probeBatch) {
    const asked = members.slice(start, start + probeBatch);
    const results = await engine.writes.ingest(
      asked.map((memberId) => ({ kind: 'purchase', purchase: { ...rest, memberId, lines } })),
    );
    for (const [index, { reason }] of results.entries()) {
      if (reason === 'MEMBER_ERASED') erased.add(asked[index]!);
      else if (reason !== 'OCCURRED_AT_IN_FUTURE') throw new Error(`a probe was told ${reason}`);
    }
  }
  return erased;
}

const linesOf = ({ lines }: Purchase) =>
  lines.map(({ itemId, quantity }) => `${itemId}x${quantity}`).join(' ');

/**
 * The lines of every stored receipt, in order; reading the log proves that its sequences are
 * dense.
 */
function readReceipts(engine: Engine): Map<string, { memberId: string; lines: string }> {
  const stored = new Map<string, { memberId: string; lines: string }>();
  for (const { purchaseId, memberId, itemId, quantity } of engine.records.receipts({
    gross: true,
  })) {
    const line = `${itemId}x${quantity}`;
    const known = stored.get(purchaseId);
    if (known) known.lines = `${known.lines} ${line}`;
    else stored.set(purchaseId, { memberId, lines: line });
  }
  return stored;
}

function contentsOf({ sendings }: Receipt): string[] {
  return sendings.map(({ operation }) =>
    operation.kind === 'purchase' ? linesOf(operation.purchase) : '',
  );
}

function checkReceipt(look: Look, receipt: Receipt, lines: string | undefined, isErased: boolean) {
  const { purchaseId, sendings } = receipt;
  if (isErased) return lines === undefined ? undefined : `${purchaseId} of an erased member stays`;
  const held = sendings.find(isHeld);
  const allowed = held ? contentsOf({ ...receipt, sendings: [held] }) : contentsOf(receipt);
  if (lines !== undefined) {
    return allowed.includes(lines) ? undefined : `${purchaseId} holds ${lines}, not ${allowed}`;
  }
  if (held) return `${purchaseId} was ${held.answer!.status} at ${held.answer!.watermark}: lost`;
  return checkImported(look, sendings);
}

/** A receipt of the import is there exactly when the bookmark has passed it. */
function checkImported({ engine }: Look, sendings: readonly Promised[]): string | undefined {
  const passed = Number(engine.records.bookmark(importBookmark) ?? 0);
  const { batch, key, answer } = sendings[0]!;
  if (batch === undefined || batch > passed || answer?.status === 'rejected') return undefined;
  return `the bookmark says ${passed}, but ${key} of batch ${batch} is not there`;
}

function checkReceipts(look: Look, erased: ReadonlySet<string>, problems: Problems): void {
  const { receipts } = look.expectation;
  const stored = readReceipts(look.engine);
  for (const receipt of receipts.values()) {
    const { purchaseId, memberId } = receipt;
    const isErased = memberId !== undefined && erased.has(memberId);
    const problem = checkReceipt(look, receipt, stored.get(purchaseId)?.lines, isErased);
    if (problem) problems.add(problem);
    stored.delete(purchaseId);
  }
  for (const purchaseId of stored.keys()) problems.add(`nobody ever sent ${purchaseId}`);
}

function checkBookmark({ engine, expectation }: Look, problems: Problems): void {
  const passed = Number(engine.records.bookmark(importBookmark) ?? 0);
  for (const { batch, answer, key } of expectation.imported) {
    if (batch! > passed && answer) problems.add(`${key} was answered, the bookmark says ${passed}`);
  }
}

function checkFates(look: Look, erased: ReadonlySet<string>, problems: Problems): void {
  const { engine, expectation, journal } = look;
  for (const id of expectation.members) {
    const mustBeErased = expectation.erased.has(id);
    if (mustBeErased && !erased.has(id)) problems.add(`erased member ${id} is accepted again`);
    if (!erased.has(id)) continue;
    if (!mustBeErased && !expectation.uncertain.has(id)) problems.add(`${id} was never erased`);
    if (!mustBeErased) journal?.foundErased(id);
    const request = recommendRequestSchema.parse({ scenario: 'guess-you-like', memberId: id });
    if (look.isThorough && engine.lists.recommend(request).personalized) {
      problems.add(`erased member ${id} is served from a history`);
    }
  }
}

/**
 * What a repetition of an acknowledged operation must be answered; undefined when it must not be
 * repeated.
 */
function repetitionOf(
  { expectation }: Look,
  { operation, answer }: Promised,
  erased: ReadonlySet<string>,
): readonly string[] | undefined {
  const again = [`duplicate ${answer!.watermark}`];
  const refused = ['rejected MEMBER_ERASED'];
  const isErased = membersOf(operation).some((id) => erased.has(id));
  switch (operation.kind) {
    case 'purchase':
    case 'consent':
    case 'unreferencedReturn':
      return isErased ? refused : again;
    case 'merge':
      return isErased ? refused : ['duplicate'];
    case 'return': {
      const receipt = expectation.receipts.get(operation.return.purchaseId);
      const { memberId } = receipt ?? {};
      if (memberId === undefined || !erased.has(memberId)) return again;
      // Without its purchase a return waits, whoever was erased; with it, it went with the member.
      return receipt!.sendings.some(isHeld) ? refused : [...again, ...refused];
    }
    default:
      return undefined;
  }
}

function wordsOf(answer: Answer, isPlain: boolean): string {
  if (isPlain || answer.status === 'conflict') return answer.status;
  return `${answer.status} ${answer.status === 'rejected' ? answer.reason : answer.watermark}`;
}

async function repeatAcknowledged(look: Look, erased: ReadonlySet<string>, problems: Problems) {
  const { engine, expectation, isThorough, seed } = look;
  const { created } = expectation;
  const chance = chanceOf(seed);
  const newest = Math.max(0, created.length - sampleSize);
  const older = Array.from({ length: newest > 0 ? sampleSize : 0 }, () => chance.integer(newest));
  const sample = [...older.map((index) => created[index]!), ...created.slice(newest)];
  const chosen = (isThorough ? created : sample).flatMap((promised) => {
    const wanted = repetitionOf(look, promised, erased);
    return wanted ? [{ promised, wanted }] : [];
  });
  for (let start = 0; start < chosen.length; start += probeBatch) {
    const part = chosen.slice(start, start + probeBatch);
    const events = part.map(({ promised }) => promised.operation);
    const results = await engine.writes.ingest(
      events.filter(({ kind }) => kind !== 'erase') as never,
    );
    for (const [index, { promised, wanted }] of part.entries()) {
      const reported = wordsOf(results[index]!, wanted[0] === 'duplicate');
      if (!wanted.includes(reported)) {
        problems.add(`${promised.key} (${promised.operation.kind}): ${reported}, not ${wanted}`);
      }
    }
  }
}

function checkWatermarks({ engine, expectation }: Look, problems: Problems): void {
  const seen = new Map<string, string>();
  const { events } = engine.status();
  for (const { key, answer } of expectation.created) {
    const watermark = answer!.watermark!;
    const other = seen.get(watermark);
    if (other) problems.add(`${key} and ${other} were both given the watermark ${watermark}`);
    seen.set(watermark, key);
    if (Number(watermark) > events) problems.add(`${key} stands at ${watermark}, past ${events}`);
  }
}

/** Each catalogue entry is the newest acknowledged one, or one that nobody got an answer about. */
function checkItems({ engine, expectation }: Look, problems: Problems): void {
  for (const [itemId, { newest, unanswered }] of expectation.items) {
    const allowed = [...(newest ? [newest.item] : []), ...unanswered];
    const stored = engine.catalogue.item(itemId);
    if (!newest && !stored?.name) continue;
    if (!allowed.some(({ name }) => name === stored?.name)) {
      problems.add(`item ${itemId} is called ${stored?.name}, not ${allowed.map((i) => i.name)}`);
    }
  }
}

/** Sends what nobody got an answer about once more, so that its end is known from here on. */
async function resendUnanswered({ engine, expectation, journal }: Look, problems: Problems) {
  for (const { key, operation, batch } of expectation.unanswered) {
    // The import goes on by itself, from its bookmark.
    if (batch !== undefined) continue;
    const answer = await send(engine, operation);
    if (answer.status === 'rejected' && answer.reason === undefined) {
      problems.add(`${key} was refused without a reason`);
    }
    journal?.answered([{ key, answer }]);
  }
}

/** Everything that can be said of a reopened folder; empty when it is as promised. */
export async function inspect(look: Look): Promise<readonly string[]> {
  const problems = new Problems();
  const { engine, expectation, isThorough } = look;
  const erased = await findErased(engine, [...expectation.members]);
  checkFates(look, erased, problems);
  checkReceipts(look, erased, problems);
  checkBookmark(look, problems);
  checkWatermarks(look, problems);
  checkItems(look, problems);
  await repeatAcknowledged(look, erased, problems);
  if (isThorough) {
    const { ok, differences } = await engine.upkeep.verify();
    if (!ok) for (const difference of differences) problems.add(`verify: ${difference}`);
  }
  await resendUnanswered(look, problems);
  return problems.list;
}
