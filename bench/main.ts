// `npm run bench -- PART`: runs one part of the suite, or all; the last line of each sums it up.
import { benchCheckpoint } from './checkpoint.ts';
import { benchCluster } from './cluster.ts';
import { benchErase } from './erase.ts';
import { benchIngest } from './ingest.ts';
import { benchRecommend } from './recommend.ts';
import { benchTill } from './till.ts';

const parts = {
  ingest: benchIngest,
  recommend: benchRecommend,
  erase: benchErase,
  checkpoint: benchCheckpoint,
  till: benchTill,
  cluster: benchCluster,
} as const;

const asked = process.argv[2];
const names = Object.keys(parts) as (keyof typeof parts)[];
if (asked !== undefined && !names.includes(asked as keyof typeof parts)) {
  console.error(`there is no part ${asked}; the parts are ${names.join(', ')}`);
  process.exit(2);
}
for (const name of names) {
  if (asked === undefined || asked === name) console.log(await parts[name]());
}
