// Whose entries stand where in this log. Each origin numbers its own densely; here they stand in
// the order in which they came, and every run of one origin's entries is one row.
//
// 'n' number u16                       -> the origin's name
// 'o' number u16, epoch u32, first u64 -> where the run begins in this log, u64
// 'l' first place u64                  -> number u16, epoch u32, sequence u64 of its first entry
// 'c' number u16, epoch u32            -> sequence u64: nothing after it is wanted of epochs before
//                                         this one
// 's'                                  -> number u16, epoch u32: whose log this is, if one's
//
// An epoch of an origin lasts from one start to the next. So a folder that was put back, by
// whatever way, never gives out a place anew that others may hold already.
import { assert, EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Table } from '../store/table.ts';
import { knownName, type LogPosition, lostEpochOf, lostName, originName } from './vector.ts';

interface Head {
  readonly epoch: number;
  readonly sequence: number;
}

interface Run extends Head {
  readonly number: number;
  /** Where its first entry stands in this log. */
  readonly first: number;
}

export interface Fork {
  readonly shared: LogPosition;
  readonly lost: LogPosition;
}

/** Seconds since 1970 in 32 bits. */
const epochMax = 0xffff_ffff;
const [nameByte, originByte, localByte, selfByte, cutByte] = [110, 111, 108, 115, 99] as const;

function nameKey(number: number): Buffer {
  const key = Buffer.of(nameByte, 0, 0);
  key.writeUInt16BE(number, 1);
  return key;
}

function originKey(number: number, { epoch, sequence }: Head): Buffer {
  const key = Buffer.allocUnsafe(15);
  key[0] = originByte;
  key.writeUInt16BE(number, 1);
  key.writeUInt32BE(epoch, 3);
  key.writeBigUInt64BE(BigInt(sequence), 7);
  return key;
}

function cutKey(number: number, epoch: number): Buffer {
  const key = Buffer.allocUnsafe(7);
  key[0] = cutByte;
  key.writeUInt16BE(number, 1);
  key.writeUInt32BE(epoch, 3);
  return key;
}

function localKey(first: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = localByte;
  key.writeBigUInt64BE(BigInt(first), 1);
  return key;
}

function readRun(key: Buffer, value: Buffer): Run {
  return {
    first: Number(key.readBigUInt64BE(1)),
    number: value.readUInt16BE(0),
    epoch: value.readUInt32BE(2),
    sequence: Number(value.readBigUInt64BE(6)),
  };
}

function readCut({ key, value }: { readonly key: Buffer; readonly value: Buffer }) {
  if (key[0] !== cutByte) return [];
  const sequence = Number(value.readBigUInt64BE(0));
  return [{ number: key.readUInt16BE(1), epoch: key.readUInt32BE(3), sequence }];
}

export class Origins {
  private readonly table: Table;
  private names: string[] = [];
  private heads = new Map<number, Head>();
  private cuts: (Head & { readonly number: number })[] = [];
  /** The run at the log's end. */
  private run: Run | undefined;
  private self: { readonly number: number } | undefined;
  /** The epoch of what this log writes itself from now on. */
  private ownEpoch = 0;

  constructor(table: Table, head: number) {
    this.table = table;
    this.load(head);
  }

  /** Reads everything anew; also after a transaction that did not commit. */
  load(head: number): void {
    this.names = [];
    this.heads = new Map();
    for (const { key, value } of this.table.chunk(Buffer.of(nameByte), limits.originsMax)) {
      if (key[0] === nameByte) this.names.push(value.toString());
    }
    for (const number of this.names.keys()) this.loadHead(number, head);
    this.cuts = this.table.chunk(Buffer.of(cutByte), limits.cutsRead).flatMap(readCut);
    const self = this.table.get(Buffer.of(selfByte));
    this.self = self && { number: self.readUInt16BE(0) };
    if (this.ownEpoch === 0 && self) this.ownEpoch = self.readUInt32BE(2);
    this.run = this.runAt(head);
  }

  private loadHead(number: number, head: number): void {
    const row = this.table.atOrBefore(
      originKey(number, { epoch: epochMax, sequence: Number.MAX_SAFE_INTEGER }),
    );
    if (row?.key[0] !== originByte || row.key.readUInt16BE(1) !== number) return;
    const first = Number(row.value.readBigUInt64BE(0));
    const length = Math.min(this.runAfter(first)?.first ?? head + 1, head + 1) - first;
    const sequence = Number(row.key.readBigUInt64BE(7)) + length - 1;
    if (length > 0) this.heads.set(number, { epoch: row.key.readUInt32BE(3), sequence });
  }

  /** Whether entries carry names: not in a log that was always alone. */
  get isNamed(): boolean {
    return this.names.length > 0;
  }

  /** The name under which this log's own entries go; undefined for one that only follows. */
  get own(): string | undefined {
    return this.self && this.names[this.self.number];
  }

  /** The first origin that this log knew: its own before it had others. */
  get first(): string | undefined {
    return this.names[0];
  }

  headOf(origin: string): Head | undefined {
    return this.heads.get(this.names.indexOf(origin));
  }

  /** Where every origin stands, by name. */
  vector(): LogPosition[] {
    const places = [...this.heads].map(([number, head]) => ({
      origin: this.names[number]!,
      ...head,
    }));
    return places.sort((a, b) => (a.origin < b.origin ? -1 : 1));
  }

  /**
   * Gives this log's own entries a name, those that it has already too; inside a transaction. A
   * later epoch goes on where the last one ended.
   */
  assignOwnName(origin: string, epoch: number, head: number): void {
    const wasNamed = this.isNamed;
    const number = this.numberOf(origin);
    const value = Buffer.allocUnsafe(6);
    value.writeUInt16BE(number, 0);
    value.writeUInt32BE(epoch, 2);
    this.table.put(Buffer.of(selfByte), value);
    this.self = { number };
    this.ownEpoch = epoch;
    if (!wasNamed && head > 0) this.begin({ number, epoch, sequence: 1, first: 1 });
    if (!wasNamed && head > 0) this.heads.set(number, { epoch, sequence: head });
  }

  /** What this log writes from here on is of a later epoch; nothing is stored before it writes. */
  beginEpoch(epoch: number): void {
    this.ownEpoch = epoch;
  }

  /** Whether anything of the present epoch is in the log. */
  get hasWritten(): boolean {
    return this.self !== undefined && this.heads.get(this.self.number)?.epoch === this.ownEpoch;
  }

  /**
   * Nothing of an origin's epochs before this one is wanted after `sequence`; inside a transaction.
   */
  discardAfter(origin: string, cut: Head): void {
    const number = this.numberOf(origin);
    const after = Buffer.allocUnsafe(8);
    after.writeBigUInt64BE(BigInt(cut.sequence));
    this.table.put(cutKey(number, cut.epoch), after);
    this.cuts.push({ number, ...cut });
  }

  /** Whether an entry that is not here was given up, when its origin was put back to a moment. */
  isDiscarded({ origin, epoch, sequence }: LogPosition): boolean {
    return this.cuts.some((cut) => {
      const name = this.names[cut.number]!;
      if (name === origin) return epoch < cut.epoch && sequence > cut.sequence;
      // What it had lost before is not wanted either, but as far as it had come back by then.
      return lostEpochOf(origin, name) < cut.epoch;
    });
  }

  /** From here on this log only follows; inside a transaction. */
  becomeFollower(): void {
    this.table.remove(Buffer.of(selfByte));
    this.self = undefined;
  }

  private numberOf(origin: string): number {
    const known = this.names.indexOf(origin);
    if (known >= 0) return known;
    assert(knownName.test(origin), `${origin} is no name of an origin`);
    if (this.names.length === limits.originsMax) {
      const message = `the log knows ${this.names.length} origins; the limit is`;
      throw new EngineError('RESOURCE_EXHAUSTED', `${message} ${limits.originsMax}`);
    }
    this.table.put(nameKey(this.names.length), Buffer.from(origin));
    return this.names.push(origin) - 1;
  }

  /** Records that the entry at `first` is the next one of this log's own. */
  extendOwn(first: number): void {
    if (this.self === undefined) {
      const message = 'this folder is a follower’s copy: write to its origin';
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'FOLLOWER' });
    }
    const { number } = this.self;
    const sequence = (this.heads.get(number)?.sequence ?? 0) + 1;
    this.extendBy(number, { epoch: this.ownEpoch, sequence }, first);
  }

  /** Records whose entry stands at `first`; it must be the next one of its origin. */
  extend({ origin, epoch, sequence }: LogPosition, first: number): void {
    const number = this.numberOf(origin);
    // Our own of an earlier epoch, sent back by others: what comes next comes after it.
    if (number === this.self?.number) this.ownEpoch = Math.max(this.ownEpoch, epoch + 1);
    this.extendBy(number, { epoch, sequence }, first);
  }

  private extendBy(number: number, head: Head, first: number): void {
    const { run } = this;
    this.heads.set(number, head);
    const goesOn = run?.number === number && run.epoch === head.epoch;
    if (!goesOn) this.begin({ number, ...head, first });
  }

  private begin(run: Run): void {
    const at = Buffer.allocUnsafe(8);
    at.writeBigUInt64BE(BigInt(run.first));
    this.table.put(originKey(run.number, run), at);
    const value = Buffer.allocUnsafe(14);
    value.writeUInt16BE(run.number, 0);
    value.writeUInt32BE(run.epoch, 2);
    value.writeBigUInt64BE(BigInt(run.sequence), 6);
    this.table.put(localKey(run.first), value);
    this.run = run;
  }

  private runAt(local: number): Run | undefined {
    const row = this.table.atOrBefore(localKey(local));
    return row?.key[0] === localByte ? readRun(row.key, row.value) : undefined;
  }

  private runAfter(local: number): Run | undefined {
    const [row] = this.table.chunk(localKey(local + 1), 1);
    return row?.key[0] === localByte ? readRun(row.key, row.value) : undefined;
  }

  /** Whose entry stands at a place of this log. */
  at(local: number): LogPosition {
    const isLast = this.run !== undefined && local >= this.run.first;
    const run = isLast ? this.run : this.runAt(local);
    assert(run, `nobody wrote entry ${local}`);
    const { number, epoch, sequence, first } = run;
    return { origin: this.names[number]!, epoch, sequence: sequence + local - first };
  }

  /** Where an origin's entry stands in this log; undefined when it is not here. */
  find({ origin, epoch, sequence }: LogPosition, head: number): number | undefined {
    const number = this.names.indexOf(origin);
    if (number < 0) return undefined;
    const row = this.table.atOrBefore(originKey(number, { epoch, sequence }));
    if (row?.key[0] !== originByte || row.key.readUInt16BE(1) !== number) return undefined;
    if (row.key.readUInt32BE(3) !== epoch) return undefined;
    const first = Number(row.value.readBigUInt64BE(0));
    const local = first + sequence - Number(row.key.readBigUInt64BE(7));
    const end = this.runAfter(first)?.first ?? head + 1;
    return local < end ? local : undefined;
  }

  /**
   * For an entry that is not here because a later epoch of its origin began before it: the last one
   * before that beginning, and the place under which the entry is kept as part of a lost epoch.
   */
  forkBefore({ origin, epoch, sequence }: LogPosition): Fork | undefined {
    const number = this.names.indexOf(origin);
    if (number < 0 || !originName.test(origin)) return undefined;
    let later = this.nextEpochOf(number, epoch);
    while (later && later.sequence > sequence) later = this.nextEpochOf(number, later.epoch);
    if (!later) return undefined;
    const earlier = this.table.atOrBefore(originKey(number, { epoch: later.epoch, sequence: 0 }));
    const isTheirs = earlier?.key[0] === originByte && earlier.key.readUInt16BE(1) === number;
    const sharedEpoch = isTheirs ? earlier.key.readUInt32BE(3) : 0;
    return {
      shared: { origin, epoch: sharedEpoch, sequence: later.sequence - 1 },
      lost: {
        origin: lostName(origin, later.epoch),
        epoch,
        sequence: sequence - later.sequence + 1,
      },
    };
  }

  /** The first entry of the next epoch of an origin. */
  private nextEpochOf(number: number, epoch: number): Head | undefined {
    if (epoch >= epochMax) return undefined;
    const [row] = this.table.chunk(originKey(number, { epoch: epoch + 1, sequence: 0 }), 1);
    if (row?.key[0] !== originByte || row.key.readUInt16BE(1) !== number) return undefined;
    return { epoch: row.key.readUInt32BE(3), sequence: Number(row.key.readBigUInt64BE(7)) };
  }

  /** Where an origin's first entry stands in this log. */
  firstOf(origin: string): number | undefined {
    const number = this.names.indexOf(origin);
    const [row] = this.table.chunk(originKey(number, { epoch: 0, sequence: 0 }), 1);
    if (row?.key[0] !== originByte || row.key.readUInt16BE(1) !== number) return undefined;
    return Number(row.value.readBigUInt64BE(0));
  }
}
