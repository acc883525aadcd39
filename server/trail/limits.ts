// Bounds of the audit trail.

export const trailLimits = {
  /**
   * Entries of one segment: some 1 MB of lines and as much of subjects, which a page of the trail
   * reads as a whole. Ten million entries are 2,442 segments, 4.5 GB.
   */
  segmentEntries: 4_096,
  /** Entries that are written together: their hashes take 1 to 2 ms of the event loop. */
  batchEntries: 128,
  /** Notes of reads that may wait to be written, each of another reading: some 300 B each, 5 MB. */
  notesMax: 16_384,
  /** How long a note may wait: what a power loss takes of the reads. */
  waitMsMax: 500,
  /** Given up on a full disk: some 300 writes to members are told of in it. */
  reserveBytes: 262_144,
  /** After a failure (a full disk) notes are tried again so often. */
  retryMs: 1_000,
  /** Who else writes is waited for: a batch takes milliseconds, and a slow disk seconds. */
  claimMsMax: 10_000,
  claimRetryMs: 4,
  /** Who writes without a rest leaves the files to others after this, and for so long. */
  claimTurnMsMax: 100,
  claimRestMs: 10,
  /** Characters of what an entry says in words. */
  detailCharactersMax: 256,
  /** Subjects that an erase looks at in one turn of the event loop: 0.3 ms, or 2 ms where the key
   * of the ledger is another. */
  turnSubjects: 256,
  /** Entries of one page. */
  pageEntriesMax: 1_000,
  pageEntriesDefault: 100,
} as const;
