// Entries that another node has accepted, folded here: in the order of their origin, once each,
// through the same subtract-before and add-after as our own.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeEntry, encodeStub, type LogEntry } from '../log/codec.ts';
import type { Log } from '../log/log.ts';
import { formatPlace, type Place } from '../log/vector.ts';
import { type AcceptContext, expiredBeforeMs } from '../views/accept.ts';
import { noteExpired } from '../views/expire.ts';
import { applyItem, applyStore } from './catalogue.ts';
import { applyConsent, applyErase, applyMerge } from './members.ts';
import { applyPurchase, applyReturn } from './receipts.ts';

/** An entry as its origin wrote it. */
export interface ForeignEntry {
  readonly place: Place;
  readonly bytes: Buffer;
}

/** What must be found before the transaction, and what is to be done after it. */
export interface Following {
  /** The member ids behind a keyed hash, in hexadecimal. */
  readonly idsOf: (hash: string) => readonly string[];
  /** Members that a merge ties to an erased one: whoever has a log of its own says so in it. */
  readonly alsoErased: Set<string>;
  readonly notify: (message: string) => void;
}

/** An entry that is the next one of its origin. */
export interface FreshEntry extends ForeignEntry {
  readonly entry: LogEntry;
}

/** Applies one entry that judgeEntries let pass, inside the same transaction. */
export function applyEntry(
  context: AcceptContext,
  { place, bytes, entry }: FreshEntry,
  following: Following,
): void {
  const append = (isKept: boolean): number =>
    context.log.appendForeign(place, isKept ? bytes : encodeStub());
  applyKind(context, { place, entry, append }, following);
}

/**
 * Those of these entries, in this order, that are not here yet. Changes nothing. Throws what
 * placeOf throws, and DATA_LOSS for an entry that this version cannot read.
 */
export function judgeEntries(
  { origins, head }: Log,
  entries: readonly ForeignEntry[],
): readonly FreshEntry[] {
  const heads = new Map(origins.vector().map((place) => [place.origin, place]));
  const known: Known = {
    headOf: (origin) => heads.get(origin) ?? { epoch: 0, sequence: 0 },
    isHere: (place) => origins.find(place, head) !== undefined || fresh.some(isAt(place)),
    forkBefore: (place) => origins.forkBefore(place),
    isForsaken: (place) => origins.isForsaken(place),
  };
  const fresh: FreshEntry[] = [];
  for (const { place: told, bytes } of entries) {
    const place = placeOf(known, told);
    if (place === undefined) continue;
    heads.set(place.origin, place);
    fresh.push({ place, bytes, entry: decodeEntry(bytes, place.sequence) });
  }
  if (heads.size <= limits.originsMax) return fresh;
  const message = `the chain has ${heads.size} origins; the limit is ${limits.originsMax}`;
  throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'ORIGINS_MAX' });
}

/** An entry on its way in; `append` puts it into the log, whole or as a stub. */
export interface Arrival<Entry extends LogEntry = LogEntry> {
  readonly place: Place;
  readonly entry: Entry;
  readonly append: (isKept: boolean) => number;
}

export type ArrivalOf<Kind extends LogEntry['kind']> = Arrival<Extract<LogEntry, { kind: Kind }>>;

function applyKind(context: AcceptContext, arrival: Arrival, following: Following): void {
  const { entry, append } = arrival;
  switch (entry.kind) {
    case 'purchase':
      applyPurchase(context, { ...arrival, entry }, following);
      return;
    case 'return':
      applyReturn(context, { ...arrival, entry });
      return;
    case 'merge':
      applyMerge(context, { ...arrival, entry }, following);
      return;
    case 'consent':
      applyConsent(context, { ...arrival, entry });
      return;
    case 'erase':
      applyErase(context, { ...arrival, entry }, following);
      return;
    case 'expire':
      append(true);
      if (entry.beforeMs > expiredBeforeMs(context)) noteExpired(context, entry.beforeMs);
      return;
    case 'item':
      applyItem(context, { ...arrival, entry });
      return;
    case 'store':
      applyStore(context, { ...arrival, entry });
      return;
    case 'stub':
      append(true);
      return;
  }
}

/** What is here, with what comes in at the same time. */
interface Known {
  readonly headOf: (origin: string) => Omit<Place, 'origin'>;
  readonly isHere: (place: Place) => boolean;
  readonly forkBefore: Log['origins']['forkBefore'];
  readonly isForsaken: (place: Place) => boolean;
}

/**
 * Where an entry goes: as the next one of its origin, or of a life that its origin has lost;
 * undefined for one that is here already. Throws FAILED_PRECONDITION: GAP when some are missing
 * before it, EPOCH_CHANGED when its origin began anew and what is here is not what it went on from,
 * EPOCH_ENDED when the giver has not heard of that yet.
 */
function placeOf(known: Known, place: Place): Place | undefined {
  const head = known.headOf(place.origin);
  const { epoch, sequence } = place;
  const isKnown = epoch === head.epoch && sequence <= head.sequence;
  if (isKnown || known.isForsaken(place)) return undefined;
  if (epoch < head.epoch) return placeOfLost(known, place);
  if (sequence === head.sequence + 1) return place;
  if (sequence > head.sequence) throw broken('GAP', place, head.sequence, 'does not follow');
  throw broken('EPOCH_CHANGED', place, head.sequence, 'begins before what is here ends');
}

/** Of an earlier life: what that has and the later one does not is kept under another name. */
function placeOfLost(known: Known, place: Place): Place | undefined {
  if (known.isHere(place)) return undefined;
  const lost = known.forkBefore(place)?.lost;
  const head = lost && known.headOf(lost.origin);
  const isNext = head !== undefined && lost!.sequence === head.sequence + 1;
  if (lost && isNext && lost.epoch >= head.epoch) return lost;
  if (lost && known.isHere(lost)) return undefined;
  const last = known.headOf(place.origin).sequence;
  throw broken('EPOCH_ENDED', place, last, 'is of an epoch that has ended');
}

function isAt({ origin, epoch, sequence }: Place) {
  return ({ place }: FreshEntry): boolean =>
    place.origin === origin && place.epoch === epoch && place.sequence === sequence;
}

function broken(reason: string, place: Place, head: number, what: string): EngineError {
  const message = `entry ${formatPlace(place)} ${what}: ${head} is the last one here`;
  return new EngineError('FAILED_PRECONDITION', message, { reason });
}
