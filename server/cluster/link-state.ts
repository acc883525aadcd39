// The link to a node that is followed: its states and the steps between them. Pure.

/** Why a node is not followed before somebody has set one of the two up otherwise. */
const refusals = ['SETTINGS_DIFFER', 'OTHER_CHAIN', 'SAME_NAME'] as const;
type Refusal = (typeof refusals)[number];

/** What brings the entries of the other node. */
export type LinkState =
  /** Nothing does, and it is tried again. */
  | { readonly name: 'apart'; readonly trouble: string; readonly refusal?: Refusal }
  /** Its journal, over gRPC. */
  | { readonly name: 'tailing' }
  /** Redis, which is in step: the journal is not read. */
  | { readonly name: 'streaming' };

export type LinkEvent =
  | { readonly name: 'failed'; readonly trouble: string; readonly reason?: string | undefined }
  /** The other has said hello, and is one that may be followed. */
  | { readonly name: 'greeted' }
  /** Redis has brought what comes next. */
  | { readonly name: 'inStep' }
  /** Redis has brought something else, or nothing for too long. */
  | { readonly name: 'lost' };

export const notConnected: LinkState = { name: 'apart', trouble: 'not connected yet' };

export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  switch (event.name) {
    case 'failed': {
      const refusal = refusals.find((each) => each === event.reason);
      return { name: 'apart', trouble: event.trouble, ...(refusal && { refusal }) };
    }
    case 'greeted':
      return { name: 'tailing' };
    case 'inStep':
      return { name: 'streaming' };
    case 'lost':
      // What is missing is in the journal.
      return state.name === 'streaming' ? { name: 'tailing' } : state;
  }
}

/** Whether the counts of both were the same when they were last compared. */
export type Comparison =
  | { readonly name: 'unknown' }
  | { readonly name: 'same' }
  /** `times`: one comparison after another, without a same one between. */
  | { readonly name: 'differs'; readonly times: number };

export function nextComparison(state: Comparison, isSame: boolean): Comparison {
  if (isSame) return { name: 'same' };
  return { name: 'differs', times: state.name === 'differs' ? state.times + 1 : 1 };
}
