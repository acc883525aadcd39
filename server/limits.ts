// Bounds of the doors themselves (HTTP, settings); what the engine accepts is bounded in
// engine/base/limits.ts.

export const doorLimits = {
  /**
   * Request line and headers together; Node's own default, named here so that the refusal can name
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
   * receipt of 2,000 lines that say everything has 24,000.
   */
  messageNumbersMax: 24_576,
  /**
   * Lines, or other entries, that are validated together: 0.1 ms, or 1 ms when full of
   * violations.
   */
  pieceEntries: 64,
  /** Entries validated in one turn of the event loop: about 1 ms. */
  turnEntries: 512,
  /** Fields of one JSON object that are looked at; the largest that we take has nine. */
  jsonFieldsMax: 32,
  /**
   * Parse issues of one JSON body that are reported one by one: one for each receipt of a full
   * batch.
   */
  parseIssuesMax: 1_000,
  /** Violations in one answer: enough to mend a form, small enough to read. */
  violationsMax: 20,
  /** The same of a batch; beyond, each malformed receipt gets its first violation only. */
  batchViolationsMax: 1_000,
  /** Characters of a caller's value that an error repeats. */
  quotedCharactersMax: 64,
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
   * HTTP connections: some 4 KB each at rest and 20 KB with the head of a request, 320 MB; of one
   * address an eighth, 2,048. A proxy keeps a few hundred.
   */
  httpConnectionsMax: 16_384,
  /** Requests of one connection: then it is closed, so that the next may find another node. */
  requestsPerConnectionMax: 100_000,
  /** Requests of one connection that are not answered; one that sends more ahead is cut. */
  requestsOpenMax: 100,
  /** The same of all connections beyond the first of each: some 4 KB each, 64 MB. */
  requestsAheadMax: 16_384,
  /**
   * Bodies that are coming in or being answered, by the length that they announce: 128 of 1 MiB.
   */
  bodiesBytesMax: 134_217_728,
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
  /**
   * Who may hold how much of what there is only so much of, in parts of the whole. One connection
   * gets 1/8. All connections of one address get 1/2, and each of them 1/1,024 in any case: with
   * 256 connections (gRPC) that is another 1/4. So the last 1/4 is never one address's, and it is
   * given out in 1/1,024 only: 256 others find room there.
   */
  share: { connection: 8, address: 2, kept: 4, little: 1_024 },
  /** gRPC: calls open at a time on one connection; a till needs two. */
  streamsPerConnectionMax: 100,
  /**
   * Calls open at a time on all connections: some 10 KB each, and 64 KiB that HTTP/2 lets a call
   * send ahead of what is read: 4,096 × 74 KB = 300 MB at most.
   */
  callsMax: 4_096,
  /** gRPC connections: twice the sessions, some 15 KB each; of one address an eighth, 256. */
  connectionsMax: 2_048,
  /** 100 streams × 1 MiB in flight, and room for answers. */
  connectionMegabytesMax: 128,
  /** Bytes of gRPC messages that are coming in or being answered: 128 of 1 MiB each. */
  messageBytesMax: 134_217_728,
  /** Bytes of answers that were made and not yet taken, of each door: 256 MiB of both. */
  unreadBytesMax: 134_217_728,
  /**
   * An answer may lie unread for so long, and longer by its size at 16 KiB/s: a till on a poor line
   * needs 60 s for 1 MB.
   */
  unreadMsMax: 30_000,
  unreadBytesPerMs: 16,
  /** A new gRPC connection speaks TLS and HTTP/2 within this. */
  connectMsMax: 10_000,
  /** A client that goes on sending after it was answered is stopped after this. */
  sendOnMsMax: 10_000,
  /** A gRPC connection without any call is closed after this; a till opens another as it needs. */
  connectionIdleMsMax: 5 * 60_000,
  /** How often connections and calls are looked at. */
  lookEveryMs: 1_000,
  /** Frames that make no sense, and streams that were refused, before a connection is closed. */
  sessionInvalidFramesMax: 32,
  sessionRejectedStreamsMax: 100,
  /** How often the log mentions clients that were cut off; /metrics counts every one. */
  cutsReportedEveryMs: 10_000,
  /** A till that vanished is found out within 40 s, and a quiet line is kept open by the same. */
  pingEveryMs: 30_000,
  pingAnswerMsMax: 10_000,
  /** How old what the health service says may be. */
  healthEveryMs: 250,
  /** How long requests and streams may take to end when the server stops; it must be in 10 s. */
  drainMsMax: 8_000,
  /** How soon new certificates count. */
  filesEveryMs: 5_000,
  /** How often the file of API keys is looked at: a key that is revoked is out within a second. */
  keysEveryMs: 500,
  /** API keys, those included that were revoked: 2 MB, and some 50 ms to read them anew. */
  keysMax: 4_096,
  /** Stores, kinds of lists or networks of one key. */
  keyEntriesMax: 1_000,
  /**
   * Addresses, or keys, whose rates are kept: twice as many at most, some 150 B each, 10 MB. A
   * flood from more addresses than that is not slowed by address.
   */
  rateEntriesMax: 32_768,
  /** Members of whom the same is kept: of those that were asked for last, 20 MB at most. */
  memberRatesMax: 65_536,
  /** What the settings of rates may be set to, each a minute. */
  perMinuteMax: 1_000_000,
  /** Members a minute of one key, where it says so. */
  keyMembersMax: 100_000,
  /** Requests a second of one key: more than a core answers. */
  keyRateMax: 100_000,
  /** A command waits 2 s for another that changes keys: it takes milliseconds. */
  keyFileTriesMax: 40,
  keyFileRetryMs: 50,
  /** For how long the secret before a rotation may be taken yet: 30 days. */
  keyOverlapHoursMax: 720,
  /** Public keys of member tokens: a few issuers, and two of each while one takes over. */
  tokenKeysMax: 32,
  tokenKeysBytesMax: 65_536,
  /** Characters of a member token: 217 with what it needs, 1,000 with many stores. */
  tokenCharactersMax: 4_096,
  /** From `iat` to `exp`: a token that leaks is of no use after a quarter of an hour. */
  tokenSecondsMax: 900,
  /** By so much the clock of an issuer may differ. */
  tokenSkewSeconds: 30,
  /**
   * Tokens that were verified and have not expired: some 600 B each, 20 MB. Who comes back after
   * others took the place is verified again, which takes 0.1 ms.
   */
  tokensKeptMax: 32_768,
  /** Tokens that were refused, so that the same one is not verified again and again: 300 KB. */
  tokensRefusedMax: 1_024,
  tokenRefusedMs: 5_000,
  /** Tokens that are being verified: 10 ms of a core; more at once are told to come back. */
  tokensVerifyingMax: 128,
  /** Proxies in front of each other that are believed; nobody has as many. */
  proxyHopsMax: 16,
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
  /** What an overloaded server asks callers to wait. */
  overloadRetryMs: 1_000,
  /**
   * A stream of receipts that is refused under overload is held back and asks again for so long
   * before it ends: HTTP/2 makes the sender wait, and a till that was offline has no other caller.
   */
  streamOverloadMsMax: 30_000,
  /** How often it asks: 4,096 calls at most ask 41,000 times a second, each a microsecond. */
  streamOverloadRetryMs: 100,
  loadShedder: {
    /** For lists in each turn of the event loop: some 80; turns of 2 ms cost gRPC a fifth. */
    listsMs: 5,
    /** Receipts begun in each turn: some 16 × 150 µs to read, validate and count them. */
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
