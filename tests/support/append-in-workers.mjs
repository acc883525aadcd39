// Workers of a cluster append to one audit trail at once: node append-in-workers.mjs AUDIT-FOLDER
// DATA-FOLDER WORKERS ENTRIES
import cluster from 'node:cluster';
import { Trail } from '../../dist/server/trail/trail.js';

const [folder, dataDir, workers, entries] = process.argv.slice(2);
if (cluster.isPrimary) {
  for (let worker = 0; worker < Number(workers); worker++) cluster.fork();
} else {
  const trail = await Trail.open({ folder, dataDir, clock: Date.now });
  for (let at = 0; at < Number(entries); at++) {
    await trail.append({ operation: 'checkpoint', outcome: 'ok', door: 'http' });
  }
  process.exit(0);
}
