// Entries that another node has accepted, folded here: in the order of their origin, once each,
// through the same subtract-before and add-after as our own.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { WriteContext } from '../events/context.ts';
import { eraseEntries } from '../events/erase.ts';
import { type AnyEntryKind, kindOfCode } from '../events/index.ts';
import { indexSubjects, record } from '../events/record.ts';
import { ByteReader } from '../log/bytes.ts';
import { acceptedAtMsOf, bodyOf, codeOf, stub, stubCode } from '../log/frame.ts';
import type { Log } from '../log/log.ts';
import { formatPosition, type LogPosition } from '../log/vector.ts';

/** An entry as its origin wrote it. */
export interface ForeignEntry {
  readonly place: LogPosition;
  readonly bytes: Buffer;
}

/** What an entry says. */
interface ReadEntry {
  readonly bytes: Buffer;
  /** Undefined for a stub. */
  readonly kind: AnyEntryKind | undefined;
  readonly value: unknown;
}

/** An entry that is the next one of its origin, read. */
export interface FreshEntry extends ForeignEntry, ReadEntry {}

/**
 * Reads an entry; what it says only once that is asked. Throws DATA_LOSS for a kind that is not
 * known; `name` tells which entry.
 */
export function readEntry(bytes: Buffer, name: () => string): ReadEntry {
  const code = codeOf(bytes);
  const kind = kindOfCode(code);
  if (kind) {
    let value: unknown;
    return {
      bytes,
      kind,
      get value() {
        value ??= kind.decode(new ByteReader(bodyOf(bytes)));
        return value;
      },
    };
  }
  if (code === stubCode) return { bytes, kind, value: undefined };
  throw new EngineError('DATA_LOSS', `log entry ${name()} is of the unknown kind ${code}`);
}

export function readForeign({ place, bytes }: ForeignEntry): FreshEntry {
  const entry = readEntry(bytes, () => formatPosition(place));
  const { kind } = entry;
  return {
    place,
    bytes,
    kind,
    get value() {
      return entry.value;
    },
  };
}

/**
 * Applies an entry that was accepted before, inside a transaction: of another origin at its place,
 * or, without one, the next one of a log that was always alone.
 */
export function applyEntry(
  context: WriteContext,
  { place, bytes, kind, value }: ReadEntry & { readonly place: LogPosition | undefined },
): void {
  const { log, store } = context;
  const put = (entry: Buffer) => (place ? log.appendForeign(place, entry) : log.append(entry));
  if (kind === undefined) {
    put(bytes);
    return;
  }
  kind.apply(context, {
    value,
    acceptedAtMs: acceptedAtMsOf(bytes),
    origin: place?.origin ?? '',
    append(isKept) {
      const sequence = put(isKept ? bytes : stub);
      if (isKept) indexSubjects(store, kind, { value, sequence });
      return sequence;
    },
  });
}

/** Of `Batch.work`: what every entry takes, and how many of its bytes take one more. */
const [workOfEntry, bytesOfWork] = [20, 16];

/**
 * Applies entries for as long as one transaction may take; whether all of them are here. Those that
 * are left are applied in the next one.
 */
export function applyUntilFull(context: WriteContext, entries: readonly FreshEntry[]): boolean {
  const { batch } = context;
  for (const [index, entry] of entries.entries()) {
    if (index > 0 && batch.isFull) return false;
    const { kind, value, bytes } = entry;
    if (kind?.prepare?.(context, value) === false) return false;
    applyEntry(context, entry);
    batch.work += workOfEntry + bytes.length / bytesOfWork;
  }
  return true;
}

/**
 * Says in a log of our own that these members are erased, whom only we knew to be tied to others
 * that were; in the transaction that took them.
 */
export function appendErase(context: WriteContext, memberIds: ReadonlySet<string>): void {
  if (memberIds.size === 0) return;
  const hashes = [...memberIds].map((id) => context.ledger.hash(id).toString('hex'));
  record(context, eraseEntries, { hashes });
}

/**
 * Those of these entries, in this order, that are not here yet. Changes nothing. Throws what
 * targetOf throws, and DATA_LOSS for an entry that this version cannot read.
 */
export function selectNewEntries(
  { origins, head }: Log,
  entries: readonly ForeignEntry[],
): readonly FreshEntry[] {
  const heads = new Map(origins.vector().map((place) => [place.origin, place]));
  const known: LogState = {
    headOf: (origin) => heads.get(origin) ?? { epoch: 0, sequence: 0 },
    isHere: (place) => origins.find(place, head) !== undefined || fresh.some(standsAt(place)),
    forkBefore: (place) => origins.forkBefore(place),
    isDiscarded: (place) => origins.isDiscarded(place),
  };
  const fresh: FreshEntry[] = [];
  for (const { place: claimed, bytes } of entries) {
    const place = targetOf(known, claimed);
    if (place === undefined) continue;
    heads.set(place.origin, place);
    fresh.push(readForeign({ place, bytes }));
  }
  // With our own name, which is in the log before its first entry.
  const names = new Set([...heads.keys(), ...(origins.own === undefined ? [] : [origins.own])]);
  if (names.size <= limits.originsMax) return fresh;
  const message = `the chain has ${names.size} origins; the limit is ${limits.originsMax}`;
  throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'ORIGINS_MAX' });
}

/** What is here, with what comes in at the same time. */
interface LogState {
  readonly headOf: (origin: string) => Omit<LogPosition, 'origin'>;
  readonly isHere: (place: LogPosition) => boolean;
  readonly forkBefore: Log['origins']['forkBefore'];
  readonly isDiscarded: (place: LogPosition) => boolean;
}

/**
 * Where an entry goes: as the next one of its origin, or of an epoch that its origin has lost;
 * undefined for one that is here already. Throws FAILED_PRECONDITION: GAP when some are missing
 * before it, EPOCH_CHANGED when its origin began anew and what is here is not what it went on from,
 * EPOCH_ENDED when the giver has not heard of that yet.
 */
function targetOf(known: LogState, place: LogPosition): LogPosition | undefined {
  const head = known.headOf(place.origin);
  const { epoch, sequence } = place;
  const isKnown = epoch === head.epoch && sequence <= head.sequence;
  if (isKnown || known.isDiscarded(place)) return undefined;
  if (epoch < head.epoch) return targetOfLost(known, place);
  if (sequence === head.sequence + 1) return place;
  if (sequence > head.sequence) throw sequenceError('GAP', place, head.sequence, 'does not follow');
  throw sequenceError('EPOCH_CHANGED', place, head.sequence, 'begins before what is here ends');
}

/** Of an earlier epoch: what that has and the later one does not is kept under another name. */
function targetOfLost(known: LogState, place: LogPosition): LogPosition | undefined {
  if (known.isHere(place)) return undefined;
  const lost = known.forkBefore(place)?.lost;
  const head = lost && known.headOf(lost.origin);
  const isNext = head !== undefined && lost!.sequence === head.sequence + 1;
  if (lost && isNext && lost.epoch >= head.epoch) return lost;
  if (lost && known.isHere(lost)) return undefined;
  const last = known.headOf(place.origin).sequence;
  throw sequenceError('EPOCH_ENDED', place, last, 'is of an epoch that has ended');
}

function standsAt({ origin, epoch, sequence }: LogPosition) {
  return ({ place }: FreshEntry): boolean =>
    place.origin === origin && place.epoch === epoch && place.sequence === sequence;
}

function sequenceError(
  reason: string,
  place: LogPosition,
  head: number,
  what: string,
): EngineError {
  const message = `entry ${formatPosition(place)} ${what}: ${head} is the last one here`;
  return new EngineError('FAILED_PRECONDITION', message, { reason });
}
