// What each anchor of a request gave, noted as it is added up, so that reasons need neither its row
// nor the arithmetic again.

import { epoch } from './accumulate';
import { allocate, release } from './heap';
import { TABLE_MEM, VIEW_SERVED } from './layout';

/** given, one an anchor: count u32 | 0 | VIEW_SERVED × (item u32, value f32) */
export const GIVEN_HEADER: u32 = 8;
export const GIVEN_ENTRY: u32 = 8;
const GIVEN_BYTES: u32 = GIVEN_HEADER + VIEW_SERVED * GIVEN_ENTRY;

/** Of MEM, and of NEXT or SAME: one request may add up two tables. */
let ofMembers: u32 = 0;
let ofBaskets: u32 = 0;
let membersCapacity: u32 = 0;
let basketsCapacity: u32 = 0;

/** The requests that noted them. */
let membersEpoch: u32 = 0;
let basketsEpoch: u32 = 0;

/** Whether the request that goes on has noted what a table gave. */
export function wasGiven(table: u32): bool {
  return (table == TABLE_MEM ? membersEpoch : basketsEpoch) == epoch;
}

/** Room for what `anchors` of them give. */
export function startGiven(table: u32, anchors: u32): void {
  if (table == TABLE_MEM) {
    membersEpoch = epoch;
    if (anchors <= membersCapacity) return;
    release(ofMembers, membersCapacity * GIVEN_BYTES);
    membersCapacity = roomFor(anchors);
    ofMembers = allocate(membersCapacity * GIVEN_BYTES);
  } else {
    basketsEpoch = epoch;
    if (anchors <= basketsCapacity) return;
    release(ofBaskets, basketsCapacity * GIVEN_BYTES);
    basketsCapacity = roomFor(anchors);
    ofBaskets = allocate(basketsCapacity * GIVEN_BYTES);
  }
}

function roomFor(anchors: u32): u32 {
  return max<u32>(256, anchors + (anchors >> 1));
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

/** Ends an anchor's entries at `end`. */
// @ts-expect-error: decorator
@inline
export function endGiven(given: u32, end: u32): void {
  store<u32>(given, (end - given - GIVEN_HEADER) / GIVEN_ENTRY);
}
