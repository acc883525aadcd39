// What somebody did before they bought: looked at an item, put it into the cart, liked it or not.
// Kept in a stream of its own, which leaves after a shorter time. An event that came to several
// origins is kept as the one whose name comes first has it.
import { z } from 'zod';
import { type Channel, channelSchema, channels, idSchema, timeSchema } from '../base/shapes.ts';
import { ByteReader, type ByteWriter } from '../log/bytes.ts';
import { beginContent, bodyOf, codeOf } from '../log/frame.ts';
import type { Log } from '../log/log.ts';
import type { WriteContext } from './context.ts';
import { findId, forgetId, rememberId } from './ids.ts';
import type { EntryKind, EventKind, IncomingEntry } from './kind.ts';
import { record } from './record.ts';
import { unindexEntry } from './subjects.ts';
import { hasTombstone } from './tombstones.ts';
import { answerKnown, type Moment, momentOf, refuseErased, validateMoment } from './validation.ts';

const actions = ['view', 'cart', 'uncart', 'favorite', 'unfavorite', 'dislike'] as const;
export type Action = (typeof actions)[number];

const behaviourSchema = z.strictObject({
  eventId: idSchema.meta({ description: 'Idempotency key of the event.' }),
  memberId: idSchema.optional(),
  sessionId: idSchema.optional(),
  action: z.enum(actions),
  itemId: idSchema,
  channel: channelSchema.default('other'),
  occurredAt: timeSchema,
});

export type Behaviour = z.output<typeof behaviourSchema>;

export interface LoggedBehaviour extends Moment {
  readonly eventId: string;
  readonly memberId: string | undefined;
  readonly sessionId: string | undefined;
  readonly action: Action;
  readonly itemId: string;
  readonly channel: Channel;
}

const behaviourCode = 3;
const has = { member: 1, session: 2 } as const;

function encode(writer: ByteWriter, value: LoggedBehaviour): void {
  const { memberId, sessionId } = value;
  const mask =
    (memberId === undefined ? 0 : has.member) | (sessionId === undefined ? 0 : has.session);
  writer.byte(mask).byte(actions.indexOf(value.action)).byte(channels.indexOf(value.channel));
  writer.signed(value.offsetMinutes).whole(value.occurredAtMs);
  writer.text(value.eventId).text(value.itemId);
  for (const id of [memberId, sessionId]) if (id !== undefined) writer.text(id);
}

function decode(reader: ByteReader): LoggedBehaviour {
  const mask = reader.byte();
  const [action, channel] = [actions[reader.byte()]!, channels[reader.byte()]!];
  const [offsetMinutes, occurredAtMs] = [reader.signed(), reader.whole()];
  const [eventId, itemId] = [reader.text(), reader.text()];
  const textOf = (bit: number) => ((mask & bit) === 0 ? undefined : reader.text());
  const [memberId, sessionId] = [textOf(has.member), textOf(has.session)];
  return { eventId, itemId, memberId, sessionId, action, channel, offsetMinutes, occurredAtMs };
}

/** Decides between `duplicate` and `conflict`: all that the sender said. */
function hashOf({ hashBytes }: WriteContext, value: LoggedBehaviour): bigint {
  const content = beginContent();
  encode(content, { ...value, offsetMinutes: 0 });
  return hashBytes(content.written());
}

function apply(
  context: WriteContext,
  { value, origin, append }: IncomingEntry<LoggedBehaviour>,
): void {
  const { store, log } = context;
  const { memberId, eventId } = value;
  const isGone = memberId !== undefined && hasTombstone(context, 'member', memberId);
  const known = findId(store, behaviourCode, eventId);
  const isSecond = known !== undefined && isOfEarlier(log, known.sequence, origin);
  const sequence = append(!isGone && !isSecond);
  if (isGone || isSecond) return;
  if (known) takeBack(context, known.sequence);
  const contentHash = hashOf(context, value);
  rememberId(store, behaviourCode, eventId, { sequence, contentHash });
}

/** Whether the entry at a place is of an origin whose name comes first, or of the same one. */
function isOfEarlier({ origins }: Log, sequence: number, origin: string): boolean {
  return !origins.isNamed || origins.at(sequence).origin <= origin;
}

/** The same event came through an origin whose name comes later: that one says nothing. */
function takeBack({ store, log }: WriteContext, sequence: number): void {
  const bytes = log.read(sequence);
  if (codeOf(bytes) !== behaviourCode) return;
  const { memberId } = decode(new ByteReader(bodyOf(bytes)));
  if (memberId !== undefined) unindexEntry(store, memberId, sequence);
  log.blank(sequence);
}

export const behaviourEntries: EntryKind<'behaviour', LoggedBehaviour> = {
  name: 'behaviour',
  code: behaviourCode,
  stream: 'behaviour',
  encode,
  decode,
  subjects: ({ memberId }) => (memberId === undefined ? [] : [memberId]),
  apply,
  forget({ store }, { value }) {
    forgetId(store, behaviourCode, value.eventId);
  },
};

export const behaviourEvents: EventKind<'behaviour', Behaviour> = {
  name: 'behaviour',
  schema: behaviourSchema,
  admit(context, { occurredAt, memberId: givenId, ...given }) {
    const { eventId: id, sessionId } = given;
    const memberId = givenId === undefined || context.isNobody(givenId) ? undefined : givenId;
    const moment = momentOf(context, occurredAt, undefined);
    const value: LoggedBehaviour = { ...given, memberId, sessionId, ...moment };
    const answer =
      refuseErased(context, id, memberId) ??
      answerKnown(context, { code: behaviourCode, field: 'eventId' }, id, () =>
        hashOf(context, value),
      ) ??
      validateMoment(context, id, moment);
    if (answer) return answer;
    const sequence = record(context, behaviourEntries, value);
    return { id, status: 'created', watermark: context.log.watermarkOf(sequence) };
  },
};
