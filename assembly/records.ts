// Rows as records of a snapshot: a row that is passed is written whole, or copied at once and
// written in parts when it is long.

import { putByte, putVarint, putZigzag, reserveVarints } from './bytes';
import { numberOf, savingEpoch, tableOf } from './counts';
import { allocate, release } from './heap';
import {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  KEY_MASK,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_SAVED,
  ROW_SIZE,
} from './layout';

/** Some 0.2 ms of writing; the copy of a row of 100,000 cells takes about as long. */
const PART_SLOTS: u32 = 2048;

/** The row that is being written in parts: its cells as they were, and how far it is. */
let copy: u32 = 0;
let copyBytes: u32 = 0;
let copyAt: u32 = 0;
let copyTable: u32 = 0;
let copyNumber: u32 = 0;

/** Whether parts of a row have still to be written. */
export function hasParts(): bool {
  return copy != 0;
}

/** Writes a row as it stands, or begins to. */
export function saveRow(row: u32): void {
  store<u32>(row, savingEpoch, ROW_SAVED);
  const size = load<u32>(row, ROW_SIZE);
  if (!size) return;
  const table = tableOf(row);
  const number = numberOf(row, table);
  const cells = load<u32>(row, ROW_CELLS);
  const slots = load<u32>(row, ROW_CAPACITY);
  if (slots <= PART_SLOTS) {
    writeCells(table, number, cells, slots);
    return;
  }
  copyBytes = slots * CELL_BYTES;
  copy = allocate(copyBytes);
  memory.copy(copy, cells, copyBytes);
  copyAt = 0;
  copyTable = table;
  copyNumber = number;
}

/** Writes one part of the row that has been begun. */
export function savePart(): void {
  const bytes = min(PART_SLOTS * CELL_BYTES, copyBytes - copyAt);
  writeCells(copyTable, copyNumber, copy + copyAt, bytes / CELL_BYTES);
  copyAt += bytes;
  if (copyAt == copyBytes) dropParts();
}

/** Gives up the row that has been begun, if any. */
export function dropParts(): void {
  release(copy, copyBytes);
  copy = 0;
}

/** table u8 | row | cells | cells × (key, count, weight) */
function writeCells(table: u32, number: u32, cells: u32, slots: u32): void {
  const end = cells + slots * CELL_BYTES;
  let size: u32 = 0;
  for (let at = cells; at < end; at += CELL_BYTES) {
    size += <u32>(load<u32>(at, CELL_KEY) != EMPTY);
  }
  reserveVarints(3 + size * 3);
  putByte(table);
  putVarint(number);
  putVarint(size);
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    putVarint(key & KEY_MASK);
    putZigzag(load<i32>(at, CELL_COUNT));
    putZigzag(load<i64>(at, CELL_WEIGHT));
  }
}
