// What a kind of event has to say of itself. The log, ingest, replication, replay, erase, export
// and verify know nothing else of it; the table of all kinds is index.ts.
import type { ZodType } from 'zod';
import type { ByteReader, ByteWriter } from '../log/bytes.ts';
import type { Stream } from '../log/log.ts';
import type { WriteContext } from './context.ts';
import type { IngestResult } from './result.ts';

/** An entry on its way into the log, whoever accepted it. */
export interface IncomingEntry<Value> {
  readonly value: Value;
  readonly acceptedAtMs: number;
  /** Who accepted it; empty in a log that was always alone. */
  readonly origin: string;
  /**
   * Puts it into the log, whole or as a stub, and answers its sequence. To be called once, before
   * anything that points to the entry is written.
   */
  readonly append: (isKept: boolean) => number;
}

/** Where an entry that is to be forgotten stands. */
export interface Forgotten<Value> {
  readonly value: Value;
  readonly sequence: number;
}

/** For a kind that names no member, so that an erase finds nothing of anybody in it. */
export const namesNoMember = 'namesNobody';

/** One kind of log entry. */
export interface EntryKind<Name extends string = string, Value = never> {
  readonly name: Name;
  /** The first byte of its entries, 1 to 255: never changed, never given to another kind. */
  readonly code: number;
  readonly stream: Stream;
  readonly encode: (writer: ByteWriter, value: Value) => void;
  readonly decode: (reader: ByteReader) => Value;
  /**
   * The ids of members whose it is. Whoever of them is erased takes it along; until then it is
   * found by them.
   */
  readonly subjects: (value: Value) => readonly string[];
  /**
   * Does some of what `apply` would have to do, in a transaction before its own, where all of it
   * would hold the event loop for too long; whether nothing of that is left. What it does says
   * nothing by itself, should the entry never come.
   */
  readonly prepare?: (context: WriteContext, value: Value) => boolean;
  /**
   * Accepted later than what it replaces, also where the clock of another origin has dated that:
   * its moment is no word of our own clock.
   */
  readonly followsOtherClocks?: true;
  /** Found by what `apply` keeps, and not by the index of subjects. */
  readonly isIndexed?: false;
  /**
   * Makes the state what it is with this entry: the same for our own, another node's and a replayed
   * one, whatever came before it. May not ask the clock, nor refuse. Of two entries that contradict
   * each other it says which one counts.
   */
  readonly apply: (context: WriteContext, incoming: IncomingEntry<Value>) => void;
  /**
   * Takes away what `apply` keeps beside the log, when a member whose it is was erased; the entry
   * itself becomes a stub. `namesNobody` is for kinds without subjects.
   */
  readonly forget:
    | ((context: WriteContext, forgotten: Forgotten<Value>) => void)
    | typeof namesNoMember;
}

/** One kind of event that may be sent: how it is read and validated, and what becomes of it. */
export interface EventKind<Name extends string = string, Input = never> {
  readonly name: Name;
  readonly schema: ZodType<Input>;
  /** Takes something back, so that there is always room for it. */
  readonly takesBack?: true;
  /** Lines that it has, each of which costs a little. */
  readonly lines?: (input: Input) => number;
  /**
   * Validates an event at the door that accepts it: may refuse, and may ask the clock. What it
   * accepts it puts into the log by `record`. Undefined: it was prepared in part, and is to be
   * admitted again in the next transaction.
   */
  readonly admit: (context: WriteContext, input: Input) => IngestResult | undefined;
}
