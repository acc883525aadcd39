// Sells one ticket: `main.ts ADDRESS ITEM…`.
import { credentials } from '@grpc/grpc-js';
import { Pos } from './pos.ts';

const [address = '127.0.0.1:50051', ...items] = process.argv.slice(2);
const now = new Date();
const pos = new Pos(address, credentials.createInsecure(), (line) => console.log(line));
const sold = await pos.sell({
  purchaseId: `example-${now.getTime()}`,
  occurredAt: now.toISOString(),
  storeId: 'S11',
  terminalId: 'example-1',
  scans: items.map((itemId) => ({ itemId })),
});
console.log(sold);
pos.close();
