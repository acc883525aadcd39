// Histories of several ids in one order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyEntry } from '../../tests/support/history-entries.ts';
import { startsOf, uniteEntries } from './chunk.ts';
import { decodeEntry, encodeEntry, type HistoryEntry } from './entry.ts';

const decoded = (entries: Buffer) => [...startsOf(entries)].map((at) => decodeEntry(entries, at));
const encoded = (entries: readonly HistoryEntry[]) => Buffer.concat(entries.map(encodeEntry));

function inOrder(one: HistoryEntry, other: HistoryEntry): number {
  const difference = one.occurredAtMs - other.occurredAtMs;
  return difference || Buffer.from(one.purchaseId).compare(Buffer.from(other.purchaseId));
}

test('histories are united in the order of receipts; of equal ones the first comes first', () => {
  const history = fc.array(fc.tuple(fc.nat(9), fc.nat(2), fc.nat(3)), { maxLength: 12 });
  fc.assert(
    fc.property(history, history, (into, from) => {
      let sequence = 0;
      const historyOf = (receipts: readonly (readonly [number, number, number])[]) =>
        receipts
          .map(([occurredAtMs, id, lines]): HistoryEntry => {
            sequence += 1;
            const items = Array.from({ length: lines }, (_, item) => item);
            return { ...historyEntry(sequence, items), occurredAtMs, purchaseId: `p${id}` };
          })
          .sort(inOrder);
      const [first, second] = [historyOf(into), historyOf(from)];
      const united = decoded(uniteEntries(encoded(second), encoded(first)));
      // A sort keeps the order of what is equal.
      expect(united).toEqual([...first, ...second].sort(inOrder));
    }),
  );
});
