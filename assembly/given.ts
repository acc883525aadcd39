// What each anchor of a request gave, noted as it is added up, so that reasons need neither its row
// nor the arithmetic again.

import { epoch } from './accumulate';
import { allocate, release } from './heap';
import { TABLE_MEM, VIEW_SERVED } from './layout';

/** given, one an anchor: count u32 | touched u32 | VIEW_SERVED × (item u32, value f32) */
export const GIVEN_HEADER: u32 = 8;
export const GIVEN_ENTRY: u32 = 8;
const GIVEN_BYTES: u32 = GIVEN_HEADER + VIEW_SERVED * GIVEN_ENTRY;
/** Of the same entries, before they are scaled: VIEW_SERVED × f64. */
const SQUARES_BYTES: u32 = VIEW_SERVED * 8;

/** Of MEM, and of NEXT or SAME: one request may add up two tables. */
let ofMembers: u32 = 0;
let ofBaskets: u32 = 0;
let squaresOfMembers: u32 = 0;
let squaresOfBaskets: u32 = 0;
let capacity: u32 = 0;
/** The requests that noted them and that gathered their squares, and whether of NEXT or SAME. */
let membersGiven: u32 = 0;
let basketsGiven: u32 = 0;
let membersGathered: u32 = 0;
let basketsGathered: u32 = 0;
let basketsTable: u32 = 0;

/** Room for what `anchors` of them give. */
export function makeRoomToGive(anchors: u32): void {
  if (anchors <= capacity) return;
  ofMembers = roomFor(ofMembers, anchors, GIVEN_BYTES);
  ofBaskets = roomFor(ofBaskets, anchors, GIVEN_BYTES);
  squaresOfMembers = roomFor(squaresOfMembers, anchors, SQUARES_BYTES);
  squaresOfBaskets = roomFor(squaresOfBaskets, anchors, SQUARES_BYTES);
  capacity = largerThan(anchors);
}

/** Whether the request that goes on has noted what a table gave. */
export function wasGiven(table: u32): bool {
  if (table == TABLE_MEM) return membersGiven == epoch;
  return basketsGiven == epoch && basketsTable == table;
}

export function noteGiven(table: u32): void {
  if (table == TABLE_MEM) {
    membersGiven = epoch;
  } else {
    basketsGiven = epoch;
    basketsTable = table;
  }
}

/** Whether the request that goes on has gathered a table's squares. */
export function wasGathered(table: u32): bool {
  if (table == TABLE_MEM) return membersGathered == epoch;
  return basketsGathered == epoch && basketsTable == table;
}

export function noteGathered(table: u32): void {
  if (table == TABLE_MEM) {
    membersGathered = epoch;
  } else {
    basketsGathered = epoch;
    basketsTable = table;
  }
}

function largerThan(anchors: u32): u32 {
  return max<u32>(256, anchors + (anchors >> 1));
}

function roomFor(block: u32, anchors: u32, bytes: u32): u32 {
  release(block, capacity * bytes);
  return allocate(largerThan(anchors) * bytes);
}

/** Where an anchor's squares are. */
// @ts-expect-error: decorator
@inline
export function squaresAt(table: u32, anchor: u32): u32 {
  return (table == TABLE_MEM ? squaresOfMembers : squaresOfBaskets) + anchor * SQUARES_BYTES;
}

/** Where an anchor's count stands; its entries begin GIVEN_HEADER later. */
// @ts-expect-error: decorator
@inline
export function givenAt(table: u32, anchor: u32): u32 {
  return (table == TABLE_MEM ? ofMembers : ofBaskets) + anchor * GIVEN_BYTES;
}

/** Notes one entry and returns where the next goes. */
// @ts-expect-error: decorator
@inline
export function giveOne(at: u32, item: u32, value: f32): u32 {
  store<u32>(at, item);
  store<f32>(at, value, 4);
  return at + GIVEN_ENTRY;
}

/** Keeps the compiler from leaving out loads that are made for the cache alone. */
// @ts-expect-error: decorator
@inline
export function noteTouched(given: u32, sum: u32): void {
  store<u32>(given, sum, 4);
}

/** Ends an anchor's entries at `end`. */
// @ts-expect-error: decorator
@inline
export function endGiven(given: u32, end: u32): void {
  store<u32>(given, (end - given - GIVEN_HEADER) / GIVEN_ENTRY);
}
