// GET /metrics: how the node stands, in the text format of Prometheus (version 0.0.4).
import type { Registry } from 'prom-client';
import { type ClusterStatus, limits, noSuspicions } from '../../engine/index.ts';
import type { Cuts } from '../cuts.ts';
import type { AccessRule } from '../operations/caller.ts';
import type { EngineAccess, Readiness } from '../operations/operation.ts';
import { type Admission, callerOf } from './admit.ts';
import { addReadRoute, type HttpApp } from './routes.ts';

interface Parts {
  readonly access: EngineAccess;
  readonly cuts: Cuts;
}

/** Not of the table of operations, because gRPC has none of it. */
export const metricsRule: AccessRule = { scope: 'metrics', reach: 'chain', member: 'closed' };

export function addMetricsRoute(app: HttpApp, parts: Admission & Pick<Parts, 'cuts'>): void {
  addReadRoute(app, '/metrics', async (incoming) => {
    callerOf(parts, metricsRule, incoming);
    const { text, contentType } = await metricsPage({ access: parts.chain.access, ...parts });
    return new Response(text, { headers: { 'content-type': contentType } });
  });
}

type Labels = Readonly<Record<string, string>>;
type Samples = readonly (readonly [Labels, number])[];

/** What stands at this moment: a registry of its own, since nothing of it is counted here. */
class Page {
  readonly registry: Registry;
  private readonly library: Library;

  constructor(library: Library) {
    this.library = library;
    this.registry = new library.Registry();
  }

  gauge(name: string, help: string, samples: Samples): void {
    if (samples.length === 0) return;
    const gauge = new this.library.Gauge(this.described(name, help, samples));
    for (const [labels, value] of samples) gauge.set(labels, value);
  }

  counter(name: string, help: string, samples: Samples): void {
    if (samples.length === 0) return;
    const counter = new this.library.Counter(this.described(name, help, samples));
    for (const [labels, value] of samples) counter.inc(labels, value);
  }

  private described(name: string, help: string, [first]: Samples) {
    const labelNames = Object.keys(first?.[0] ?? {});
    return { name, help, labelNames, registers: [this.registry] };
  }
}

type Library = typeof import('prom-client');

/** The library takes 70 ms to load, which a start need not wait for. */
export async function metricsPage({ access, cuts }: Parts) {
  const page = new Page(await import('prom-client'));
  const { cluster, ...status } = access.readiness();
  addNode(page, status);
  if (status.ready) {
    const labels = { watermark: status.watermark ?? '', digest: access.engine().inspect.digest() };
    page.gauge('caini_digest', 'The digest of all counts, in a label.', [[labels, 1]]);
  }
  page.counter(
    'caini_cut_total',
    'Clients that were cut off or turned away, by door and reason.',
    cuts.all.map(({ door, reason, count }) => [{ door, reason }, count]),
  );
  if (cluster !== undefined) addCluster(page, cluster);
  return { text: await page.registry.metrics(), contentType: page.registry.contentType };
}

function addNode(page: Page, status: Readiness): void {
  page.gauge('caini_ready', 'Whether lists are complete.', [[{}, status.ready ? 1 : 0]]);
  for (const name of ['events', 'members', 'items', 'stores'] as const) {
    page.gauge(`caini_${name}`, `How many ${name} are known.`, [[{}, status[name] ?? 0]]);
  }
  addMemory(page, status);
  const refused = status.refusedOfErased ?? 0;
  page.counter('caini_refused_of_erased_total', 'Events of erased members.', [[{}, refused]]);
  const { clockAhead, clockBack, ofNobody } = status.suspicions ?? noSuspicions;
  page.counter('caini_suspicious_receipts_total', 'Receipts that are worth a look, by why.', [
    [{ why: 'clock_ahead' }, clockAhead],
    [{ why: 'clock_back' }, clockBack],
    [{ why: 'member_is_nobody' }, ofNobody],
  ]);
}

const nothing = { usedBytes: 0, maxBytes: 0 };

function addMemory(page: Page, { memory = nothing, catalogue = nothing }: Readiness): void {
  const ofCounts = 'Memory in use by the counts; the rest of the process does not grow with them.';
  page.gauge('caini_counts_bytes', ofCounts, [[{}, memory.usedBytes]]);
  const limit = 'What they may use (CAINI_MEMORY_MAX): receipts that need more are refused.';
  page.gauge('caini_counts_bytes_max', limit, [[{}, memory.maxBytes]]);
  const ofCatalogue = 'Memory that items and stores may take beside the counts, in use.';
  page.gauge('caini_catalogue_bytes', ofCatalogue, [[{}, catalogue.usedBytes]]);
  const most =
    'What they may use, half of Node’s heap: items and stores that need more are refused.';
  page.gauge('caini_catalogue_bytes_max', most, [[{}, catalogue.maxBytes]]);
  const isShort = ({ usedBytes, maxBytes }: typeof nothing) =>
    Number(maxBytes > 0 && usedBytes / maxBytes >= limits.memoryWarnedShare);
  page.gauge('caini_memory_short', 'Whether the counts or the catalogue use 80 % and more.', [
    [{ of: 'counts' }, isShort(memory)],
    [{ of: 'catalogue' }, isShort(catalogue)],
  ]);
}

const verdicts = { same: 1, differs: 0, unknown: -1 } as const;

function addCluster(page: Page, cluster: ClusterStatus): void {
  const { role, node, redis, digests, follows, followers, counters } = cluster;
  page.gauge('caini_node', 'The node, in labels.', [[{ role, node }, 1]]);
  const help = 'Whether digests were the same: 1 same, 0 differ, -1 not compared.';
  page.gauge('caini_digests_same', help, [[{}, verdicts[digests]]]);
  const up = redis === undefined ? [] : [[{}, redis === 'up' ? 1 : 0] as const];
  page.gauge('caini_redis_up', 'Whether Redis carries.', up);
  page.gauge(
    'caini_follow_behind',
    'Entries of a followed node that are not here yet.',
    follows.map(({ address, behind = -1 }) => [{ address }, behind]),
  );
  page.gauge(
    'caini_follow_carrier',
    'What brings its entries.',
    follows.map(({ address, carrier }) => [{ address, carrier }, 1]),
  );
  page.gauge(
    'caini_follower_silent_seconds',
    'Since when a follower was not heard of; -1 for never.',
    followers.map(({ node: name, silentMs }) => [
      { node: name },
      silentMs < 0 ? -1 : silentMs / 1_000,
    ]),
  );
  page.counter(
    'caini_cluster_total',
    'What has happened between the nodes since the start.',
    Object.entries(counters).map(([kind, count]) => [{ kind }, count]),
  );
}
