// From a checkpoint to the log's end: each member and ticket that the tail touched, once.
import { setImmediate } from 'node:timers/promises';
import type { LogEntry } from '../log/codec.ts';
import { findId } from '../log/dedupe.ts';
import type { Counts } from './counts.ts';
import { findMember } from './members.ts';
import { moveCounts, type SubjectChange } from './mover.ts';
import type { RecountSource } from './recount.ts';

/** Entries read between two pauses: some 5 µs each. */
const entriesAtOnce = 512;

export interface CatchUp extends RecountSource {
  /** They stand at sequence `from`. */
  readonly counts: Counts;
  readonly from: number;
}

interface Touched {
  readonly members: Set<string>;
  readonly tickets: Set<number>;
}

function touch(
  { store, log }: Pick<RecountSource, 'store' | 'log'>,
  touched: Touched,
  sequence: number,
  entry: LogEntry,
): void {
  if (entry.kind === 'purchase') {
    const { memberId } = entry.purchase;
    if (memberId === undefined) touched.tickets.add(sequence);
    else touched.members.add(findMember(store, memberId).root);
  } else if (entry.kind === 'return') {
    const known = findId(store, 'purchase', entry.return.purchaseId);
    if (!known || known.sequence === sequence) return;
    touch({ store, log }, touched, known.sequence, log.read(known.sequence));
  }
}

/** What counted at `from` and what counts now, one subject after the other. */
function* changesOf(options: CatchUp, { members, tickets }: Touched): Generator<SubjectChange> {
  const { store, from, isCounted, receipts } = options;
  for (const root of members) {
    const history = store.tables.histories.get(Buffer.from(root));
    if (!history || !isCounted(root)) continue;
    yield [`m${root}`, { before: history, beforeAsOf: from, after: history, isMember: true }];
  }
  for (const sequence of tickets) {
    const before = sequence > from ? undefined : receipts.ticketAt(sequence, from);
    const after = receipts.ticketAt(sequence);
    yield [`t${sequence}`, { before, after, isMember: false }];
  }
  // What was erased after the checkpoint: its counts still hold it.
  for (const { key, value } of store.tables.residues.rows()) {
    if (Number(key.readBigUInt64BE(0)) <= from) continue;
    const isMember = value[0] === 1;
    const change = { before: value.subarray(1), beforeAsOf: from, after: undefined, isMember };
    yield ['', change];
  }
}

/** Brings counts to the head of the log. Throws what the kernel throws. */
export async function catchUp(options: CatchUp): Promise<void> {
  const { log, counts, from } = options;
  const touched: Touched = { members: new Set(), tickets: new Set() };
  let read = 0;
  for (const { sequence, entry } of log.scan(from + 1)) {
    touch(options, touched, sequence, entry);
    read += 1;
    if (read % entriesAtOnce === 0) await setImmediate();
  }
  const follower = { counts, covers: () => true, finishSlice: () => true };
  await moveCounts(changesOf(options, touched), [follower]);
}
