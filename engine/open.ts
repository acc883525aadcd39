// Opens a data folder: claims it, opens store and ledger, makes the engine and starts its counting.
import { mkdirSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import { EngineError } from './base/errors.ts';
import { layoutOf } from './base/folder.ts';
import { nextTurn } from './base/turns.ts';
import { ChainEngine } from './chain-engine.ts';
import { readCheckpoint } from './counting/checkpoint.ts';
import type { Engine } from './engine.ts';
import { logSwept } from './jobs/maintenance.ts';
import { type EngineOptions, guessRoleOf, kernelOptionsOf } from './options.ts';
import { claimFolder } from './store/claim.ts';
import { Ledger } from './store/ledger.ts';
import { settleChain, sweepLeftovers } from './store/leftovers.ts';
import { Store } from './store/store.ts';

/**
 * Opens a data folder, made when absent. Throws FAILED_PRECONDITION when it is in use or of another
 * format.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { h64Raw } = await xxhash();
  const layout = layoutOf(options.dataDir);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const claim = await claimFolder(options.dataDir);
  const opened: { close(): unknown }[] = [];
  const { notify = () => {} } = options;
  try {
    const standIn = settleChain(options.dataDir);
    if (standIn !== undefined) notify(`took ${standIn} for the chain: work was cut short`);
    const { store, stored } = await openChain(layout.chain, options);
    opened.push(store);
    // Only now: of a chain that is damaged, one of these may be the last that is whole.
    logSwept(await sweepLeftovers(options.dataDir, { keepsFormer: true }), notify);
    await nextTurn();
    const ledger = new Ledger(layout.erased, options.ledgerKey);
    opened.push(ledger);
    if (ledger.isNew && store.tables.tombstones.count() > 0) throw keyLost(layout.erased);
    // From Node's pool: the bytes that xxhash would make of a text are a new ArrayBuffer each time.
    const hashBytes = (bytes: Uint8Array) => h64Raw(bytes);
    await nextTurn();
    const guessRole = guessRoleOf(options);
    await nextTurn();
    options.signal?.throwIfAborted();
    const engine = new ChainEngine({ store, ledger, claim, options, guessRole, hashBytes });
    engine.begin(stored);
    if (!options.openAtOnce) await engine.ready;
    return engine;
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    await claim.release();
    throw error;
  }
}

/** Reads the checkpoint while a thread of its own checks the data file: the two share no file. */
async function openChain(folder: string, options: EngineOptions) {
  const opening = Store.open(folder, { signal: options.signal });
  const reading = readCheckpoint(folder, kernelOptionsOf(options));
  try {
    const store = await opening;
    return { store, stored: await reading };
  } finally {
    // Nobody may touch the folder before both have ended, whatever came of them.
    await reading;
  }
}

/** Under another key, the tombstones name nobody, and the erased would come back. */
function keyLost(folder: string): EngineError {
  const message = `${folder} is gone, but members were erased; put it back from the newest backup`;
  return new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}
