// Bounds of what nodes do with each other.

export const clusterLimits = {
  /** How far the clocks of two nodes may be apart; a call that was overheard is old after it. */
  proofAgeMsMax: 5 * 60_000,
  /** Entries of one frame: some 150 KB, applied in one transaction of about 5 ms. */
  frameEntriesMax: 512,
  /** And not more bytes than this, but always one entry: 2,000 lines are 120 KB. */
  frameBytesMax: 1_048_576,
  /** Frames that were read and are not folded yet, before the line has to wait: 10 MB. */
  framesAheadMax: 64,
  /** How often a node reports its state. */
  standingEveryMs: 1_000,
  /** A second and a half of nothing, though the other node has more: the shortcut is lost. */
  stallMsMax: 1_500,
  /** Digests that differ as often in a row are no moment in between. */
  differencesMax: 2,
  /** A line that failed is tried again after so long, and after twice as long each time. */
  retryMsMin: 100,
  retryMsMax: 2_000,
  /** Bytes of one piece of a snapshot. */
  snapshotPieceBytes: 262_144,
  /** Followers that hand a write on to a follower; more of them are a ring. */
  hopsMax: 8,
  /** A write that is forwarded must be answered within this. */
  forwardMsMax: 10_000,
  /** Entries that are sent back in one call: with the last one and as text 500 KB of 1 MB. */
  restoreBatchBytesMax: 262_144,
  /** Different troubles that are logged once each. */
  troublesMax: 64,
  /** Calls of one message between nodes. */
  callMsMax: 3_000,
  /** How long an erase waits to be acknowledged by the nodes that were heard of lately. */
  acknowledgeMsMax: 3_000,
  /** A node that was silent for longer counts as away. */
  awayMs: 10_000,
  /** A follower that finds nobody to follow serves what it has after so long. */
  catchUpMsMax: 10_000,
  /** An origin, which must go on while its line is down, waits no longer than this. */
  originCatchUpMsMax: 3_000,
  /** Nodes that are remembered. */
  nodesMax: 1_024,
  /** What Redis keeps of one stream: frames, and how long; followers read within milliseconds. */
  streamFramesMax: 10_000,
  streamMsMax: 600_000,
  /** A stream key lives so long at most. */
  streamKeyMsMax: 3_600_000,
  /** One blocking read of Redis. */
  readBlockMs: 1_000,
  /** A command that Redis does not answer in this time has failed. */
  redisCommandMsMax: 2_000,
  /** Frames of one read. */
  readFramesMax: 64,
} as const;
