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
  /** One request's receipts: 1,000 × 10 lines × ~60 B = 600 KB, within `bodyBytesMax`. */
  batchPurchasesMax: 1_000,
  /** One HTTP body or gRPC message. */
  bodyBytesMax: 1_048_576,
  /**
   * Larger baskets are wholesale orders: they pair with nothing (512² = 262 k cells would say
   * nothing of taste).
   */
  pairBasketItemsMax: 512,
  /** A till's clock may run ahead by this much; more is refused. */
  clockSkewMsMax: 5 * 60_000,
  /** Oldest receipt time accepted: 1970-01-01. Days before it have no number. */
  occurredAtMsMin: 0,
  /** How long a return waits for its purchase. */
  parkedReturnDaysMax: 30,
  listItemsMax: 100,
  listItemsDefault: 20,
  basketItemsMax: 200,
  excludeItemsMax: 500,
  /**
   * Words of an item: long enough for any shelf label, short enough for a reply of 100 items in 100
   * KB.
   */
  nameCharactersMax: 200,
  categoryLevelsMax: 8,
  tagsMax: 32,
  tagCharactersMax: 64,
  /** Events waiting for the disk; at 164 k events/s this is 0.1 s of work, 16 MB at 1 KB each. */
  ingestQueueEventsMax: 16_384,
  /**
   * Events of one LMDB transaction: about 80 µs each on the serving thread, half of it before the
   * sync and half after, so that 128 keep a turn near 5 ms.
   */
  ingestBatchEventsMax: 128,
  /** Doors refuse receipts while more than a batch waits and the oldest has for so long. */
  ingestQueueAgeMsMax: 250,
  /** Neighbours of an item that are served (K of DESIGN §5); 20 would lose ≤ .001 of recall. */
  neighboursServed: 50,
  /** An item with fewer receipts is new: its own rows say little yet. */
  newcomerReceipts: 5,
  /** One place in so many of a member's list may go to a new item. */
  placesPerNewcomer: 10,
  /** New items that are kept at hand, the latest: 1,000 × 20 neighbours × ~50 B = 1 MB. */
  newcomersMax: 1_000,
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
  /** Differences that a verify lists; it counts all of them. */
  verifyDifferencesMax: 100,
  /** Histories or tickets that one slice of expiry takes: about 5 ms in one transaction. */
  expireSliceMax: 64,
  /**
   * A data file is checked before it is opened at 1 GB/s; a disk that gives less than 10 MB/s is
   * taken for broken.
   */
  checkMsMin: 60_000,
  checkBytesPerMsMin: 10_000,
  /**
   * Given up on a full disk: an erase of 200 receipts rewrites some 600 pages of 4 KB, so this
   * lasts for six of them.
   */
  ballastBytes: 16 * 1_048_576,
  /**
   * A quarter of what is free, where that is less; under 64 pages it would not last for one erase.
   */
  ballastBytesMin: 262_144,
  /** Folders that are opened only for a moment need none. */
  ballastDelayMs: 1_000,
  /** How often a full disk is looked at again, and what callers are told to wait. */
  diskFullRetryMs: 1_000,
  /** Tills in conversation at a time: stores × tills of a large chain; about 20 KB each at rest. */
  scanSessionsMax: 1_024,
  /** Scans of all unfinished tickets together: 262,144 × ~250 B = 64 MB, 256 a till. */
  scanLinesMax: 262_144,
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
  followBatchEntriesMax: 512,
  /** How long a read may wait for `minWatermark` before it is told to come back. */
  watermarkWaitMsMax: 100,
} as const;
