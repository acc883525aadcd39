// Counts to bytes and back: a snapshot of one moment taken in slices while counting goes on.
// Whatever is about to change before its turn has come is written out first, so every record shows
// the moment the snapshot began.
//
//   record: tag u8, then
//     1 NEXT, 2 SAME, 3 MEM, 4 SCOPE:  row | cells | cells × (key | count | weight)
//     5 item:    item | N | IN | OUT | OPP | REP | POP | SUPPORT | ON | ON0
//     6 totals:  see totals.ts
import {
  drainSnapshot,
  getByte,
  getVarint,
  putByte,
  putVarint,
  readFrom,
  readPosition,
  reserveVarints,
  snapshotBytes,
} from './bytes';
import {
  isRowSaved,
  memRow,
  nextRow,
  restoreRow,
  restoreRunningDigest,
  runningDigest,
  sameRow,
  savingEpoch,
  saveRow,
  scopeRow,
  setSavingEpoch,
} from './counts';
import { itemCount, refreshFactors, restoreItem, saveItem, startSavingItems } from './items';
import { DAYPARTS, TABLE_NEXT, TABLE_SCOPE, TAG_ITEM } from './layout';
import { rebuildPopular } from './popular';
import { storeCount } from './scopes';
import { restoreTotals, saveTotals } from './totals';

const TAG_TOTALS: u32 = 6;

let epoch: u32 = 0;
let cursor: u32 = 0;
let itemsAtStart: u32 = 0;
let scopesAtStart: u32 = 0;

/** Begins a snapshot of this moment: nothing is written but the totals. */
export function startSnapshot(): void {
  epoch++;
  setSavingEpoch(epoch);
  cursor = 0;
  itemsAtStart = itemCount;
  startSavingItems();
  scopesAtStart = storeCount() * DAYPARTS;
  drainSnapshot();
  reserveVarints(2);
  putByte(TAG_TOTALS);
  putVarint(runningDigest());
  saveTotals();
}

/** Writes until about `bytes` more lie ready or all is written; returns whether it is. */
export function continueSnapshot(bytes: u32): bool {
  const enough = snapshotBytes() + bytes;
  const rows = itemsAtStart * 3 + scopesAtStart;
  while (cursor < rows && snapshotBytes() < enough) {
    if (cursor < itemsAtStart) {
      saveItem(cursor);
      saveOnce(nextRow(cursor));
    } else if (cursor < itemsAtStart * 2) {
      saveOnce(sameRow(cursor - itemsAtStart));
    } else if (cursor < itemsAtStart * 3) {
      saveOnce(memRow(cursor - itemsAtStart * 2));
    } else {
      saveOnce(scopeRow(cursor - itemsAtStart * 3));
    }
    cursor++;
  }
  if (cursor < rows) return false;
  setSavingEpoch(0);
  return true;
}

function saveOnce(row: u32): void {
  if (!isRowSaved(row)) saveRow(row);
}

/** Gives up the snapshot that is being taken. */
export function abandonSnapshot(): void {
  setSavingEpoch(0);
  drainSnapshot();
}

export function isSaving(): bool {
  return savingEpoch != 0;
}

/**
 * Reads the records of one block into counts that were empty. Returns false when the block is not
 * understood.
 */
export function restoreSnapshot(address: u32, bytes: u32): bool {
  readFrom(address);
  const end = address + bytes;
  while (readPosition() < end) {
    const tag = getByte();
    if (tag >= TABLE_NEXT && tag <= TABLE_SCOPE) {
      restoreRow(tag);
    } else if (tag == TAG_ITEM) {
      restoreItem();
    } else if (tag == TAG_TOTALS) {
      const digest = getVarint();
      restoreTotals();
      restoreRunningDigest(digest);
    } else {
      return false;
    }
  }
  return readPosition() == end;
}

/** After the last block: derives what is not stored. */
export function finishRestore(): void {
  for (let item: u32 = 0; item < itemCount; item++) refreshFactors(item);
  rebuildPopular();
}
