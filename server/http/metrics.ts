// GET /metrics: how the node stands, in the text format of Prometheus (version 0.0.4).
import type { ClusterStatus } from '../../engine/index.ts';
import type { Cuts } from '../cuts.ts';
import type { EngineAccess, Readiness } from '../operations/operation.ts';
import type { HttpApp } from './app.ts';
import { wrongMethod } from './problem.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

interface Parts {
  readonly access: EngineAccess;
  readonly cuts: Cuts;
}

export function addMetricsRoute(app: HttpApp, parts: Parts): void {
  app.all('/metrics', ({ env }) => {
    const { method } = env.incoming;
    if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, ['GET']);
    return new Response(metricsText(parts), { headers: { 'content-type': contentType } });
  });
}

type Labels = Readonly<Record<string, string>>;

class Page {
  private text = '';

  gauge(name: string, help: string, samples: readonly (readonly [Labels, number])[]): void {
    this.add(name, help, 'gauge', samples);
  }

  counter(name: string, help: string, samples: readonly (readonly [Labels, number])[]): void {
    this.add(name, help, 'counter', samples);
  }

  private add(
    name: string,
    help: string,
    type: string,
    samples: readonly (readonly [Labels, number])[],
  ): void {
    if (samples.length === 0) return;
    this.text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) this.text += `${name}${labelsOf(labels)} ${value}\n`;
  }

  toString(): string {
    return this.text;
  }
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function metricsText({ access, cuts }: Parts): string {
  const { cluster, ...status } = access.readiness();
  const page = new Page();
  page.gauge('caini_ready', 'Whether lists are complete.', [[{}, status.ready ? 1 : 0]]);
  for (const name of ['events', 'members', 'items', 'stores'] as const) {
    page.gauge(`caini_${name}`, `How many ${name} are known.`, [[{}, status[name] ?? 0]]);
  }
  addMemory(page, status);
  const refused = status.refusedOfErased ?? 0;
  page.counter('caini_refused_of_erased_total', 'Events of erased members.', [[{}, refused]]);
  if (status.ready) {
    const { inspect } = access.engine();
    const digest = inspect.digest();
    const labels = { watermark: status.watermark ?? '', digest };
    page.gauge('caini_digest', 'The digest of all counts, in a label.', [[labels, 1]]);
  }
  page.counter(
    'caini_cut_total',
    'Clients that were cut off or turned away, by door and reason.',
    cuts.all.map(({ door, reason, count }) => [{ door, reason }, count]),
  );
  if (cluster !== undefined) addCluster(page, cluster);
  return page.toString();
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
    followers.map(({ node: name, silentMs }) => [{ node: name }, Math.max(-1, silentMs / 1_000)]),
  );
  page.counter(
    'caini_cluster_total',
    'What has happened between the nodes since the start.',
    Object.entries(counters).map(([kind, count]) => [{ kind }, count]),
  );
}
