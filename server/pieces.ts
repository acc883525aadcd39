// Long work at the doors, piece by piece: of all of it together one piece in each turn of the event
// loop, so that everybody else is served between two of them.
import { doorLimits } from './limits.ts';

/** What waits for a turn of its own, in the order in which it came. */
const waiting: (() => void)[] = [];

/** Resolves in a later turn of the event loop, in which no other piece runs. */
export function nextPiece(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(takeTurn);
  });
}

function takeTurn(): void {
  waiting.shift()!();
  // An immediate that is set within one waits for the next turn.
  if (waiting.length > 0) setImmediate(takeTurn);
}

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
    return nextPiece();
  }
}

/** The field of a reply that is a list longer than a piece; undefined when there is none. */
export function longListOf(body: object): string | undefined {
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value) && value.length > doorLimits.pieceEntries) return name;
  }
  return undefined;
}
