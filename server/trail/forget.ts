// What an erase does to the trail: the salts of the member, and the member in clear, are written
// over with zeros. The tree stays as it is, and its commitments name nobody any more.
import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErasedIds, nextTurn } from '../../engine/index.ts';
import { lineOf, textOf } from './entry.ts';
import { countSegments, readWhole, subjectsPath, syncFolderSoon } from './files.ts';
import { trailLimits } from './limits.ts';
import { decodeSlot, encodeSlot, isErased, keyMarkOf, slotBytes } from './slots.ts';

const { segmentEntries } = trailLimits;

/** Slots that are to be destroyed, by segment. */
export type FoundSlots = Map<number, number[]>;

/** Where a look through the slots has ended. */
export interface Looked {
  readonly segment: number;
  readonly slots: number;
}

export const lookedAtNothing: Looked = { segment: 0, slots: 0 };

/** Finds the slots of who was erased, from where another look has ended; adds them to `found`. */
export async function findErased(
  folder: string,
  erased: ErasedIds,
  from: Looked,
  found: FoundSlots,
): Promise<Looked> {
  const segments = countSegments(folder);
  let looked = from;
  for (let segment = from.segment; segment < segments; segment++) {
    const bytes = readWhole(subjectsPath(folder, segment));
    const slots = Math.floor(bytes.length / slotBytes);
    const start = segment === from.segment ? from.slots : 0;
    const those = await erasedIn(bytes, start, slots, erased);
    if (those.length > 0) found.set(segment, [...(found.get(segment) ?? []), ...those]);
    looked = { segment, slots };
  }
  return looked;
}

async function erasedIn(
  bytes: Buffer,
  start: number,
  end: number,
  erased: ErasedIds,
): Promise<number[]> {
  const leaves = new Set<number>();
  const mark = keyMarkOf(erased);
  const unreadable: number[] = [];
  for (let at = start; at < end; at++) {
    if ((at - start) % trailLimits.turnSubjects === trailLimits.turnSubjects - 1) await nextTurn();
    const slot = decodeSlot(bytes.subarray(at * slotBytes, (at + 1) * slotBytes));
    // Half of an id that was being destroyed when the power failed; else it proves nothing.
    if (slot === undefined) unreadable.push(at);
    else if (slot.secret !== undefined && isErased(slot.secret, erased, mark)) {
      leaves.add(slot.leafIndex);
    }
  }
  const those = new Set(unreadable);
  // All of an entry goes: a receipt beside a member leads to them.
  for (let at = start; at < end && leaves.size > 0; at++) {
    if (leaves.has(bytes.readUIntLE(at * slotBytes, 6))) those.add(at);
  }
  return [...those].sort((one, other) => one - other);
}

/** Zeros on disk when it resolves. To be called while nobody else writes. */
export async function destroy(folder: string, found: FoundSlots): Promise<void> {
  for (const [segment, slots] of found) {
    const file = await open(subjectsPath(folder, segment), 'r+');
    try {
      const { size } = await file.stat();
      for (const slot of slots) {
        const at = slot * slotBytes;
        if (at + slotBytes > size) continue;
        const { buffer } = await file.read(Buffer.alloc(slotBytes), 0, slotBytes, at);
        const place = decodeSlot(buffer) ?? { leafIndex: segment * segmentEntries, ordinal: 255 };
        const { leafIndex, ordinal } = place;
        await file.write(encodeSlot({ leafIndex, ordinal }), 0, slotBytes, at);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

/** How many ids the ledger of `owner` had when all of them were taken out; -1: not known. */
export function readForgotten(folder: string, owner: string): number {
  const path = forgottenPath(folder, owner);
  const text = existsSync(path) ? textOf(readFileSync(path).subarray(0, -1)) : undefined;
  return text === undefined ? -1 : Number(text.toString());
}

export async function writeForgotten(folder: string, owner: string, size: number): Promise<void> {
  const path = forgottenPath(folder, owner);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(lineOf(String(size)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolderSoon(folder);
}

function forgottenPath(folder: string, owner: string): string {
  return join(folder, `forgotten-${owner}`);
}
