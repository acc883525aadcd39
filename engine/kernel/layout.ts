// The numbers that both sides of the module go by: what lies where in its memory, and what tables,
// sides and kinds are called there. They stand in assembly/ alone and are read from its exports.
import type { KernelConstants } from './exports.ts';

/** Offsets and sizes are in bytes. */
export function layoutOf(constants: KernelConstants) {
  // JavaScript sees an i32 where the module has a u32.
  const of = (name: keyof KernelConstants) => constants[name].value >>> 0;
  return {
    /** One basket at the landmark, in fixed point. */
    one: of('ONE'),
    dayparts: of('DAYPARTS'),
    tables: {
      none: of('TABLE_NONE'),
      next: of('TABLE_NEXT'),
      same: of('TABLE_SAME'),
      mem: of('TABLE_MEM'),
      scope: of('TABLE_SCOPE'),
    },
    /** Where a history is read to: what counted before a change or counts after it; a request's. */
    sides: {
      before: of('BEFORE_SIDE'),
      after: of('AFTER_SIDE'),
      request: of('REQUEST_SIDE'),
    },
    /** What is added to scores: by how much an item sells, or how many members bought it last. */
    priors: { sales: of('BY_SALES'), lastBuys: of('BY_LAST_BUYS') },
    /** Kinds of repeat term (assembly/repeat.ts). */
    repeats: {
      none: of('REPEAT_NONE'),
      habit: of('REPEAT_HABIT'),
      design: of('REPEAT_DESIGN'),
    },
    row: {
      bytes: of('ROW_BYTES'),
      cells: of('ROW_CELLS'),
      capacity: of('ROW_CAPACITY'),
      size: of('ROW_SIZE'),
      view: of('ROW_VIEW'),
    },
    cell: {
      bytes: of('CELL_BYTES'),
      key: of('CELL_KEY'),
      count: of('CELL_COUNT'),
      weight: of('CELL_WEIGHT'),
      empty: of('EMPTY'),
      keyMask: of('KEY_MASK'),
    },
    viewBytes: of('VIEW_BYTES'),
    /** Of a stored history: what stands before an entry's lines, and the shortest line. */
    entry: { bytes: of('ENTRY_BYTES'), lineBytes: of('LINE_BYTES') },
    hot: { bytes: of('HOT_BYTES'), score: of('HOT_ACC'), inFactor: of('HOT_IN_FACTOR') },
    result: { bytes: of('RESULT_BYTES'), score: of('RESULT_SCORE') },
    anchor: {
      bytes: of('ANCHOR_BYTES'),
      item: of('ANCHOR_ITEM'),
      receipts: of('ANCHOR_RECEIPTS'),
      affinity: of('ANCHOR_AFFINITY'),
      lastDay: of('ANCHOR_LAST_DAY'),
    },
    explanation: explanationOf(of),
    terms: termsOf(of),
    counterTotal: of('ITEM_COUNTERS'),
    counters: countersOf(of),
  } as const;
}

/** What is told of one item of a list (assembly/explain.ts). */
function explanationOf(of: (name: keyof KernelConstants) => number) {
  return {
    bytes: of('EXPLANATION_BYTES'),
    term: of('EXPLANATION_TERM'),
    item: of('EXPLANATION_ITEM'),
    count: of('EXPLANATION_COUNT'),
    own: of('EXPLANATION_OWN'),
    receipts: of('EXPLANATION_RECEIPTS'),
    inFactor: of('EXPLANATION_IN_FACTOR'),
    support: of('EXPLANATION_SUPPORT'),
    popularity: of('EXPLANATION_POP'),
    again: of('EXPLANATION_AGAIN'),
  };
}

/** What anchors gave to one item of a list (assembly/terms.ts). */
function termsOf(of: (name: keyof KernelConstants) => number) {
  return {
    bytes: of('TERMS_BYTES'),
    termBytes: of('TERM_BYTES'),
    score: of('TERM_SCORE'),
    named: of('TERMS_NAMED'),
    rest: of('TERMS_REST'),
  };
}

/** Of an item's record, in the order in which they lie there. */
function countersOf(of: (name: keyof KernelConstants) => number) {
  return {
    n: of('ITEM_N'),
    in: of('ITEM_IN'),
    out: of('ITEM_OUT'),
    opp: of('ITEM_OPP'),
    rep: of('ITEM_REP'),
    pop: of('ITEM_POP'),
    support: of('ITEM_SUPPORT'),
    on: of('ITEM_ON'),
    on0: of('ITEM_ON0'),
    gapDays: of('ITEM_GAP_DAYS'),
    gaps: of('ITEM_GAPS'),
    last: of('ITEM_LAST'),
    expected: of('ITEM_EXPECTED'),
    rebought: of('ITEM_REBOUGHT'),
    expectedOnce: of('ITEM_EXPECTED_ONCE'),
    reboughtOnce: of('ITEM_REBOUGHT_ONCE'),
  };
}

export type KernelLayout = ReturnType<typeof layoutOf>;
export type CounterName = keyof KernelLayout['counters'];

/** Kinds of the words that replies are joined from (assembly/join.ts). */
export function wordKindsOf(constants: KernelConstants) {
  return {
    /** So many low bits hold the kind; pieces begin at multiples of 2 to that. */
    bits: constants.KIND_BITS.value,
    digits: constants.WORD_DIGITS.value,
    text: constants.WORD_TEXT.value,
    open: constants.WORD_OPEN.value,
    close: constants.WORD_CLOSE.value,
    varint: constants.WORD_VARINT.value,
    byte: constants.WORD_BYTE.value,
    double: constants.WORD_DOUBLE.value,
    decimal: constants.WORD_DECIMAL.value,
  } as const;
}
