// Who is who: ids merged into one person, what each said of personalisation, and who was erased.
import type { Consent, Merge } from '../../../engine/index.ts';
import { momentOf } from './time.ts';

interface Word {
  readonly memberId: string;
  readonly epochMs: number;
  readonly isGiven: boolean;
}

export interface People {
  /** One name for all ids that were merged into one another. */
  personOf(memberId: string): string;
  /** Whether the member's latest word on personalisation is no. */
  isOptedOut(memberId: string): boolean;
  isErased(memberId: string): boolean;
  /** False when the two are one person already. */
  merge(merge: Merge): boolean;
  /** False when the person said the same of the same moment before. */
  hear(consent: Consent): boolean;
  erase(memberId: string): void;
}

/** Starts with nobody known: every id stands for itself and has not objected. */
export function createPeople(): People {
  const mergedInto = new Map<string, string>();
  let words: readonly Word[] = [];
  const erased = new Set<string>();
  const personOf = (memberId: string): string => {
    const into = mergedInto.get(memberId);
    return into === undefined ? memberId : personOf(into);
  };
  const wordsOf = (memberId: string) =>
    words.filter((word) => personOf(word.memberId) === personOf(memberId));
  return {
    personOf,
    isErased: (memberId) => erased.has(memberId),
    isOptedOut(memberId) {
      const own = wordsOf(memberId);
      const latestMs = Math.max(...own.map(({ epochMs }) => epochMs));
      // Of two answers about one moment the refusal counts.
      return own.some(({ epochMs, isGiven }) => epochMs === latestMs && !isGiven);
    },
    merge({ memberId, fromMemberId }) {
      const [into, from] = [personOf(memberId), personOf(fromMemberId)];
      if (into !== from) mergedInto.set(from, into);
      return into !== from;
    },
    hear({ memberId, personalization: isGiven, occurredAt }) {
      const { epochMs } = momentOf(occurredAt);
      const isKnown = wordsOf(memberId).some(
        (word) => word.epochMs === epochMs && word.isGiven === isGiven,
      );
      if (!isKnown) words = [...words, { memberId, epochMs, isGiven }];
      return !isKnown;
    },
    erase(memberId) {
      const person = personOf(memberId);
      words = words.filter((word) => personOf(word.memberId) !== person);
      const ids = [...mergedInto.keys()].filter((id) => personOf(id) === person);
      for (const id of [memberId, person, ...ids]) erased.add(id);
    },
  };
}
