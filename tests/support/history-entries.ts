// History entries as tests write them: what is of no matter is filled in.

/** A line of one piece of an item. */
export function entryLine(itemNumber: number) {
  return {
    itemNumber,
    thousandths: 1_000,
    returnedThousandths: 0,
    isGift: false,
    totalFen: undefined,
    discountFen: undefined,
  };
}

/** Of a receipt at a place of the log: live, of no store, at noon, with an id of its own. */
export function historyEntry(sequence: number, items: readonly number[] = []) {
  return {
    occurredAtMs: 0,
    purchaseSequence: sequence,
    addedAt: sequence,
    removedAt: 0,
    storeNumber: 0,
    daypart: 2,
    offsetMinutes: 0,
    channel: 'pos' as const,
    clockSkewed: false,
    paidFen: undefined,
    purchaseId: `p${sequence}`,
    lines: items.map(entryLine),
  };
}
