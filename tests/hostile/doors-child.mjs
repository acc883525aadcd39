// The process that is attacked: both doors over a small chain, with the limits that it was given.
// It tells its memory when it is asked, and its turns when somebody watches them.
import { pino } from 'pino';
import { recordTurns } from '../../dist/bench/turns.js';
import { openEngine } from '../../dist/engine/index.js';
import { createCuts } from '../../dist/server/cuts.js';
import { listen as listenGrpc } from '../../dist/server/grpc/listen.js';
import { listen as listenHttp } from '../../dist/server/http/listen.js';
import { LoadShedder } from '../../dist/server/load-shedder.js';

const { dataDir, http, grpc } = JSON.parse(process.argv[2]);
const log = pino({ level: 'silent' });
const engine = await openEngine({ dataDir });
await engine.writes.ingest(chain());
const shared = {
  host: '127.0.0.1',
  port: 0,
  access: { engine: () => engine, readiness: () => engine.status() },
  log,
  loadShedder: new LoadShedder(),
  cuts: createCuts(log),
};
const doors = [await listenHttp({ ...shared, ...http }), await listenGrpc({ ...shared, ...grpc })];

let endWatch;
process.on('message', async (asked) => {
  if (asked === 'watch') {
    endWatch = recordTurns();
    process.send('watching');
    return;
  }
  if (asked === 'turns') {
    process.send(await endWatch());
    return;
  }
  if (asked === 'stop') {
    await Promise.all(doors.map((door) => door.close()));
    await engine.close();
    process.exit(0);
  }
  // The first one frees what was held, the second one sees the buffers of it gone.
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { sessions, openCalls } = doors[1];
  process.send({ rss, held: heapUsed + external, sessions: sessions.size, openCalls });
});
// Whoever has started it is gone.
process.on('disconnect', () => process.exit(1));
process.send({ http: doors[0].url, grpc: doors[1].url });

/** Milk goes with bread; and shelves of goods with words as long as they may be, 12 KB each. */
function chain() {
  const occurredAt = '2026-05-01T09:10:00+08:00';
  const receipts = Array.from({ length: 20 }, (_, index) => ({
    kind: 'purchase',
    purchase: {
      purchaseId: `taught-${index}`,
      memberId: 'ann',
      channel: 'pos',
      occurredAt,
      lines: ['milk', 'bread'].map((itemId) => ({ itemId, quantity: 1 })),
    },
  }));
  const long = '猜'.repeat(200);
  const shelves = Array.from({ length: 300 }, (_, index) => {
    const itemId = `item-${String(index).padStart(3, '0')}`;
    const tags = Array.from({ length: 32 }, (_tag, count) => `${count}${'猜'.repeat(60)}`);
    const texts = { name: long, brand: long, category: Array(8).fill(long), tags };
    return { kind: 'item', item: { itemId, status: 'active', ...texts } };
  });
  return [...receipts, ...shelves];
}
