// Catalogues of words that nobody shares: what they may take beside the counts is known before a
// write commits, so that no request ends the process, now or at its next start.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type Engine, type EngineError, type Event, openEngine } from '../../engine/index.ts';
import { withTemporaryFolder } from '../support/folders.ts';
import { startCaini } from '../support/program.ts';
import { isLong } from './stage.ts';

const maxBytes = 4_000_000;
const clock = () => Date.parse('2026-06-01T00:00:00Z');

/** Pairs of characters that come but once: another one for each seed. */
function wordsOf(seed: number, length = 200): string {
  let [text, state] = ['', seed * 2_654_435_761];
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCodePoint(0x4e00 + ((state >>> 8) % 20_000));
  }
  return text;
}

const itemOf = (number: number, name?: string): Event => ({
  kind: 'item',
  item: { itemId: `item-${number}`, status: 'active', ...(name !== undefined && { name }) },
});

const receiptOf = (purchaseId: string, itemId: string): Event => ({
  kind: 'purchase',
  purchase: {
    purchaseId,
    channel: 'pos',
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [{ itemId, quantity: 1 }],
  },
});

const reasonOf = (engine: Engine, event: Event) =>
  engine.writes.ingest([event]).then(
    ([result]) => result!.status,
    ({ code, reason }: EngineError) => `${code} ${reason}`,
  );

/** Writes items until one is refused; the number of that one. */
async function fill(engine: Engine, onTaken = () => {}, from = 0): Promise<number> {
  for (let number = from; ; number++) {
    const reported = await reasonOf(engine, itemOf(number, wordsOf(number)));
    onTaken();
    if (reported === 'created') continue;
    expect(reported).toBe('RESOURCE_EXHAUSTED CATALOGUE_FULL');
    return number;
  }
}

test(
  'a catalogue is refused before it outgrows its room, and shorter names make room',
  () =>
    withTemporaryFolder(async (dataDir) => {
      const options = { dataDir, clock, catalogueMaxBytes: maxBytes };
      const engine = await openEngine(options);
      const taken = await fill(engine);
      expect(taken).toBeGreaterThan(100);
      const full = engine.status().catalogue;
      expect(full.maxBytes).toBe(maxBytes);
      expect(full.usedBytes).toBeLessThanOrEqual(maxBytes);
      // What is known goes on being sold and listed, and what was refused is not there.
      expect(await reasonOf(engine, receiptOf('known', 'item-1'))).toBe('created');
      expect(engine.catalogue.item(`item-${taken}`)).toBeUndefined();
      expect(engine.catalogue.items().next().value).toMatchObject({ itemId: 'item-0' });
      expect(await reasonOf(engine, itemOf(0))).toBe('created');
      expect(engine.status().catalogue.usedBytes).toBeLessThan(full.usedBytes - 15_000);
      expect(await reasonOf(engine, itemOf(taken, '牛奶'))).toBe('created');
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
      const before = engine.status().catalogue;
      await engine.close();
      const again = await openEngine(options);
      expect(again.status().catalogue).toEqual(before);
      await again.close();
    }),
  60_000,
);

test(
  'of many items at once those before the one that finds no room stand',
  () =>
    withTemporaryFolder(async (dataDir) => {
      const engine = await openEngine({ dataDir, clock, catalogueMaxBytes: maxBytes });
      const events = Array.from({ length: 400 }, (_, number) => itemOf(number, wordsOf(number)));
      await expect(engine.writes.ingest(events)).rejects.toMatchObject({
        reason: 'CATALOGUE_FULL',
      });
      const { items } = engine.status();
      expect(items).toBeGreaterThan(100);
      const [known] = await engine.writes.ingest([events[items - 1]!]);
      expect(known).toMatchObject({ status: 'duplicate' });
      expect(engine.status().catalogue.usedBytes).toBeLessThanOrEqual(maxBytes);
      await engine.close();
    }),
  60_000,
);

test(
  'the log warns once from 80 % on, and again when there was room in between',
  () =>
    withTemporaryFolder(async (dataDir) => {
      const reported: string[] = [];
      const notify = (message: string) => reported.push(message);
      const engine = await openEngine({ dataDir, clock, notify, catalogueMaxBytes: maxBytes });
      const warnings = () =>
        reported.filter((message) => message.startsWith('items and stores use'));
      const useOf = ({ usedBytes }: { readonly usedBytes: number }) => usedBytes / maxBytes;
      const shares: number[] = [];
      const taken = await fill(engine, () => {
        if (warnings().length > 0) shares.push(useOf(engine.status().catalogue));
      });
      expect(warnings()).toHaveLength(1);
      expect(warnings()[0]).toMatch(
        /^items and stores use 8\d % of what they may .*CATALOGUE_FULL/,
      );
      expect(shares[0]).toBeGreaterThanOrEqual(0.8);
      expect(shares[0]).toBeLessThan(0.82);
      for (let number = 0; number < taken / 2; number++) await reasonOf(engine, itemOf(number));
      await fill(engine, undefined, taken);
      expect(warnings()).toHaveLength(2);
      await engine.close();
    }),
  60_000,
);

async function serving(dataDir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const words = ['serve', '--data-dir', dataDir, '--http-port', '0', '--grpc-port', '0'];
  const { child, ended } = startCaini(words, { NODE_OPTIONS: '--max-old-space-size=256' });
  let output = '';
  child.stdout!.on('data', (text) => {
    output += String(text);
  });
  while (!output.includes('caini listens on')) await once(child.stdout!, 'data');
  const url = /http:\/\/[\w.:]+/.exec(output)![0];
  while ((await fetch(`${url}/readyz`)).status !== 200)
    await new Promise((go) => setTimeout(go, 50));
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      expect((await ended).code).toBe(0);
    },
  };
}

// It takes a minute of two processors.
test.runIf(isLong)(
  'a process with a small heap outlives every catalogue',
  () =>
    withTemporaryFolder(async (dataDir) => {
      const server = await serving(dataDir);
      let status = 200;
      for (let round = 0; status === 200; round++) {
        const items = Array.from({ length: 900 }, (_, index) => ({
          itemId: `item-${round}-${index}`,
          name: wordsOf(round * 900 + index),
        }));
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ items });
        ({ status } = await fetch(`${server.url}/v1/items`, { method: 'POST', headers, body }));
      }
      expect(status).toBe(507);
      // All words are read in idle moments, and lists are served meanwhile.
      for (let asked = 0; asked < 300; asked++) {
        expect((await fetch(`${server.url}/v1/items/popular`)).status).toBe(200);
        await new Promise((go) => setTimeout(go, 50));
      }
      await server.stop();
      const again = await serving(dataDir);
      expect((await fetch(`${again.url}/v1/items/item-0-0/similar`)).status).toBe(200);
      await again.stop();
    }),
  300_000,
);
