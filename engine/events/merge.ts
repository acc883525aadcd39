// Merges: two ids are one person from now on. Where one of the two was erased, the other was the
// same person: an erase that came after the merge would have taken both.
import { z } from 'zod';
import { limits } from '../base/limits.ts';
import { idSchema } from '../base/shapes.ts';
import {
  addMembers,
  findMember,
  hasReceipts,
  idsOf,
  type Member,
  putMember,
  uniteMembers,
} from '../history/members.ts';
import { ByteReader } from '../log/bytes.ts';
import { bodyOf } from '../log/frame.ts';
import { requireRecount, touchMember, type WriteContext } from './context.ts';
import { eraseMember } from './erase-member.ts';
import { jsonCodec } from './json.ts';
import type { EntryKind, EventKind, IncomingEntry } from './kind.ts';
import { record } from './record.ts';
import { type IngestResult, rejected } from './result.ts';
import { entriesOf } from './subjects.ts';
import { hasTombstone } from './tombstones.ts';
import { refuseErased, refuseNobody } from './validation.ts';

export const mergeSchema = z.strictObject({
  memberId: idSchema.meta({ description: 'The id that stays.' }),
  fromMemberId: idSchema.meta({ description: 'The id that from now on means the same person.' }),
});

export type Merge = z.output<typeof mergeSchema>;

const mergeCode = 16;
const codec = jsonCodec<readonly [memberId: string, fromMemberId: string]>();

function apply(context: WriteContext, { value, append }: IncomingEntry<Merge>): void {
  const ids = [value.memberId, value.fromMemberId];
  const isGone = ids.some((id) => hasTombstone(context, 'member', id));
  const sequence = append(!isGone);
  if (!isGone) {
    unite(context, value, sequence);
    return;
  }
  for (const id of ids) {
    if (hasTombstone(context, 'member', id)) continue;
    context.onAlsoErased(idsOf(findMember(context.store, id)));
    eraseMember(context, id, sequence);
  }
}

function unite(context: WriteContext, { memberId, fromMemberId }: Merge, sequence: number): void {
  const { store } = context;
  const [into, from] = [findMember(store, memberId), findMember(store, fromMemberId)];
  if (into.root === from.root) return;
  touchMember(context, into);
  touchMember(context, from);
  // Two persons with receipts are one from here on.
  const have = [into, from].map((member) => idsOf(member).some((id) => hasReceipts(store, id)));
  if (have.every(Boolean)) addMembers(store, -1);
  putMember(store, uniteMembers(into, from));
  requireRecount(context, sequence);
}

export const mergeEntries: EntryKind<'merge', Merge> = {
  name: 'merge',
  code: mergeCode,
  stream: 'log',
  encode: (writer, { memberId, fromMemberId }) => codec.encode(writer, [memberId, fromMemberId]),
  decode(reader) {
    const [memberId, fromMemberId] = codec.decode(reader);
    return { memberId, fromMemberId };
  },
  subjects: ({ memberId, fromMemberId }) => [memberId, fromMemberId],
  apply,
  // Their records go with the members.
  forget: () => {},
};

/**
 * Where these two ids were first said to be one; for ids united by way of others, where the last
 * merge of either stands.
 */
function mergeOf({ store, log }: WriteContext, { memberId, fromMemberId }: Merge): number {
  let last = 0;
  for (const id of [memberId, fromMemberId]) {
    for (const { sequence, code } of entriesOf(store, id)) {
      if (code !== mergeCode) continue;
      const logged = mergeEntries.decode(new ByteReader(bodyOf(log.read(sequence))));
      if (logged.memberId === memberId && logged.fromMemberId === fromMemberId) return sequence;
      last = Math.max(last, sequence);
    }
  }
  return last;
}

/** A rejection when one member would have more ids than a person can have. */
function validateAliases(
  { memberId, fromMemberId }: Merge,
  into: Member,
  from: Member,
): IngestResult | undefined {
  const limit = limits.aliasesMax;
  const count = idsOf(into).length + idsOf(from).length - 1;
  if (count <= limit) return undefined;
  const message =
    `${count} ids would be merged into ${JSON.stringify(memberId)} with ` +
    `${JSON.stringify(fromMemberId)}; at most ${limit} are allowed`;
  return rejected(memberId, { reason: 'ALIASES_MAX', field: 'fromMemberId', message, limit });
}

export const mergeEvents: EventKind<'merge', Merge> = {
  name: 'merge',
  schema: mergeSchema,
  admit(context, merge) {
    const { memberId, fromMemberId } = merge;
    const { store, log } = context;
    const refused =
      refuseErased(context, memberId, memberId) ??
      refuseErased(context, memberId, fromMemberId, 'fromMemberId') ??
      refuseNobody(context, memberId, memberId) ??
      refuseNobody(context, memberId, fromMemberId, 'fromMemberId');
    if (refused) return refused;
    const [into, from] = [findMember(store, memberId), findMember(store, fromMemberId)];
    if (into.root === from.root) {
      const watermark = log.watermarkOf(mergeOf(context, merge));
      return { id: memberId, status: 'duplicate', watermark };
    }
    const tooMany = validateAliases(merge, into, from);
    if (tooMany) return tooMany;
    const sequence = record(context, mergeEntries, merge);
    return { id: memberId, status: 'created', watermark: log.watermarkOf(sequence) };
  },
};
