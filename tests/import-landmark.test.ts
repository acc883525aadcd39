// Years of receipts that are imported in the order of time pass a landmark, and are counted once.
import { expect, test } from 'vitest';
import { withChain } from './support/engines.ts';
import { importText } from './support/import-text.ts';

/** Four years in several batches; a landmark holds for 480 days and 960. */
const rows = Array.from({ length: 960 }, (_, at) => {
  const month = Math.floor(at / 20);
  const day = `${2022 + Math.floor(month / 12)}-${String(1 + (month % 12)).padStart(2, '0')}-15`;
  const start = `r${at},m${at % 5},${day} 1${at % 9}:00`;
  return `${start},item${at % 7}\n${start},milk`;
});
const text = `purchaseId,memberId,occurredAt,itemId\n${rows.join('\n')}\n`;

test('the landmark is that of the last receipt from the first one on', () =>
  withChain(async (chain) => {
    const notes: string[] = [];
    const notify = (note: string) => notes.push(note);
    const engine = await chain.open('a', { isWriteOnly: true, notify });
    const { summary } = await importText(chain, engine, text);
    expect(summary).toMatchObject({ created: 960 });
    expect(notes.filter((note) => note.includes('landmark'))).toEqual([]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    const digest = engine.inspect.digest();
    await chain.close(engine);
    // It is found again as it is, and lists are there whoever had no need of them before.
    const served = await chain.open('a', { notify });
    await served.ready;
    expect(served.inspect.digest()).toBe(digest);
    expect(notes.filter((note) => /landmark|anew/.test(note))).toEqual([]);
    const list = served.lists.recommend({ scenario: 'bought-together', itemId: 'milk' });
    expect(list.items.length).toBeGreaterThan(0);
  }));

test('a day that nothing came up to is forgotten with the next receipt', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const other = await chain.open('b', {});
    engine.writes.expectDay(Math.floor(chain.nowMs / 86_400_000));
    await importText(chain, engine, text);
    await importText(chain, other, text);
    engine.writes.expectDay(0);
    await engine.upkeep.verify();
    expect(engine.inspect.digest()).toBe(other.inspect.digest());
  }));
