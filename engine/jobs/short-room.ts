// Warns once when something that is bounded gets short, and again when it was not short in between.
import { limits } from '../base/limits.ts';

export interface Use {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/** It counts as short again after it was below the share by so much: no warning at every batch. */
const slack = 0.05;

export class ShortRoom {
  private readonly tell: (share: string, use: Use) => void;
  private isShort = false;

  /** `tell` gets the share in use, such as `81 %`. */
  constructor(tell: (share: string, use: Use) => void) {
    this.tell = tell;
  }

  /** To be told whenever the use may have changed. */
  note(use: Use): void {
    const share = use.usedBytes / use.maxBytes;
    const { memoryWarnedShare } = limits;
    if (this.isShort && share < memoryWarnedShare - slack) this.isShort = false;
    if (this.isShort || share < memoryWarnedShare) return;
    this.isShort = true;
    this.tell(`${Math.round(share * 100)} %`, use);
  }
}
