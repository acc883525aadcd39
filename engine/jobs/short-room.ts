// Warns once when something that is bounded gets short, and again when it was not short in between.
import { limits } from '../base/limits.ts';

export interface Use {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/** It counts as short again after it was below the share by so much: no warning at every batch. */
const slack = 0.05;

export class ShortRoom {
  private readonly warn: (share: string, use: Use) => void;
  private isShort = false;

  /** `warn` gets the share in use, such as `81 %`. */
  constructor(warn: (share: string, use: Use) => void) {
    this.warn = warn;
  }

  /** To be called whenever the use may have changed. */
  record(use: Use): void {
    const share = use.usedBytes / use.maxBytes;
    const { memoryWarnedShare } = limits;
    if (this.isShort && share < memoryWarnedShare - slack) this.isShort = false;
    if (this.isShort || share < memoryWarnedShare) return;
    this.isShort = true;
    this.warn(`${Math.round(share * 100)} %`, use);
  }
}
