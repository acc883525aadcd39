// Consents: what a member answered when they were asked. Of several answers to one question the
// latest counts; at the same moment, the withdrawal.
import { z } from 'zod';
import { idSchema, timeSchema } from '../base/shapes.ts';
import {
  type Answer,
  findMember,
  laterAnswer,
  type Purpose,
  putMember,
} from '../history/members.ts';
import type { ByteReader, ByteWriter } from '../log/bytes.ts';
import { requireRecount, touchMember, type WriteContext } from './context.ts';
import { findId, forgetId, rememberId } from './ids.ts';
import type { EntryKind, EventKind, IncomingEntry } from './kind.ts';
import { record } from './record.ts';
import { hasTombstone } from './tombstones.ts';
import { type Moment, momentOf, refuseErased, refuseNobody, validateMoment } from './validation.ts';

export const consentSchema = z.strictObject({
  memberId: idSchema,
  personalization: z
    .boolean()
    .meta({ description: 'false takes the history out of the lists and of the counts.' }),
  occurredAt: timeSchema.meta({ description: 'Of several answers the latest counts.' }),
});

export type Consent = z.output<typeof consentSchema>;

export interface LoggedConsent extends Moment {
  readonly memberId: string;
  readonly purpose: Purpose;
  readonly given: boolean;
}

const consentCode = 17;

function encode(writer: ByteWriter, consent: LoggedConsent): void {
  const { memberId, purpose, given: isGiven, occurredAtMs, offsetMinutes } = consent;
  writer
    .signed(offsetMinutes)
    .whole(occurredAtMs)
    .byte(isGiven ? 1 : 0)
    .text(purpose)
    .text(memberId);
}

function decode(reader: ByteReader): LoggedConsent {
  const [offsetMinutes, occurredAtMs] = [reader.signed(), reader.whole()];
  const isGiven = reader.byte() === 1;
  const [purpose, memberId] = [reader.text() as Purpose, reader.text()];
  return { memberId, purpose, given: isGiven, occurredAtMs, offsetMinutes };
}

/** One answer, however often it is sent. */
function idOf({ memberId, purpose, given: isGiven, occurredAtMs }: LoggedConsent): string {
  return `${occurredAtMs} ${purpose} ${isGiven} ${memberId}`;
}

function apply(context: WriteContext, { value, append }: IncomingEntry<LoggedConsent>): void {
  const { store } = context;
  const { memberId, purpose, given: isGiven, occurredAtMs: atMs } = value;
  const isGone = hasTombstone(context, 'member', memberId);
  const sequence = append(!isGone);
  if (isGone) return;
  rememberId(store, consentCode, idOf(value), { sequence, contentHash: 0n });
  const member = findMember(store, memberId);
  const { root, record: before } = member;
  const known: Answer | undefined = before.consents[purpose];
  const answer = laterAnswer(known, { atMs, given: isGiven });
  if (answer === known) return;
  touchMember(context, member);
  putMember(store, {
    root,
    record: { ...before, consents: { ...before.consents, [purpose]: answer } },
  });
  requireRecount(context, sequence);
}

export const consentEntries: EntryKind<'consent', LoggedConsent> = {
  name: 'consent',
  code: consentCode,
  stream: 'log',
  encode,
  decode,
  subjects: ({ memberId }) => [memberId],
  apply,
  forget({ store }, { value }) {
    forgetId(store, consentCode, idOf(value));
  },
};

export const consentEvents: EventKind<'consent', Consent> = {
  name: 'consent',
  schema: consentSchema,
  admit(context, { memberId, personalization, occurredAt }) {
    const { store, log } = context;
    const moment = momentOf(context, occurredAt, undefined);
    const refused =
      refuseErased(context, memberId, memberId) ??
      refuseNobody(context, memberId, memberId) ??
      validateMoment(context, memberId, moment);
    if (refused) return refused;
    const consent: LoggedConsent = {
      memberId,
      purpose: 'personalization',
      given: personalization,
      ...moment,
    };
    const known = findId(store, consentCode, idOf(consent));
    if (known) {
      return { id: memberId, status: 'duplicate', watermark: log.watermarkOf(known.sequence) };
    }
    const sequence = record(context, consentEntries, consent);
    return { id: memberId, status: 'created', watermark: log.watermarkOf(sequence) };
  },
};
