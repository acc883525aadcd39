// The standard health service: whether each service can answer, for clients that ask and that
// watch.
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { RpcService } from '../operations/caller.ts';
import type { EngineAccess } from '../operations/operation.ts';

/** Lists are complete only when all is counted and loaded; the others need the counts alone. */
const needsLists: Readonly<Record<RpcService, boolean>> = {
  RecommendationService: true,
  CheckoutService: true,
  IngestService: false,
  CatalogService: false,
  MemberService: false,
  AdminService: false,
  ReplicationService: false,
};

export interface Health {
  addTo(server: Pick<Server, 'addService'>): void;
  /** Updates the status of each service for those who watch. */
  update(): void;
  /** Nothing serves any more, and nothing changes that. */
  stop(): void;
}

export function createHealth(access: EngineAccess): Health {
  const reported = new Map<string, boolean>();
  const health = new HealthImplementation();
  let isStopped = false;
  const set = (service: string, serving: boolean): void => {
    if (reported.get(service) === serving) return;
    reported.set(service, serving);
    health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
  };
  const update = (): void => {
    const isComplete = !isStopped && access.readiness().ready;
    const isCounted = isComplete || (!isStopped && hasCounted(access));
    // The empty name stands for the server as a whole.
    set('', isComplete);
    for (const [service, lists] of Object.entries(needsLists)) {
      set(`caini.v1.${service}`, lists ? isComplete : isCounted);
    }
  };
  update();
  return {
    addTo: (server) => health.addToServer(server as Server),
    update,
    stop() {
      isStopped = true;
      update();
    },
  };
}

function hasCounted(access: EngineAccess): boolean {
  try {
    return access.engine().status().ready;
  } catch {
    // The data folder is not open yet.
    return false;
  }
}
