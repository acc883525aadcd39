// Counts to bytes and back: a snapshot of one moment taken in slices while counting goes on. It
// goes from row to row and writes each as it finds it. What is added to a row before its turn is
// written at once with the opposite sign, so the sum of all records shows the moment it began.
//
//   record: tag u8, then
//     1 NEXT, 2 SAME, 3 MEM, 4 SCOPE:  see records.ts; long rows in parts
//     5 item:         item | N | IN | OUT | OPP | REP | POP | SUPPORT | ON | ON0 |
//                         GAP_DAYS | GAPS | LAST | EXPECTED | REBOUGHT | EXPECTED_ONCE |
//                         REBOUGHT_ONCE; before its change
//     6 totals:       digest, then see totals.ts and habits.ts
//     7 … 10 change:  row of table 1 … 4 | key | -count | -weight
//     11 uncounted:   how many items | item × …: those that the counts leave out
//     12 merged:      how many items | (item | the one that it counts as) × …
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
  restoreChange,
  restoreRunningDigest,
  runningDigest,
  scopeRow,
  setSavingEpoch,
} from './counts';
import { refreshFactors, restoreItem, saveItem, startSavingItems } from './counters';
import { isUncounted, setUncounted, uncountedItems } from './eligible';
import { restoreHabits, saveHabits } from './habits';
import { itemCount, memRow, nextRow, record, sameRow, setSold } from './items';
import {
  ROWS_A_PLACE,
  ITEM_LAST,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_SUPPORT,
  TABLE_NEXT,
  TABLE_SCOPE,
  TAG_CHANGE,
  TAG_ITEM,
  TAG_MERGED,
  TAG_TOTALS,
  TAG_UNCOUNTED,
} from './layout';
import { mergedItems, setSurvivor, survivorOf } from './merged';
import { rebuildPopular } from './popular';
import { dropParts, hasParts, restoreRow, savePart, saveRow } from './records';
import { storeCount } from './scopes';
import { addLast, addGaps, restoreTotals, saveTotals } from './totals';

let epoch: u32 = 0;
let cursor: u32 = 0;
let itemsAtStart: u32 = 0;
let scopesAtStart: u32 = 0;
/** The running digest as it was saved: reading the records moves it. */
let restoredDigest: u64 = 0;

/** Begins a snapshot of this moment: nothing is written but the totals. */
export function startSnapshot(): void {
  epoch++;
  cursor = 0;
  itemsAtStart = itemCount;
  scopesAtStart = storeCount() * ROWS_A_PLACE;
  setSavingEpoch(epoch, itemsAtStart, scopesAtStart);
  startSavingItems();
  dropParts();
  drainSnapshot();
  reserveVarints(2);
  putByte(TAG_TOTALS);
  putVarint(runningDigest());
  saveTotals();
  saveHabits();
  saveUncounted();
  saveMerged();
}

function saveUncounted(): void {
  if (!uncountedItems) return;
  reserveVarints(2 + uncountedItems);
  putByte(TAG_UNCOUNTED);
  putVarint(uncountedItems);
  for (let item: u32 = 0; item < itemCount; item++) if (isUncounted(item)) putVarint(item);
}

function saveMerged(): void {
  if (!mergedItems) return;
  reserveVarints(2 + 2 * mergedItems);
  putByte(TAG_MERGED);
  putVarint(mergedItems);
  for (let item: u32 = 0; item < itemCount; item++) {
    const survivor = survivorOf(item);
    if (survivor == item) continue;
    putVarint(item);
    putVarint(survivor);
  }
}

/** After its tag, as the next. */
function restoreMerged(): void {
  for (let left = <u32>getVarint(); left > 0; left--) {
    const item = <u32>getVarint();
    setSurvivor(item, <u32>getVarint());
  }
}

/** After its tag; the items themselves may come later, there is room for them. */
function restoreUncounted(): void {
  for (let left = <u32>getVarint(); left > 0; left--) setUncounted(<u32>getVarint(), true);
}

/** Writes until about `bytes` more lie ready or all is written; returns whether it is. */
export function continueSnapshot(bytes: u32): bool {
  const enough = snapshotBytes() + bytes;
  const rows = itemsAtStart * 3 + scopesAtStart;
  while (snapshotBytes() < enough) {
    if (hasParts()) {
      savePart();
    } else if (cursor < rows) {
      saveNext();
    } else {
      setSavingEpoch(0, 0, 0);
      return true;
    }
  }
  return false;
}

function saveNext(): void {
  const at = cursor++;
  if (at < itemsAtStart) {
    saveItem(at);
    saveRow(nextRow(at));
  } else if (at < itemsAtStart * 2) {
    saveRow(sameRow(at - itemsAtStart));
  } else if (at < itemsAtStart * 3) {
    saveRow(memRow(at - itemsAtStart * 2));
  } else {
    saveRow(scopeRow(at - itemsAtStart * 3));
  }
}

/** Gives up the snapshot that is being taken. */
export function abandonSnapshot(): void {
  setSavingEpoch(0, 0, 0);
  dropParts();
  drainSnapshot();
}

/**
 * Reads the records of one block into counts that were empty, with room for its rows (index.ts,
 * prepareRestore); the items themselves may come later. Returns false when the block is not
 * understood.
 */
export function restoreSnapshot(address: u32, bytes: u32): bool {
  readFrom(address);
  const end = address + bytes;
  while (readPosition() < end) {
    const tag = getByte();
    if (tag >= TABLE_NEXT && tag <= TABLE_SCOPE) {
      restoreRow(tag);
    } else if (tag >= TAG_CHANGE + TABLE_NEXT && tag <= TAG_CHANGE + TABLE_SCOPE) {
      restoreChange(tag - TAG_CHANGE);
    } else if (tag == TAG_ITEM) {
      restoreItem();
    } else if (tag == TAG_UNCOUNTED) {
      restoreUncounted();
    } else if (tag == TAG_MERGED) {
      restoreMerged();
    } else if (tag == TAG_TOTALS) {
      restoredDigest = getVarint();
      restoreTotals();
      restoreHabits();
    } else {
      return false;
    }
  }
  return readPosition() == end;
}

/** After the last block, when all items and stores are registered: derives what is not stored. */
export function finishRestore(): void {
  restoreRunningDigest(restoredDigest);
  for (let item: u32 = 0; item < itemCount; item++) {
    refreshFactors(item);
    setSold(item, load<i64>(record(item), ITEM_SUPPORT) > 0);
    addGaps(load<i64>(record(item), ITEM_GAP_DAYS), load<i64>(record(item), ITEM_GAPS));
    addLast(load<i64>(record(item), ITEM_LAST));
  }
  rebuildPopular();
}
