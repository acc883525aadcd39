// Takes away what is kept of members who were erased, some receipts in each transaction: for who
// asks for an erase, and at the start for what a crash has interrupted.
import { limits } from '../base/limits.ts';
import { forgetSlice } from '../events/forgetting.ts';
import { erasingMembers } from '../history/erasing.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { isFull } from '../store/disk-reserve.ts';
import type { Store } from '../store/store.ts';

export interface ForgettingParts {
  readonly store: Store;
  readonly writer: Ingest;
}

export interface Forgotten {
  readonly receipts: number;
  readonly returns: number;
}

/** Resolves when nothing is kept of the member, by the id that stands for them. */
export async function forgetMember({ writer }: ForgettingParts, root: string): Promise<Forgotten> {
  let [receipts, returns] = [0, 0];
  let most: number = limits.receiptsForgottenAtOnce;
  for (let isDone = false; !isDone; ) {
    const slice = await oneSlice(writer, root, most);
    // Less at a time needs less room; what it frees is room for the next.
    if (slice === undefined) most = Math.ceil(most / 4);
    receipts += slice?.receipts ?? 0;
    returns += slice?.returns ?? 0;
    isDone = slice?.isDone ?? false;
  }
  return { receipts, returns };
}

/** Undefined where there was no room for so much. */
async function oneSlice(writer: Ingest, root: string, most: number) {
  try {
    return await writer.transact((context) => forgetSlice(context, root, most));
  } catch (error) {
    if (!isFull(error) || most === 1) throw error;
    return undefined;
  }
}

/** The same of all who were erased until now. */
export async function forgetAll(parts: ForgettingParts, signal?: AbortSignal): Promise<void> {
  for (let [root] = erasingMembers(parts.store); root !== undefined; ) {
    signal?.throwIfAborted();
    await forgetMember(parts, root);
    [root] = erasingMembers(parts.store);
  }
}
