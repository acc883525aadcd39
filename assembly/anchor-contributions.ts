// What each anchor contributed to each item's score in this request, recorded as it is added up, so
// that reasons need neither its row
// nor the arithmetic again.

import { epoch } from './accumulate';
import { allocate, release } from './heap';
import { TABLE_MEM, TABLE_NEXT, VIEW_SERVED } from './layout';

/**
 * contributions, one block an anchor:
 * count u32 | touched u32 | VIEW_SERVED × (item u32, value f32)
 */
export const CONTRIBUTIONS_HEADER: u32 = 8;
export const CONTRIBUTION_BYTES: u32 = 8;
const CONTRIBUTIONS_BYTES: u32 = CONTRIBUTIONS_HEADER + VIEW_SERVED * CONTRIBUTION_BYTES;
/** Of the same entries, before they are scaled: VIEW_SERVED × f64. */
const SQUARES_BYTES: u32 = VIEW_SERVED * 8;

/**
 * notes, one of each table: where its contributions and its squares are, u32 each | the request
 * that recorded the contributions u32 | the request that gathered the squares u32
 */
const NOTES_BYTES: u32 = 16;
const NOTES_SQUARES: u32 = 4;
const NOTES_RECORDED_BY: u32 = 8;
const NOTES_GATHERED_BY: u32 = 12;
let notes: u32 = 0;
/** Anchors that there is room for. */
let capacity: u32 = 0;

export function startAnchorContributions(): void {
  const bytes = (TABLE_MEM + 1) * NOTES_BYTES;
  notes = allocate(bytes);
  memory.fill(notes, 0, bytes);
}

// @ts-expect-error: decorator
@inline
function notesOf(table: u32): u32 {
  return notes + table * NOTES_BYTES;
}

/** Room for the contributions of so many anchors. */
export function reserveContributions(anchors: u32): void {
  if (anchors <= capacity) return;
  const larger = max<u32>(256, anchors + (anchors >> 1));
  for (let table = TABLE_NEXT; table <= TABLE_MEM; table++) {
    const at = notesOf(table);
    release(load<u32>(at));
    release(load<u32>(at, NOTES_SQUARES));
    store<u32>(at, allocate(larger * CONTRIBUTIONS_BYTES));
    store<u32>(at, allocate(larger * SQUARES_BYTES), NOTES_SQUARES);
  }
  capacity = larger;
}

/** Whether the request that goes on has recorded the contributions from a table. */
export function hasContributions(table: u32): bool {
  return load<u32>(notesOf(table), NOTES_RECORDED_BY) == epoch;
}

export function recordContributions(table: u32): void {
  store<u32>(notesOf(table), epoch, NOTES_RECORDED_BY);
}

/** Whether the request that goes on has gathered a table's squares. */
export function wasGathered(table: u32): bool {
  return load<u32>(notesOf(table), NOTES_GATHERED_BY) == epoch;
}

export function recordGathered(table: u32): void {
  store<u32>(notesOf(table), epoch, NOTES_GATHERED_BY);
}

/** Where an anchor's count stands; its entries begin CONTRIBUTIONS_HEADER later. */
// @ts-expect-error: decorator
@inline
export function contributionsAt(table: u32, anchor: u32): u32 {
  return load<u32>(notesOf(table)) + anchor * CONTRIBUTIONS_BYTES;
}

/** Where an anchor's squares are. */
// @ts-expect-error: decorator
@inline
export function squaresAt(table: u32, anchor: u32): u32 {
  return load<u32>(notesOf(table), NOTES_SQUARES) + anchor * SQUARES_BYTES;
}

/** Records one entry and returns where the next goes. */
// @ts-expect-error: decorator
@inline
export function addContribution(at: u32, item: u32, value: f32): u32 {
  store<u32>(at, item);
  store<f32>(at, value, 4);
  return at + CONTRIBUTION_BYTES;
}

/** Keeps the compiler from leaving out loads that are made for the cache alone. */
// @ts-expect-error: decorator
@inline
export function recordTouched(contributions: u32, sum: u32): void {
  store<u32>(contributions, sum, 4);
}

/** Ends an anchor's entries at `end`. */
// @ts-expect-error: decorator
@inline
export function endContributions(contributions: u32, end: u32): void {
  store<u32>(contributions, (end - contributions - CONTRIBUTIONS_HEADER) / CONTRIBUTION_BYTES);
}
