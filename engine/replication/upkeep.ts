// What following other nodes asks of the upkeep of the chain (jobs/maintenance.ts).
export interface Upkeep {
  /** Writes a checkpoint that holds all that was acknowledged before. */
  checkpoint(waiting: { readonly signal: AbortSignal }): Promise<void>;
  /** Copies of the chain, one after the other. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Takes out receipts of before a moment; answers how many. */
  expireBefore(expiry: { readonly beforeMs: number; readonly isOwn: boolean }): Promise<number>;
  /** Takes away what is still kept of members who were erased. */
  forgetErased(): Promise<void>;
  /** Members were erased: their last bytes go with a compaction. */
  recordErase(): void;
}
