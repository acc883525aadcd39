// Which items are one, by what was said last of each.

export type MergeAnswer = 'created' | 'duplicate' | 'rejected';

export interface SameItems {
  /** The item that one stands for: itself, mostly. */
  survivorOf(itemId: string): string;
  merge(itemId: string, into: string): MergeAnswer;
  unmerge(itemId: string): MergeAnswer;
}

/** Starts with every item standing for itself. */
export function createSameItems(isKnown: (itemId: string) => boolean): SameItems {
  const mergedInto = new Map<string, string>();
  const spokenOf = new Set<string>();
  const survivorOf = (itemId: string): string => {
    const into = mergedInto.get(itemId);
    return into === undefined ? itemId : survivorOf(into);
  };
  return {
    survivorOf,
    merge(itemId, into) {
      if (!isKnown(itemId) || !isKnown(into)) return 'rejected';
      if (mergedInto.get(itemId) === into) return 'duplicate';
      if (mergedInto.has(itemId) || survivorOf(into) === itemId) return 'rejected';
      mergedInto.set(itemId, into);
      spokenOf.add(itemId);
      return 'created';
    },
    unmerge(itemId) {
      if (!spokenOf.has(itemId)) return 'rejected';
      return mergedInto.delete(itemId) ? 'created' : 'duplicate';
    },
  };
}
