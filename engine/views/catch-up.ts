// From a checkpoint to the log's end: each member and ticket that the tail touched, once.
import type { LogEntry } from '../log/codec.ts';
import { findId } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { Counts } from './counts.ts';
import { findMember, isPersonalised } from './members.ts';

export interface CatchUpSource {
  readonly store: Store;
  readonly log: Log;
  /** An anonymous ticket less its returns up to a sequence; undefined when the entry is none. */
  readonly ticketAt: (sequence: number, returnsUpTo?: number) => Buffer | undefined;
}

interface Touched {
  readonly members: Set<string>;
  readonly tickets: Set<number>;
}

function touch(source: CatchUpSource, touched: Touched, sequence: number, entry: LogEntry): void {
  if (entry.kind === 'purchase') {
    const { memberId } = entry.purchase;
    if (memberId === undefined) touched.tickets.add(sequence);
    else touched.members.add(findMember(source.store, memberId).root);
  } else if (entry.kind === 'return') {
    const known = findId(source.store, 'purchase', entry.return.purchaseId);
    if (!known || known.sequence === sequence) return;
    touch(source, touched, known.sequence, source.log.read(known.sequence));
  }
}

/** What was erased after the checkpoint: its counts still hold it. */
function subtractResidues({ store }: CatchUpSource, counts: Counts, from: number): void {
  for (const { key, value } of store.tables.residues.rows()) {
    if (Number(key.readBigUInt64BE(0)) <= from) continue;
    const isMember = value[0] === 1;
    const before = value.subarray(1);
    counts.apply({ before, beforeAsOf: from, after: undefined, isMember });
  }
}

/** Brings counts that stand at sequence `from` to the head of the log. */
export function catchUp(source: CatchUpSource, counts: Counts, from: number): void {
  const { store, log } = source;
  const touched: Touched = { members: new Set(), tickets: new Set() };
  for (const { sequence, entry } of log.scan(from + 1)) touch(source, touched, sequence, entry);
  for (const root of touched.members) {
    const history = store.tables.histories.get(Buffer.from(root));
    if (!history || !isPersonalised(findMember(store, root).record)) continue;
    counts.apply({ before: history, beforeAsOf: from, after: history, isMember: true });
  }
  for (const sequence of touched.tickets) {
    const before = sequence > from ? undefined : source.ticketAt(sequence, from);
    counts.apply({ before, after: source.ticketAt(sequence), isMember: false });
  }
  subtractResidues(source, counts, from);
  counts.settleNow();
}
