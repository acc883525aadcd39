// Long work one after the other, whoever asks for it.

export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything asked before has ended, however it ended. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.last.then(work, work);
    this.last = next.catch(() => {});
    return next;
  }

  /** Resolves when everything asked so far has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
