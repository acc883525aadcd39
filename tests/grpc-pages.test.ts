// Pages of the catalogue over gRPC, beside each other.
import { expect, test } from 'vitest';
import { ask, openTill } from './support/till.ts';

test('a page that waits for a watermark holds up no other page', async () => {
  const till = await openTill();
  try {
    const client = till.client('CatalogService');
    const waiting = ask(client, 'ListItems', { minWatermark: '1000000' }).then(
      () => 'the one that waits',
      () => 'the one that waits',
    );
    const other = ask(client, 'ListItems', {}).then(() => 'the other');
    expect(await Promise.race([waiting, other])).toBe('the other');
    await waiting;
  } finally {
    await till.close();
  }
});
