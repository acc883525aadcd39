// Turns of the event loop, which all long work of a process shares: of everything that goes piece
// by piece one piece runs in each turn, so that everybody else is served between two of them.

/** What waits for a turn of its own, in the order in which it came. */
const waiting: (() => void)[] = [];
/** Whether this turn, or one since the last piece, has had its piece already. */
let isUsed = false;
/** Whether the next piece has waited for that. */
let isPutOff = false;

/** Resolves in a later turn of the event loop, in which no other piece runs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(takeTurn);
  });
}

/**
 * Says that what cannot wait, such as a transaction, has used this turn: the next piece comes in
 * the turn after it at the earliest.
 */
export function useTurn(): void {
  isUsed = true;
}

function takeTurn(): void {
  // Put off once at most: pieces go on, however many transactions there are.
  isPutOff = isUsed && !isPutOff;
  isUsed = false;
  if (!isPutOff) waiting.shift()!();
  // An immediate that is set within one waits for the next turn.
  if (waiting.length > 0) setImmediate(takeTurn);
}
