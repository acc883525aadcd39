// How much of long work at the doors is done in one turn of the event loop.
import { nextTurn } from '../engine/index.ts';
import { doorLimits } from './limits.ts';

/** One piece of long work after another: tells when enough was done for one turn. */
export class Turns {
  private left: number = doorLimits.turnEntries;

  /** Called with work, in entries validated; whether it is time for `next`. */
  isOver(entries: number): boolean {
    this.left -= entries;
    return this.left <= 0;
  }

  next(): Promise<void> {
    this.left = doorLimits.turnEntries;
    return nextTurn();
  }
}

/** The field of a reply that is a list longer than a piece; undefined when there is none. */
export function longListOf(body: object): string | undefined {
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value) && value.length > doorLimits.pieceEntries) return name;
  }
  return undefined;
}
