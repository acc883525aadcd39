// Bounds of the doors themselves (HTTP, settings); what the engine accepts is bounded in
// engine/base/limits.ts.

export const doorLimits = {
  /**
   * Request line and headers together; Node's own default, named here so that the refusal can tell
   * it.
   */
  headBytesMax: 16_384,
  /**
   * A purchase nests 4 deep; 16 leaves room and keeps the recursive readers far from the stack's
   * end.
   */
  jsonDepthMax: 16,
  /**
   * Values of one JSON body, containers among them: 1 MiB of the shortest lines of receipts holds
   * 112,000. What holds more is refused before it has filled the memory.
   */
  jsonValuesMax: 131_072,
  /**
   * Of a long body in one turn of the event loop: characters of it, or what costs as much; about
   * 0.2 ms to decode and 0.5 to 1 ms to read.
   */
  pieceBytes: 65_536,
  /** The same of a gRPC message: 2,048 of the shortest fields, half a millisecond to 1 ms. */
  messagePieceBytes: 4_096,
  /** Fields of a long message, those within them not counted: many more than 2,000 lines. */
  messageFieldsMax: 65_536,
  /**
   * Tags, lengths and whole numbers within a piece of a message, or within a message of a stream: a
   * receipt of 2,000 lines has 14,000.
   */
  messageNumbersMax: 16_384,
  /** Lines, or other entries, that are validated together: 0.1 ms, or 1 ms when full of faults. */
  pieceEntries: 64,
  /** Entries validated in one turn of the event loop: about 1 ms. */
  turnEntries: 512,
  /** Fields of one JSON object that are looked at; the largest that we take has nine. */
  jsonFieldsMax: 32,
  /**
   * Flaws of one JSON body that are still told one by one: one for each receipt of a full batch.
   */
  flawsMax: 1_000,
  /** Faults told in one answer: enough to mend a form, small enough to read. */
  violationsMax: 20,
  /** The same of a batch; beyond, each malformed receipt is told its first fault only. */
  batchViolationsMax: 1_000,
  /** Characters of a caller's value that an error repeats. */
  shownCharactersMax: 64,
  /** Items or stores of one page: 1,000 × ~300 B = 300 KB. */
  pageEntriesMax: 1_000,
  pageEntriesDefault: 100,
  /** And not more than that of JSON, before its last entry: 1 MB where each takes 3 bytes. */
  pageCharactersMax: 350_000,
  /**
   * A head must arrive within 10 s and a whole 1 MB body within 60 s (17 KB/s, a poor till line).
   */
  headMsMax: 10_000,
  requestMsMax: 60_000,
  /** Longer than the idle timeout of usual load balancers (60 s), so that they close first. */
  keepAliveMs: 65_000,
  /**
   * How long a server takes to stop: requests in flight have `drainMsMax` of it, the last
   * checkpoint the rest, and half a second is left to close. Orchestrators kill after 10 to 30 s.
   */
  closeMsMax: 9_500,
  /**
   * Connections not yet accepted; Node's 511 are gone when a thousand clients come back at once,
   * and who is turned away by TCP tries again after a whole second. Linux itself allows 4,096.
   */
  connectBacklog: 4_096,
  /** gRPC: calls open at a time on one connection; a till needs two. */
  streamsPerConnectionMax: 100,
  /** 100 streams × 1 MiB in flight, and room for answers. */
  connectionMegabytesMax: 128,
  /** A till that vanished is found out within 40 s, and a quiet line is kept open by the same. */
  pingEveryMs: 30_000,
  pingAnswerMsMax: 10_000,
  /** How old what the health service says may be. */
  healthEveryMs: 250,
  /** How long requests and streams may take to end when the server stops; it must be in 10 s. */
  drainMsMax: 8_000,
  /** How soon new certificates and keys count. */
  filesEveryMs: 5_000,
  /** From when on the log warns of a certificate: time enough to get another. */
  certificateDaysWarned: 14,
  /**
   * What Node cuts small buffers from, 8 KB by itself: with seven gRPC replies a piece, memory to
   * collect is about 4 % of a call.
   */
  poolBytes: 65_536,
  /** Of items as replies hold them, for each format: some 200 B an item. */
  fragmentBytesMax: 16_777_216,
  /** How often receipts leave the retention window: it moves by whole days. */
  expireEveryMs: 3_600_000,
  /** What an overloaded server tells callers to wait. */
  overloadRetryMs: 1_000,
  gate: {
    /** For lists in each turn of the event loop: some 80; turns of 2 ms cost gRPC a fifth. */
    listsMs: 5,
    /** Receipts begun in each turn: some 16 × 150 µs to read, judge and count them. */
    writesAtOnce: 16,
    /**
     * One refusal for so many served, and one in any turn: to parse and refuse a request takes a
     * fifth of the time of a list, so that refusals take a thirtieth.
     */
    servedPerRefusal: 6,
    refusalsMin: 1,
    /** A closed loop of 256 connections is served whole, on a busy or cold machine too. */
    lists: { spared: 256, ageMs: 50, patienceMs: 250, overloadAgeMs: 5 },
    /** A commit may take long; what waits here has not even been read. */
    writes: { spared: 256, ageMs: 100, patienceMs: 250, overloadAgeMs: 20 },
  },
  /** Lines advised for a basket add-on: a cashier reads three at most. */
  basketListDefault: 3,
} as const;
