// Accepts what is said of a member: that two ids are one person, and whether they consent to
// personalisation.
import { limits } from '../base/limits.ts';
import { encodeConsent, encodeMerge } from '../log/codec.ts';
import type { Consent, IngestResult, Merge } from '../log/events.ts';
import {
  type AcceptContext,
  historyOf,
  judgeErased,
  judgeMoment,
  momentOf,
  putHistory,
  rejected,
  requireRecount,
} from './accept.ts';
import { uniteHistories } from './history.ts';
import {
  type ConsentAnswer,
  findMember,
  isPersonalised,
  type MemberRecord,
  putMember,
} from './members.ts';

/**
 * Makes two ids one member: the union of their histories; of all their answers on consent the
 * latest counts.
 */
export function acceptMerge(context: AcceptContext, merge: Merge): IngestResult {
  const { memberId, fromMemberId } = merge;
  const { store, log, batch } = context;
  const refused =
    judgeErased(context, memberId, memberId) ??
    judgeErased(context, memberId, fromMemberId, 'fromMemberId');
  if (refused) return refused;
  const into = findMember(store, memberId);
  const from = findMember(store, fromMemberId);
  if (into.root === from.root) {
    const watermark = log.watermarkOf(firstMerge(context, into.record.sequences, merge));
    return { id: memberId, status: 'duplicate', watermark };
  }
  spendOn(context, into.record);
  spendOn(context, from.record);
  const tooMany = judgeAliases(context, merge, into.record.aliases.length, from.record);
  if (tooMany) return tooMany;
  const sequence = log.append(encodeMerge(context.clock(), merge));
  const fromBefore = historyOf(context, from.root);
  const intoBefore = historyOf(context, into.root);
  const united = uniteHistories(fromBefore, intoBefore);
  const wasPersonalised = {
    from: isPersonalised(from.record),
    into: isPersonalised(into.record),
  };
  putMember(store, {
    root: into.root,
    record: {
      aliases: [...into.record.aliases, from.root, ...from.record.aliases],
      consents: [...into.record.consents, ...from.record.consents],
      sequences: [...into.record.sequences, ...from.record.sequences, sequence],
    },
  });
  const isNow = isPersonalised(findMember(store, into.root).record);
  putHistory(context, from.root, Buffer.alloc(0));
  putHistory(context, into.root, united);
  requireRecount(context, sequence);
  batch.changeMember(from.root, wasPersonalised.from ? fromBefore : undefined, undefined);
  batch.changeMember(
    into.root,
    wasPersonalised.into ? intoBefore : undefined,
    isNow ? united : undefined,
  );
  return { id: memberId, status: 'created', watermark: log.watermarkOf(sequence) };
}

/** Of `Batch.work`: what was said of a member is read and written again with all that is added. */
function spendOn({ batch }: AcceptContext, { aliases, sequences }: MemberRecord): void {
  batch.work += 2 * aliases.length + sequences.length;
}

/** A rejection when one member would have more ids than a person can have. */
function judgeAliases(
  { isReplay = false }: AcceptContext,
  { memberId, fromMemberId }: Merge,
  known: number,
  from: MemberRecord,
): IngestResult | undefined {
  const limit = limits.aliasesMax;
  const count = known + 1 + from.aliases.length;
  if (isReplay || count <= limit) return undefined;
  const message =
    `${count} ids would be merged into ${JSON.stringify(memberId)} with ` +
    `${JSON.stringify(fromMemberId)}; at most ${limit} are allowed`;
  return rejected(memberId, { reason: 'ALIASES_MAX', field: 'fromMemberId', message, limit });
}

/** A rejection of one answer too many, unless it ends personalisation: that is never refused. */
function judgeAnswers(
  { isReplay = false }: AcceptContext,
  memberId: string,
  record: MemberRecord,
  said: Omit<ConsentAnswer, 'sequence'>,
): IngestResult | undefined {
  const limit = limits.consentsMax;
  const { consents } = record;
  if (isReplay || consents.length < limit) return undefined;
  const after = { ...record, consents: [...consents, { ...said, sequence: 0 }] };
  if (isPersonalised(record) && !isPersonalised(after)) return undefined;
  const message =
    `member ${JSON.stringify(memberId)} has answered ${consents.length} times; beyond ${limit} ` +
    'only what ends personalisation is taken';
  return rejected(memberId, { reason: 'CONSENTS_MAX', field: 'personalization', message, limit });
}

/**
 * Where these two ids were first said to be one; for ids united by way of others, where the last of
 * those stands.
 */
function firstMerge({ log }: AcceptContext, sequences: readonly number[], merge: Merge): number {
  const isSame = (sequence: number): boolean => {
    const entry = log.read(sequence);
    if (entry.kind !== 'merge') return false;
    const { memberId, fromMemberId } = entry.merge;
    return memberId === merge.memberId && fromMemberId === merge.fromMemberId;
  };
  return sequences.find(isSame) ?? Math.max(0, ...sequences);
}

/** Takes the member's history out of lists and counts, or puts it back; the receipts stay. */
export function acceptConsent(context: AcceptContext, consent: Consent): IngestResult {
  const { memberId, personalization } = consent;
  const { store, log, batch } = context;
  const moment = momentOf(context, consent.occurredAt, undefined);
  const answer = judgeErased(context, memberId, memberId) ?? judgeMoment(context, memberId, moment);
  if (answer) return answer;
  const { root, record } = findMember(store, memberId);
  const known = record.consents.find(
    ({ atMs, given }) => atMs === moment.occurredAtMs && given === personalization,
  );
  if (known)
    return { id: memberId, status: 'duplicate', watermark: log.watermarkOf(known.sequence) };
  spendOn(context, record);
  const said = { atMs: moment.occurredAtMs, given: personalization };
  const tooMany = judgeAnswers(context, memberId, record, said);
  if (tooMany) return tooMany;
  const sequence = log.append(encodeConsent(context.clock(), memberId, personalization, moment));
  const after = {
    ...record,
    consents: [...record.consents, { ...said, sequence }],
    sequences: [...record.sequences, sequence],
  };
  putMember(store, { root, record: after });
  requireRecount(context, sequence);
  const history = historyOf(context, root);
  if (history) {
    batch.changeMember(
      root,
      isPersonalised(record) ? history : undefined,
      isPersonalised(after) ? history : undefined,
    );
  }
  return { id: memberId, status: 'created', watermark: log.watermarkOf(sequence) };
}
