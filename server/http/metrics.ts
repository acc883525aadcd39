// GET /metrics: how the node stands, in the text format of Prometheus (version 0.0.4).
import { statfs } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { type ClusterStatus, limits, type MeasuresPort, noSuspicions } from '../../engine/index.ts';
import type { Cuts } from '../cuts.ts';
import type { LoadShedder } from '../load-shedder.ts';
import type { AccessRule } from '../operations/caller.ts';
import type { EngineAccess, Readiness } from '../operations/operation.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Admission, callerOf } from './admit.ts';
import { type Library, Page, type Samples } from './metrics-page.ts';
import { addReadRoute, type HttpApp } from './routes.ts';

interface Parts {
  readonly access: EngineAccess;
  readonly cuts: Cuts;
  readonly telemetry: Telemetry;
  readonly loadShedder: Pick<LoadShedder, 'measures'>;
}

/** Not of the table of operations, because gRPC has none of it. */
export const metricsRule: AccessRule = { scope: 'metrics', reach: 'chain', member: 'closed' };

export function addMetricsRoute(app: HttpApp, parts: Admission & Omit<Parts, 'access'>): void {
  addReadRoute(app, '/metrics', async (incoming) => {
    callerOf(parts, metricsRule, incoming);
    const { text, contentType } = await metricsPage({ access: parts.chain.access, ...parts });
    return new Response(text, { headers: { 'content-type': contentType } });
  });
}

/** The library takes 70 ms to load, which a start need not wait for. */
export async function metricsPage(parts: Parts) {
  const { access, cuts } = parts;
  const library = await import('prom-client');
  const page = new Page(library);
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
  addRequests(page, parts);
  addLists(page, parts.telemetry);
  if (status.ready) addEngine(page, access.engine().measures);
  await addDisk(page, parts.telemetry.dataDir);
  if (cluster !== undefined) addCluster(page, cluster);
  const own = await page.registry.metrics();
  const text = `${own}\n${await processRegistry(library).metrics()}`;
  return { text, contentType: page.registry.contentType };
}

let ofProcess: Registry | undefined;

/** Processor time, memory, collections: as every process of Node tells them. */
function processRegistry(library: Library): Registry {
  if (ofProcess === undefined) {
    ofProcess = new library.Registry();
    library.collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

function addRequests(page: Page, { telemetry, loadShedder }: Parts): void {
  page.histogram(
    'caini_request_duration_seconds',
    'From when the head of a request was read until its answer was handed over.',
    [...telemetry.requests.all].flatMap(({ operation, door, byCode }) =>
      [...byCode].map(([code, histogram]) => [{ operation, door, code }, histogram] as const),
    ),
  );
  const { lists, writes, refused } = loadShedder.measures;
  const ofWaits = 'How long those waited for their turn who did not have it at once.';
  page.histogram('caini_admission_wait_seconds', ofWaits, [
    [{ load: 'list' }, lists],
    [{ load: 'write' }, writes],
  ]);
  page.counter('caini_shed_total', 'Requests that were refused under overload.', [[{}, refused]]);
  const late = 'How late a timer was that is due every 20 ms: what every request may wait.';
  page.histogram('caini_event_loop_delay_seconds', late, [[{}, telemetry.loopDelay.seconds]]);
}

function addLists(page: Page, { lists }: Telemetry): void {
  const scenarios = [...lists.byScenario];
  const ofItems = 'Items of lists; those at most 0 are the empty ones.';
  page.histogram(
    'caini_list_items',
    ofItems,
    scenarios.map(([scenario, { items }]) => [{ scenario }, items]),
  );
  page.counter(
    'caini_lists_short_total',
    'Lists with fewer items than were asked for.',
    scenarios.map(([scenario, { short }]) => [{ scenario }, short]),
  );
  page.counter(
    'caini_lists_personalized_total',
    'Lists that are made of what the member bought.',
    scenarios.map(([scenario, { personalized }]) => [{ scenario }, personalized]),
  );
  page.counter(
    'caini_list_relaxations_total',
    'How often a list was filled by asking for less.',
    [...lists.relaxations].map(([relaxation, count]) => [{ relaxation }, count]),
  );
}

function addEngine(page: Page, measures: MeasuresPort): void {
  const { sinceStart, queuedEvents, uncheckpointed } = measures;
  const { commitSeconds, commitEvents, freshnessSeconds, checkpointAtMs, verified } = sinceStart;
  const ofCommits = 'From the beginning of a transaction until it is on the disk.';
  page.histogram('caini_commit_seconds', ofCommits, [[{}, commitSeconds]]);
  page.histogram('caini_commit_events', 'Events of one transaction.', [[{}, commitEvents]]);
  const ofFreshness = 'From when an event was taken until lists show it.';
  page.histogram('caini_freshness_seconds', ofFreshness, [[{}, freshnessSeconds]]);
  page.gauge('caini_queued_events', 'Events that wait for the disk.', [[{}, queuedEvents]]);
  page.counter(
    'caini_events_total',
    'Events that were sent since the start, by what came of them.',
    [...sinceStart.statuses].map(([status, count]) => [{ status }, count]),
  );
  page.counter(
    'caini_event_reasons_total',
    'Events of which something was said, most of them refused, by the reason.',
    [...sinceStart.reasons].map(([reason, count]) => [{ reason }, count]),
  );
  const ofLog = 'Entries of the log that no checkpoint holds: the next start counts them.';
  page.gauge('caini_uncheckpointed_events', ofLog, [[{}, uncheckpointed]]);
  const ofCheckpoint = 'When the last checkpoint of this process was on the disk.';
  page.gauge('caini_checkpoint_timestamp_seconds', ofCheckpoint, since(checkpointAtMs));
  const ofVerify = 'When the counts were last compared with a recount.';
  page.gauge('caini_verify_timestamp_seconds', ofVerify, since(verified?.atMs));
  const isOk = verified === undefined ? [] : [[{}, Number(verified.ok)] as const];
  page.gauge('caini_verify_ok', 'Whether they were the same.', isOk);
}

/** None, for what has not happened. */
function since(atMs: number | undefined): Samples {
  return atMs === undefined ? [] : [[{}, atMs / 1_000]];
}

async function addDisk(page: Page, dataDir: string | undefined): Promise<void> {
  if (dataDir === undefined) return;
  // A folder that is gone says so elsewhere.
  const disk = await statfs(dataDir).catch(() => undefined);
  if (disk === undefined) return;
  const { bavail, blocks, bsize } = disk;
  page.gauge('caini_disk_free_bytes', 'Free for us where the data folder is.', [
    [{}, bavail * bsize],
  ]);
  page.gauge('caini_disk_bytes', 'Size of that disk.', [[{}, blocks * bsize]]);
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
