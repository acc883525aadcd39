// Reading a little of a log entry gives what reading all of it gives.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeEntry,
  encodeErase,
  encodeItem,
  encodePurchase,
  encodeStub,
  type LoggedPurchase,
  purchaseContent,
  purchasedAtMs,
} from './codec.ts';

const ids = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('"', '\\', '\\"['),
);

test('when a purchase happened is found whatever its id and lines are', () => {
  const lines = fc.array(fc.record({ itemId: ids, quantity: fc.nat() }), { minLength: 1 });
  const occurred = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(
      ids,
      occurred,
      lines,
      fc.nat(),
      (purchaseId, occurredAtMs, bought, acceptedAtMs) => {
        const rest = { memberId: 'm', channel: 'pos' as const, lines: bought };
        const purchase: LoggedPurchase = { purchaseId, occurredAtMs, offsetMinutes: 480, ...rest };
        const bytes = encodePurchase(acceptedAtMs, 480, purchaseContent(purchase));
        expect(purchasedAtMs(bytes)).toBe(occurredAtMs);
        expect(decodeEntry(bytes, 1)).toMatchObject({ purchase: { occurredAtMs } });
      },
    ),
  );
});

test('entries of other kinds have no such moment', () => {
  const others = [encodeStub(), encodeErase(1, ['p']), encodeItem(1, { itemId: 'p' } as never)];
  for (const bytes of others) expect(purchasedAtMs(bytes)).toBeUndefined();
});
