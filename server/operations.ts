// The one table of everything that can be asked of Caini; every door and its documentation are read
// from it.
import { adminOperations } from './operations/admin.ts';
import { catalogueOperations } from './operations/catalogue.ts';
import { healthOperations } from './operations/health.ts';
import { listOperations } from './operations/lists.ts';
import { memberOperations } from './operations/members.ts';
import type { Operation } from './operations/operation.ts';
import { receiptOperations } from './operations/receipts.ts';
import { trailOperations } from './operations/trail.ts';

export const operations: readonly Operation[] = [
  ...listOperations,
  ...receiptOperations,
  ...memberOperations,
  ...catalogueOperations,
  ...adminOperations,
  ...trailOperations,
  ...healthOperations,
];
