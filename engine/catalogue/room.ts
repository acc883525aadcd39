// How much memory the catalogue takes beside the counts: of JavaScript's heap, and a process whose
// heap is full ends, at its next start too. So it is known before a write commits.
import { EngineError } from '../base/errors.ts';

/** Of the items and stores of one chain together. */
export class CatalogueRoom {
  usedBytes = 0;
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get use(): { readonly usedBytes: number; readonly maxBytes: number } {
    return { usedBytes: this.usedBytes, maxBytes: this.maxBytes };
  }

  /** Throws RESOURCE_EXHAUSTED, CATALOGUE_FULL, when so much more is more than there is. */
  assertHolds(moreBytes: number): void {
    if (moreBytes <= 0 || this.usedBytes + moreBytes <= this.maxBytes) return;
    const message =
      `items and stores take ${this.usedBytes} bytes of the ${this.maxBytes} that they may, half ` +
      `of Node's heap, and ${moreBytes} more would be needed; nothing was written`;
    throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'CATALOGUE_FULL' });
  }
}
