// The engine as its users see it: a port for each thing that can be asked of a chain.
import type { Waiting } from './jobs/shared-work.ts';
import type { CataloguePort } from './ports/catalogue.ts';
import type { InspectPort } from './ports/inspect.ts';
import type { ListsPort } from './ports/lists.ts';
import type { MeasuresPort } from './ports/measures.ts';
import type { MembersPort } from './ports/members.ts';
import type { RecordsPort } from './ports/records.ts';
import type { EngineStatus } from './ports/status.ts';
import type { UpkeepPort } from './ports/upkeep.ts';
import type { WritesPort } from './ports/writes.ts';
import type { Replication } from './replication/replication.ts';

export interface Engine {
  /** Resolves when everything stored is counted; until then most ports throw UNAVAILABLE. */
  readonly ready: Promise<void>;
  readonly lists: ListsPort;
  readonly writes: WritesPort;
  readonly catalogue: CataloguePort;
  readonly members: MembersPort;
  readonly records: RecordsPort;
  readonly upkeep: UpkeepPort;
  /** What it counts of its own work, for monitoring. */
  readonly measures: MeasuresPort;
  /** What other nodes of the same chain are given and what is taken from them. */
  readonly replication: Replication;
  /** Every counter as counted (docs/reference/counts.md), for audits and tests; slow. */
  readonly inspect: InspectPort;
  status(): EngineStatus;
  /** The signal gives up the last checkpoint: then the next start reads the end of the log. */
  close(waiting?: Pick<Waiting, 'signal'>): Promise<void>;
}
