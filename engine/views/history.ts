// A member's baskets as bytes: the format that assembly/history.ts reads straight into the kernel.
//
// entry: occurredAtMs f64 | purchaseSequence f64 | addedAt f64 | removedAt f64 (0: live) | store
// u32 (0: none)
//          | daypart u8 | idLength u8 | lines u16
//          | lines × (itemNumber u32, quantity u32, returned u32)
//          | purchaseId bytes, padded with zeros to a multiple of 4
//
// Entries stand in (occurredAtMs, purchaseId bytes) order, lines in (id hash, id) order, all
// little-endian. An entry is never changed: it is marked removed and its successor put beside it,
// so that a history can be read as of a sequence.

const headerBytes = 40;
const lineBytes = 12;

export interface HistoryLine {
  readonly itemNumber: number;
  readonly quantity: number;
  readonly returned: number;
}

export interface HistoryEntry {
  readonly occurredAtMs: number;
  /** Where the receipt stands in the log. */
  readonly purchaseSequence: number;
  readonly addedAt: number;
  /** 0 while it counts. */
  readonly removedAt: number;
  /** 0 for none. */
  readonly storeNumber: number;
  readonly daypart: number;
  readonly purchaseId: string;
  readonly lines: readonly HistoryLine[];
}

/**
 * The log sequences at which checkpoints stand: the durable one and the one being written. 0: none.
 */
export interface Checkpoints {
  readonly oldest: number;
  readonly newest: number;
}

/** Whether some checkpoint still counts an entry that was removed. */
function isNeeded(addedAt: number, removedAt: number, { oldest, newest }: Checkpoints): boolean {
  return addedAt <= newest && removedAt > oldest;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

export function encodeHistoryEntry(entry: HistoryEntry): Buffer {
  const idLength = Buffer.byteLength(entry.purchaseId);
  const idStart = headerBytes + entry.lines.length * lineBytes;
  const bytes = Buffer.allocUnsafe(idStart + padded(idLength));
  bytes.fill(0, idStart + idLength);
  bytes.writeDoubleLE(entry.occurredAtMs, 0);
  bytes.writeDoubleLE(entry.purchaseSequence, 8);
  bytes.writeDoubleLE(entry.addedAt, 16);
  bytes.writeDoubleLE(entry.removedAt, 24);
  bytes.writeUInt32LE(entry.storeNumber, 32);
  bytes.writeUInt8(entry.daypart, 36);
  bytes.writeUInt8(idLength, 37);
  bytes.writeUInt16LE(entry.lines.length, 38);
  let at = headerBytes;
  for (const { itemNumber, quantity, returned } of entry.lines) {
    bytes.writeUInt32LE(itemNumber, at);
    bytes.writeUInt32LE(quantity, at + 4);
    bytes.writeUInt32LE(returned, at + 8);
    at += lineBytes;
  }
  bytes.write(entry.purchaseId, idStart);
  return bytes;
}

function entryLength(history: Buffer, at: number): number {
  return (
    headerBytes + history.readUInt16LE(at + 38) * lineBytes + padded(history.readUInt8(at + 37))
  );
}

function decodeEntryAt(history: Buffer, at: number): HistoryEntry {
  const lineCount = history.readUInt16LE(at + 38);
  const idStart = at + headerBytes + lineCount * lineBytes;
  const lines = Array.from({ length: lineCount }, (_, index) => {
    const line = at + headerBytes + index * lineBytes;
    return {
      itemNumber: history.readUInt32LE(line),
      quantity: history.readUInt32LE(line + 4),
      returned: history.readUInt32LE(line + 8),
    };
  });
  return {
    occurredAtMs: history.readDoubleLE(at),
    purchaseSequence: history.readDoubleLE(at + 8),
    addedAt: history.readDoubleLE(at + 16),
    removedAt: history.readDoubleLE(at + 24),
    storeNumber: history.readUInt32LE(at + 32),
    daypart: history.readUInt8(at + 36),
    purchaseId: history.toString('utf8', idStart, idStart + history.readUInt8(at + 37)),
    lines,
  };
}

/** Oldest first; removed entries too. */
export function decodeHistory(history: Buffer | undefined): HistoryEntry[] {
  if (!history) return [];
  const entries: HistoryEntry[] = [];
  for (let at = 0; at < history.length; at += entryLength(history, at)) {
    entries.push(decodeEntryAt(history, at));
  }
  return entries;
}

/** The same one by one, with the byte at which each ends. */
export function* walkHistory(
  history: Buffer | undefined,
): IterableIterator<{ readonly entry: HistoryEntry; readonly end: number }> {
  if (!history) return;
  for (let at = 0; at < history.length; at += entryLength(history, at)) {
    yield { entry: decodeEntryAt(history, at), end: at + entryLength(history, at) };
  }
}

/** Negative when the entry at `at` stands before (occurredAtMs, purchaseId). */
function compareAt(history: Buffer, at: number, occurredAtMs: number, purchaseId: Buffer): number {
  const difference = history.readDoubleLE(at) - occurredAtMs;
  return difference === 0 ? idAt(history, at).compare(purchaseId) : difference;
}

/** Puts one entry in its place. A new history; `history` is left as it is. */
export function insertEntry(history: Buffer | undefined, entry: HistoryEntry): Buffer {
  const added = encodeHistoryEntry(entry);
  if (!history || history.length === 0) return added;
  const purchaseId = Buffer.from(entry.purchaseId);
  let place = 0;
  for (let at = 0; at < history.length; at += entryLength(history, at)) {
    if (compareAt(history, at, entry.occurredAtMs, purchaseId) > 0) break;
    place = at + entryLength(history, at);
  }
  return Buffer.concat([history.subarray(0, place), added, history.subarray(place)]);
}

/**
 * Marks the live entry of a receipt removed at `sequence`, and drops removed entries that no
 * checkpoint counts. Returns the history without its live entry, and that entry.
 */
export function removeEntry(
  history: Buffer,
  options: {
    readonly purchaseSequence: number;
    readonly sequence: number;
    readonly checkpoints: Checkpoints;
  },
): { readonly history: Buffer; readonly entry: HistoryEntry | undefined } {
  let entry: HistoryEntry | undefined;
  const parts: Buffer[] = [];
  for (let at = 0; at < history.length; at += entryLength(history, at)) {
    const part = Buffer.from(history.subarray(at, at + entryLength(history, at)));
    const live = part.readDoubleLE(24) === 0;
    if (live && part.readDoubleLE(8) === options.purchaseSequence) {
      entry = decodeEntryAt(part, 0);
      part.writeDoubleLE(options.sequence, 24);
    }
    const removedAt = part.readDoubleLE(24);
    const addedAt = part.readDoubleLE(16);
    const stays = removedAt === 0 || isNeeded(addedAt, removedAt, options.checkpoints);
    if (stays) parts.push(part);
  }
  return { history: Buffer.concat(parts), entry };
}

/** The union of two histories: every live entry of `from` put in its place in `into`. */
export function uniteHistories(
  from: Buffer = Buffer.alloc(0),
  into: Buffer = Buffer.alloc(0),
): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (let next = 0; next < from.length; ) {
    const end = next + entryLength(from, next);
    if (from.readDoubleLE(next + 24) === 0) {
      const start = at;
      // What stands equal in `into` stays first.
      while (at < into.length && compareEntries(into, at, from, next) <= 0) {
        at += entryLength(into, at);
      }
      parts.push(into.subarray(start, at), from.subarray(next, end));
    }
    next = end;
  }
  return Buffer.concat([...parts, into.subarray(at)]);
}

/** The purchaseId of the entry at `at`. */
function idAt(history: Buffer, at: number): Buffer {
  const start = at + headerBytes + history.readUInt16LE(at + 38) * lineBytes;
  return history.subarray(start, start + history.readUInt8(at + 37));
}

function compareEntries(one: Buffer, at: number, other: Buffer, otherAt: number): number {
  return compareAt(one, at, other.readDoubleLE(otherAt), idAt(other, otherAt));
}

/**
 * What checkpoints count of a history that is erased at `sequence`, without ids and places in the
 * log.
 */
export function residueOf(
  history: Buffer | undefined,
  sequence: number,
  checkpoints: Checkpoints,
): Buffer | undefined {
  const counted = decodeHistory(history).filter(({ addedAt, removedAt }) =>
    isNeeded(addedAt, removedAt || sequence, checkpoints),
  );
  if (counted.length === 0) return undefined;
  const stripped = counted.map((entry) =>
    encodeHistoryEntry({ ...entry, purchaseSequence: 0, purchaseId: '' }),
  );
  return Buffer.concat(stripped);
}

/** Whether any entry counts now. */
export function hasLiveEntries(history: Buffer): boolean {
  for (let at = 0; at < history.length; at += entryLength(history, at)) {
    if (history.readDoubleLE(at + 24) === 0) return true;
  }
  return false;
}
