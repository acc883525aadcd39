// Every bound of the engine in one place, each with the sum that justifies it.
// docs/reference/limits.md lists them.

export const limits = {
  /**
   * Ids are opaque; 128 bytes hold two UUIDs and a prefix, and keep LMDB keys far under 1,978
   * bytes.
   */
  idBytesMax: 128,
  /**
   * A receipt of 2,000 lines is a wholesale order of a whole aisle; 2,000 × ~60 B = 120 KB in the
   * log.
   */
  purchaseLinesMax: 2_000,
  /** 9 digits: a quantity times a price in fen stays below 2⁵³. */
  quantityMax: 1_000_000_000,
  /** 10 million yuan for one piece, in fen. */
  unitPriceFenMax: 1_000_000_000,
  /** 10 billion yuan, in fen: what any receipt comes to stays far below 2⁵³. */
  amountFenMax: 1_000_000_000_000,
  /** Coupons of one receipt. */
  couponsMax: 32,
  /** Warnings in the answer to one event: enough to find what makes them, some 100 B each. */
  warningsMax: 20,
  /** One request's receipts: 1,000 × 10 lines × ~60 B = 600 KB, within `bodyBytesMax`. */
  batchPurchasesMax: 1_000,
  /** One HTTP body or gRPC message. */
  bodyBytesMax: 1_048_576,
  /**
   * Larger baskets are wholesale orders: they pair with nothing. With the two bounds below one
   * receipt changes at most 128² + 3 × 4,096 + 64 × 114 cells, some 3 ms
   * (docs/decisions/0012-what-a-basket-may-pair.md).
   */
  pairBasketItemsMax: 128,
  /** Two receipts, one following on the other, of more pairs say nothing of what comes next. */
  nextPairsMax: 4_096,
  /** More items that are new to a member at a time say nothing of what members have in common. */
  freshItemsMax: 64,
  /** Items registered with a kernel at once: some 0.4 µs each, several µs at a start: 1 ms. */
  registeredAtOnce: 256,
  /** Items of one chain: 300 bytes each of the counts, and some 700 beside them. */
  itemsMax: 2_097_152,
  /**
   * A chunk of a history: with its head it fills a page of 4 KB, which LMDB gives a value of more
   * than 2 KB to itself. Some 22 receipts of ten lines: most members have one.
   */
  historyChunkBytes: 3_900,
  /**
   * Beyond these a member is no person but a card for all who have none: each of their receipts
   * counts as an anonymous ticket. Ten years of a receipt every day and a half; the second bounds
   * what one change of a history costs.
   */
  receiptsPerMemberMax: 3_000,
  linesPerMemberMax: 30_000,
  /** The same of one local day. */
  receiptsPerDayMax: 30,
  /** Receipts of an erased member that one transaction takes out of the log: some 30 µs each. */
  receiptsForgottenAtOnce: 64,
  /** Stores of one chain: more than the largest has; 300 B of rows each. */
  storesMax: 262_144,
  /**
   * Items of a member's history that lead on to others, the heaviest: what was bought a hundred
   * receipts ago weighs 0.9^100. 512 × 50 neighbours are some 0.3 ms.
   */
  leadsMax: 512,
  /** A till's clock may run ahead by this much and is believed. */
  clockSkewMsMax: 5 * 60_000,
  /**
   * Of one that runs ahead by more, up to a day, only the receipt is taken, at the server's time: a
   * wrong time zone is 14 hours at most. What lies further ahead is refused.
   */
  clockAheadMsMax: 86_400_000,
  /**
   * A folder may rest for so long between two starts and its clock is still believed; beyond it an
   * operator confirms the clock. A week of holidays and a day.
   */
  clockRestMsMax: 8 * 86_400_000,
  /** A receipt may be so many days newer than all others before the clock has to be confirmed. */
  leapDaysMax: 31,
  /** What callers are asked to wait while the server's clock is behind. */
  clockRetryMs: 60_000,
  /** Oldest receipt time accepted: 1970-01-01. Days before it have no number. */
  occurredAtMsMin: 0,
  /** How long a return waits for its purchase. */
  parkedReturnDaysMax: 30,
  listItemsMax: 100,
  listItemsDefault: 20,
  /**
   * Candidates for each place of a list where a stage may take out or reorder some, and at most so
   * many in all: the kernel's room for results. 80 instead of 20 cost it some 5 µs.
   */
  candidatesPerPlace: 4,
  candidatesMax: 512,
  basketItemsMax: 200,
  excludeItemsMax: 500,
  /**
   * Words of an item: long enough for any shelf label, short enough for a reply of 100 items in 100
   * KB.
   */
  nameCharactersMax: 200,
  categoryLevelsMax: 8,
  /** Of a file of item roles: ten times what is shipped, read in some milliseconds at a start. */
  rolePhrasesMax: 5_000,
  rolePhraseCharactersMax: 100,
  tagsMax: 32,
  tagCharactersMax: 64,
  /**
   * Of one item: what is packed anew, made elsewhere or bought of several suppliers has a dozen. 64
   * of them are 10 KB, and are written with every upsert of the item.
   */
  barcodesMax: 64,
  /** EAN-8 is the shortest code that scales print; with item, price and weight they have 18. */
  barcodePatternMin: 8,
  barcodePatternMax: 20,
  /** Each is tried for every code that is neither an id nor a barcode, some 0.1 µs. */
  barcodePatternsMax: 16,
  /** Events waiting for the disk; at 164 k events/s this is 0.1 s of work, 16 MB at 1 KB each. */
  ingestQueueEventsMax: 16_384,
  /** Events of one LMDB transaction: some 30 µs each of the serving thread before the sync. */
  ingestBatchEventsMax: 128,
  /**
   * Units of some microseconds that one transaction may take (events/batch.ts, `work`): the event
   * that goes beyond is its last one, so that a turn stays near 4 ms.
   */
  ingestBatchWorkMax: 3_000,
  /**
   * And not more than for so long, whatever it is made of: code that has hardly run, or a slow
   * machine, takes several times what the units say. A sync takes some 0.2 ms beside it.
   */
  ingestBatchMsMax: 2.5,
  /**
   * But so much of what is sent together at least, in the units of `ingestBatchWorkMax`: 20
   * receipts of ten lines are recorded whole or not at all.
   */
  ingestBatchWorkSure: 1_000,
  /**
   * Items that nobody has heard of, which one transaction registers: some 8 µs each, so 2 ms. Of a
   * receipt that has more of them they are registered ahead, in transactions of their own.
   */
  unknownItemsAtOnce: 256,
  /** Receipts of a card whose memory one turn of the event loop looks at: some 8 µs each. */
  lookedAheadAtOnce: 64,
  /**
   * A history that comes to count as a whole, such as that of two members who become one: beyond so
   * many bytes it is looked at in a turn of its own, which takes some 10 ns a byte.
   */
  lookedAheadBytes: 32_768,
  /** Cells that one turn of the event loop changes: some 100 ns each where memory is cold. */
  countSliceCells: 16_384,
  /**
   * Of these a recount changes so many between two looks at the clock: 0.4 ms, so that no step is
   * much longer than it may be.
   */
  recountSliceCells: 4_096,
  /**
   * What a set of counts may use by itself: WebAssembly addresses 4 GiB, and a part is kept for
   * what cannot be refused.
   */
  memoryBytesMax: 3_758_096_384,
  /** Less would not hold the chain that `caini serve` begins with. */
  memoryBytesMin: 67_108_864,
  /**
   * Kept beyond what the counts may use: for what is taken back, for the longest row that is
   * copied into a checkpoint (19 MB at a million items), for lists of a member of 100,000 receipts
   * (45 MB).
   */
  memoryReserveBytes: 268_435_456,
  /** The log warns once the counts, or items and stores, use this share of what they may. */
  memoryWarnedShare: 0.8,
  /** Returns against one receipt: each reads those before it, some 60 B each. */
  returnsPerPurchaseMax: 200,
  /**
   * Lines of all of them before the last: each return reads and writes those before it, some 0.4 µs
   * a line, so 2 ms; it is twice as many as the receipt has at most.
   */
  returnLinesPerPurchaseMax: 4_000,
  /**
   * Ids merged into one member: each merge writes all of them again, some 3 µs each, so 1 ms. A
   * person has a dozen.
   */
  aliasesMax: 256,
  /**
   * Items merged into one: each merge tells the counts of all of them again, some 3 µs each, so
   * 1 ms. An item is renumbered a dozen times.
   */
  itemMergesMax: 256,
  /** Doors refuse receipts while more than a batch waits and the oldest has for so long. */
  ingestQueueAgeMsMax: 250,
  /**
   * Neighbours of an item that are served (K of docs/reference/scores.md); 20 would lose ≤ .001 of
   * recall.
   */
  neighboursServed: 50,
  /**
   * What sells in a city is summed over its stores as far as they have so many cells of popularity
   * together: some 20 ns each, so 2 ms. A row of a store and daypart that sold anything counts as
   * 64 more.
   */
  cityCellsMax: 100_000,
  /** And over no more stores than so many, whatever they sold: some 0.5 µs each, so 1 ms. */
  cityStoresMax: 2_048,
  /** An item with fewer receipts is new: its own rows say little yet. */
  newcomerReceipts: 5,
  /** One place in so many of a member's list may go to a new item. */
  placesPerNewcomer: 10,
  /**
   * New items beside the member's items that they are alike to, together, for one list: some 0.3 µs
   * each, so 1 ms. One item has 1,000 of them at most.
   */
  newcomerPairsMax: 4_000,
  /** New items that are kept at hand, the latest: 1,000 × 20 neighbours × ~50 B = 1 MB. */
  newcomersMax: 1_000,
  /**
   * Words and shelves of items that are read in one idle slice, or items compared: 0.5 to 1 µs
   * each, so about 0.5 ms, and a few at a start.
   */
  alikeUnitsAtOnce: 500,
  /** Items that one is compared with, those of its rarest words and shelves first: 1 ms. */
  alikeComparedMax: 1_000,
  /** Such a slice waits this long after the last one: 300,000 items are read in 15 s. */
  alikeLookMs: 1,
  /** And this long where requests never cease: 5 % of one core. */
  alikeWaitMsMax: 10,
  /** Cells of one idle slice that makes neighbour rows exact: some 30 ns each, so about 0.3 ms. */
  settleCellsMax: 10_000,
  /** An idle slice waits this long after the last request, and after the last slice. */
  settleLookMs: 10,
  /** But not longer than this where requests never cease: 0.3 ms of each 100 ms. */
  settleWaitMsMax: 100,
  /** Settling rests this many times as long as its last round took: at most 5 % of one core. */
  settleRestFactor: 19,
  /** Residues of erased members that one transaction drops after a checkpoint: some 30 KB each. */
  residuesDroppedAtOnce: 4_096,
  /** A checkpoint is due after so many events, or this long after the first of them. */
  checkpointEventsMax: 50_000,
  checkpointIntervalMs: 60_000,
  /** How long after an erase the compacting copy may leave the old bytes on disk. */
  compactWithinMs: 24 * 3_600_000,
  /** Of a copy of the chain in one transaction: about 1,000 pages in memory, some 20 ms. */
  copyBatchBytes: 4_194_304,
  /** Of a copy, written between two syncs: 0.1 s of an ordinary disk, which commits share. */
  copySyncBytes: 16_777_216,
  /** A copy that does not get one transaction further in this time hangs, and is given up. */
  copyStallMsMax: 60_000,
  /** Writers wait while a copy takes over the last rows that changed: so many take some 20 ms. */
  copyKeysPause: 1_024,
  /** Where it takes longer, the disk hangs: the copy is given up, and the writers go on. */
  copyPauseMsMax: 5_000,
  /** Rounds of taking over before that; each is shorter than the one before. */
  copyRoundsMax: 16,
  /**
   * Rows that may change while a copy is made before writers wait for it: 1,000,000 × ~100 B = 100
   * MB; three for a receipt, so half a minute at 10,000 receipts a second.
   */
  copyKeysMax: 1_000_000,
  /** Cells of a row that a verify compares in one step: some 1.5 µs each, so about 3 ms. */
  verifyCellsMax: 2_048,
  /**
   * Lines of a history's receipts that it compares with the log in one step, and eight for each
   * receipt: some 2 µs each, so 1 ms; a receipt of more lines is compared by itself.
   */
  verifyLinesMax: 512,
  /** Differences that a verify lists; it counts all of them. */
  verifyDifferencesMax: 100,
  /** Receipts that one slice of expiry takes: some 50 µs each, so about 3 ms in one transaction. */
  expireSliceMax: 64,
  /**
   * What one slice of a walk through a table reads before the event loop turns: about 1 ms. Rows of
   * the log have some 250 B, one of a purchase of 2,000 lines 120 KB.
   */
  walkRowsMax: 512,
  walkBytesMax: 262_144,
  /**
   * A data file is checked before it is opened at 1 GB/s; a disk that gives less than 10 MB/s is
   * taken for broken.
   */
  checkMsMin: 60_000,
  checkBytesPerMsMin: 10_000,
  /** Up to here it is read within about 1 ms; a thread for it would cost 30. */
  checkAtOnceBytesMax: 524_288,
  /**
   * Given up on a full disk: an erase of 200 receipts rewrites some 600 pages of 4 KB, so this
   * lasts for six of them.
   */
  diskReserveBytes: 16 * 1_048_576,
  /**
   * A quarter of what is free, where that is less; under 64 pages it would not last for one erase.
   */
  diskReserveBytesMin: 262_144,
  /** Folders that are opened only for a moment need none. */
  diskReserveDelayMs: 1_000,
  /** How often a full disk is looked at again, and what callers are asked to wait. */
  diskFullRetryMs: 1_000,
  /** Tills in conversation at a time: stores × tills of a large chain; about 20 KB each at rest. */
  scanSessionsMax: 1_024,
  /** Scans of all unfinished tickets together: 262,144 × ~250 B = 64 MB, 256 a till. */
  scanLinesMax: 262_144,
  /** Scans of a ticket that were refused and are to be sent again; of more only that is kept. */
  refusedScansMax: 64,
  /** A till that says nothing for so long begins anew with its next ticket. */
  scanSessionIdleMsMax: 15 * 60_000,
  /** A session says `open` at once; one that has not after so long is none. */
  scanSessionOpenMsMax: 10_000,
  /** What a cashier can say before the next beep. */
  adviceItemsMax: 3,
  adviceDeadlineMsDefault: 50,
  adviceDeadlineMsMax: 10_000,
  /** Receipts of one stream that are read ahead of what is answered: 256 × ~1 KB = 256 KB. */
  streamPurchasesAheadMax: 256,
  /** The same of all streams: half the ingest queue, so that the other doors always find room. */
  streamPurchasesMax: 8_192,
  /** A larger receipt counts as several: 8,192 × 4 KiB = 32 MiB are held at most. */
  streamPurchaseBytes: 4_096,
  /** A stream of receipts that brings none for so long, and has all its answers, ends. */
  streamIdleMsMax: 5 * 60_000,
  /** Names of one log: each is 20 bytes of every watermark, so 256 are 5 KB. */
  originsMax: 256,
  /** How often an origin can be put back to a moment before the oldest of them is forgotten. */
  cutsRead: 1_024,
  /** Moments whose digests are kept to be compared: 4,096 × ~100 B; at 100 batches/s 40 s. */
  digestsKept: 4_096,
  /** Entries of others in one transaction: about 10 µs each on the serving thread. */
  followBatchEntriesMax: 128,
  /** How long a read may wait for `minWatermark` before it is asked to come back. */
  watermarkWaitMsMax: 100,
} as const;
