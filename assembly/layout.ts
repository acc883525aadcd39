// The byte map: what lies where in linear memory. TypeScript reads offsets from exports, never
// copies them.
//
//   0 ............ __heap_base     AssemblyScript's own statics (none of ours)
//   __heap_base .. start           the heap's tables
//   start ........ end             blocks of heap.ts:
//
//   hot records    16 B an item    | acc f32 | inFactor f32 | pop f32 | sameFactor f32 |
//   marks          16 B an item    | stamp u32 | idHash's high half u32 | flags u32 | slot u32 |
//   mem factors     4 B an item    | ON^-0.5 f32 |
//   sequence factors 4 B an item   | IN^-0.2 f32 |
//   lasts           4 B an item    | LAST as a plain number f32 |
//   touched         4 B an item    | item u32 |, those that a request has touched
//   bitmaps         1 bit an item  of each, the first item's in bit 0 of the first word
//   segments      248 B an item    1,024 items each, never moved and never given back:
//     record       136 B           | idHash u64 | N | IN | OUT | OPP | REP | POP | SUPPORT | ON |
//                                  | ON0 | GAP_DAYS | GAPS | LAST | EXPECTED | REBOUGHT |
//                                  | EXPECTED_ONCE | REBOUGHT_ONCE | (the counters i64 each)
//     directories  3 × 32 B        of its rows in NEXT, SAME and MEM, as those of scopes:
//                                  | cells u32 | capacity u32 | size u32 | view u32 | saved u32 |
//                                  | estimated u32 | estimatedBy u32 | owner u32 |
//                                  (of a scope, in place of a view: its tops, see tops.ts)
//     counting     16 B            | seen u32 | counted u32 | place u32 | saved u32 |
//   cells          16 B a cell     | key u32 | count i32 | weight i64 |
//                                  (key: bit 31 in the view, all ones empty)
//   view           16 B + 64 × 8 B | count u32 | stale u32 | 0 | 0 |
//                                  | (number u32, weight f32) × 64, best first |

/** Raised whenever an offset, a record or the meaning of an export changes. */
export const LAYOUT_VERSION: u32 = 8;

export const ITEM_HASH: u32 = 0;
export const ITEM_N: u32 = 8;
export const ITEM_IN: u32 = 16;
export const ITEM_OUT: u32 = 24;
export const ITEM_OPP: u32 = 32;
export const ITEM_REP: u32 = 40;
export const ITEM_POP: u32 = 48;
export const ITEM_SUPPORT: u32 = 56;
export const ITEM_ON: u32 = 64;
export const ITEM_ON0: u32 = 72;
export const ITEM_GAP_DAYS: u32 = 80;
export const ITEM_GAPS: u32 = 88;
export const ITEM_LAST: u32 = 96;
export const ITEM_EXPECTED: u32 = 104;
export const ITEM_REBOUGHT: u32 = 112;
export const ITEM_EXPECTED_ONCE: u32 = 120;
export const ITEM_REBOUGHT_ONCE: u32 = 128;
/** From ITEM_N on, i64 each. */
export const ITEM_COUNTERS: u32 = 16;

/** The directories of an item's rows, and what counting a history notes of the item. */
export const ITEM_NEXT: u32 = 136;
export const ITEM_SAME: u32 = 168;
export const ITEM_MEM: u32 = 200;
export const ITEM_SEEN: u32 = 232;
export const ITEM_COUNTED: u32 = 236;
/** Its place among the known of the history that is counted (habits.ts). */
export const ITEM_PLACE: u32 = 240;
/** The snapshot that holds the item's record already. */
export const ITEM_SAVED: u32 = 244;
export const PARTS_BYTES: u32 = 248;
export const SEGMENT_LOG: u32 = 10;
export const SEGMENT_ITEMS: u32 = 1 << SEGMENT_LOG;

export const HOT_BYTES: u32 = 16;
export const HOT_ACC: u32 = 0;
/** IN[j]^-0.3, or 0 where IN[j] is 0. */
export const HOT_IN_FACTOR: u32 = 4;
/** POP[j] as a plain number of baskets. */
export const HOT_POP: u32 = 8;
/** N[j]^-0.2, or 0 where N[j] is 0. */
export const HOT_SAME_FACTOR: u32 = 12;

export const MARK_BYTES: u32 = 16;
export const MARK_STAMP: u32 = 0;
/** What mostly settles an order by id hash without a look into the item's record. */
export const MARK_HASH: u32 = 4;
export const MARK_FLAGS: u32 = 8;
/** The item's anchor. */
export const MARK_SLOT: u32 = 12;
/** In the list of best sellers; shifted by one in that of LAST (popular.ts). */
export const FLAG_POPULAR: u32 = 2;
/** On the shelf; upserted into the catalogue; held by receipts (items.ts). */
export const FLAG_ACTIVE: u32 = 8;
export const FLAG_UPSERTED: u32 = 16;
export const FLAG_SOLD: u32 = 32;

export const ROW_BYTES: u32 = 32;
export const ROW_CELLS: u32 = 0;
export const ROW_CAPACITY: u32 = 4;
export const ROW_SIZE: u32 = 8;
export const ROW_VIEW: u32 = 12;
/** The snapshot that holds the row already. */
export const ROW_SAVED: u32 = 16;
/** So many cells may come to it, and which estimate has recorded that (estimate-growth.ts). */
export const ROW_ESTIMATED: u32 = 20;
export const ROW_ESTIMATED_BY: u32 = 24;
/** table << 28 | number. */
export const ROW_OWNER: u32 = 28;
export const OWNER_LOG: u32 = 28;

export const CELL_BYTES: u32 = 16;
export const CELL_KEY: u32 = 0;
export const CELL_COUNT: u32 = 4;
export const CELL_WEIGHT: u32 = 8;
export const EMPTY: u32 = 0xffffffff;
export const IN_VIEW: u32 = 0x80000000;
export const KEY_MASK: u32 = 0x7fffffff;

export const VIEW_HEADER: u32 = 16;
export const VIEW_ENTRY: u32 = 8;
/** K of docs/reference/scores.md: this many neighbours score. */
export const VIEW_SERVED: u32 = 50;
/**
 * Entries kept beyond K, so that a neighbour that sinks below the 50th can be replaced without a
 * rebuild.
 */
export const VIEW_ENTRIES: u32 = 64;
export const VIEW_BYTES: u32 = VIEW_HEADER + VIEW_ENTRIES * VIEW_ENTRY;

/** Tables, which are also the table codes of the digest where the digest has rows. */
export const TABLE_NONE: u32 = 0;
export const TABLE_NEXT: u32 = 1;
export const TABLE_SAME: u32 = 2;
export const TABLE_MEM: u32 = 3;
export const TABLE_SCOPE: u32 = 4;

/** What one basket may pair (docs/reference/counts.md). Larger baskets pair with nothing. */
export const PAIR_ITEMS_MAX: u32 = 128;
/** Two baskets of which one follows on the other count no more pairs than this, or none. */
export const NEXT_PAIRS_MAX: u32 = 4096;
/** More items that are new to a member at a time count for nothing in MEM. */
export const FRESH_MAX: u32 = 64;

/** Records of a snapshot. Rows bear their table's code, changes of rows this and that code. */
export const TAG_ITEM: u32 = 5;
export const TAG_TOTALS: u32 = 6;
export const TAG_CHANGE: u32 = 6;
export const TAG_UNCOUNTED: u32 = 11;
export const TAG_MERGED: u32 = 12;

/** So many baskets before it a basket follows on (docs/reference/counts.md, NEXT). */
export const LAGS: u32 = 3;

/**
 * O of docs/reference/counts.md: so many of a member's first-bought items pair with a new one (50
 * are no better and take a fifth to a third more cells). */
export const FIRSTS_MAX: u32 = 25;

/** Fixed point: one basket at the landmark is 2^20. */
export const ONE: f64 = 1048576.0;
/** Six of the day, and one for receipts of which the day is known and no time. */
export const DAYPARTS: u32 = 7;
/** The popularity rows of a place: one a daypart, and what they come to, the whole day. */
export const WHOLE_DAY: u32 = DAYPARTS;
export const ROWS_A_PLACE: u32 = DAYPARTS + 1;
