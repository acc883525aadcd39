// Appends to an audit trail until it is killed, and prints each place once it is written:
// node append-trail.mjs AUDIT-FOLDER DATA-FOLDER
import { Trail } from '../../dist/server/trail/trail.js';

const [folder, dataDir] = process.argv.slice(2);
const trail = await Trail.open({ folder, dataDir, clock: Date.now });
await trail.forget({ size: 0, hash: () => Buffer.alloc(16), has: () => false });
for (let at = 0; ; at++) {
  const subjects = [{ kind: 'member', id: `m-${at}` }];
  const leafIndex = await trail.append({ operation: 'writeConsent', door: 'http', subjects });
  process.stdout.write(`${leafIndex}\n`);
}
