// The table of all kinds of events: what is not in it does not exist for the log, ingest,
// replication, replay, erase, export and verify.
import { assert, EngineError } from '../base/errors.ts';
import { ByteReader } from '../log/bytes.ts';
import { acceptedAtMsOf, bodyOf, codeOf, stubCode } from '../log/frame.ts';
import { Log, type Stream } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { purchaseEvents } from './admit-purchase.ts';
import { attachMemberEvents } from './attach-member.ts';
import { behaviourEntries, behaviourEvents } from './behaviour.ts';
import { consentEntries, consentEvents } from './consent.ts';
import { eraseEntries } from './erase.ts';
import { expireEntries } from './expire.ts';
import { itemEntries, itemEvents } from './item.ts';
import { itemMergeEntries, itemMergeEvents, itemUnmergeEvents } from './item-merge.ts';
import type { EntryKind, EventKind } from './kind.ts';
import { mergeEntries, mergeEvents } from './merge.ts';
import { purchaseEntries } from './purchase.ts';
import { replacementEntries } from './replacement.ts';
import { returnEntries, returnEvents } from './return.ts';
import { storeEntries, storeEvents } from './store.ts';
import { unreferencedReturnEvents } from './unreferenced-return.ts';

/** What stands in the log. */
const entryKinds = {
  purchase: purchaseEntries,
  return: returnEntries,
  behaviour: behaviourEntries,
  merge: mergeEntries,
  consent: consentEntries,
  erase: eraseEntries,
  expire: expireEntries,
  replacement: replacementEntries,
  item: itemEntries,
  itemMerge: itemMergeEntries,
  store: storeEntries,
} as const;

/** What may be sent. */
const eventKinds = {
  purchase: purchaseEvents,
  attachMember: attachMemberEvents,
  return: returnEvents,
  unreferencedReturn: unreferencedReturnEvents,
  behaviour: behaviourEvents,
  merge: mergeEvents,
  consent: consentEvents,
  item: itemEvents,
  itemMerge: itemMergeEvents,
  itemUnmerge: itemUnmergeEvents,
  store: storeEvents,
} as const;

type ValueOf<Kind> = Kind extends EntryKind<string, infer Value> ? Value : never;
type InputOf<Kind> = Kind extends EventKind<string, infer Input> ? Input : never;

type EntryKinds = typeof entryKinds;
type EventKinds = typeof eventKinds;

/** A log entry of any kind; a stub stands where something was erased or has expired. */
export type LogEntry =
  | {
      readonly [Name in keyof EntryKinds]: {
        readonly kind: Name;
        readonly acceptedAtMs: number;
        readonly value: ValueOf<EntryKinds[Name]>;
      };
    }[keyof EntryKinds]
  | { readonly kind: 'stub'; readonly acceptedAtMs: number };

/** What ingest accepts, already validated by the schema of its kind. */
export type Event = {
  readonly [Name in keyof EventKinds]: { readonly kind: Name } & {
    readonly [Property in Name]: InputOf<EventKinds[Name]>;
  };
}[keyof EventKinds];

/** Any kind, for those who treat all alike. */
export type AnyEntryKind = EntryKind<string, unknown>;

const byCode = new Map(
  Object.values(entryKinds).map((kind) => [kind.code, kind as unknown as AnyEntryKind]),
);
assert(
  byCode.size === Object.keys(entryKinds).length,
  'two kinds of entries have one code, so that one would be read as the other',
);

/** Undefined for a code that this version does not know. */
export function kindOfCode(code: number): AnyEntryKind | undefined {
  return byCode.get(code);
}

/** Whether the moment of an entry of our own is what our clock said, and no other origin's. */
export function isOfOurClock(entry: Buffer): boolean {
  return kindOfCode(codeOf(entry))?.followsOtherClocks !== true;
}

/** Where entries of a kind lie; what nobody knows lies in the log. */
function streamOf(code: number): Stream {
  return byCode.get(code)?.stream ?? 'log';
}

export function openLog(store: Store): Log {
  return new Log(store, streamOf);
}

/** The kind of an event, and the event itself. */
export function eventKindOf(event: Event): {
  readonly kind: EventKind<string, unknown>;
  readonly input: unknown;
} {
  const kind = eventKinds[event.kind] as unknown as EventKind<string, unknown>;
  const input = (event as unknown as Record<string, unknown>)[event.kind];
  return { kind, input };
}

/** Throws DATA_LOSS for a kind that this version does not know. */
export function decodeEntry(bytes: Buffer, sequence: number): LogEntry {
  const code = codeOf(bytes);
  const acceptedAtMs = acceptedAtMsOf(bytes);
  if (code === stubCode) return { kind: 'stub', acceptedAtMs };
  const kind = byCode.get(code);
  if (!kind) {
    throw new EngineError('DATA_LOSS', `log entry ${sequence} is of the unknown kind ${code}`);
  }
  const value = kind.decode(new ByteReader(bodyOf(bytes)));
  return { kind: kind.name, acceptedAtMs, value } as LogEntry;
}

export interface SequencedEntry {
  readonly sequence: number;
  readonly entry: LogEntry;
}

/** Entries from a sequence on, in order. */
export function* scanEntries(log: Log, from = 1): IterableIterator<SequencedEntry> {
  for (const { sequence, bytes } of log.scan(from)) {
    yield { sequence, entry: decodeEntry(bytes, sequence) };
  }
}
