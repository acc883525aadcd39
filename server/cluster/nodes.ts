// The other nodes of the chain, as they have reported themselves; names outlive a restart.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportStandingRequest } from '#proto/caini/v1/replication.js';
import { type Clock, type NodeAcknowledgement, parseVector } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';

interface KnownNode extends Omit<ReportStandingRequest, 'partDiffers' | 'caughtUp'> {
  /** When it was heard of last; 0 for not since the start. */
  lastReportAtMs: number;
  /** What comparing its digest gave last; undefined before. */
  isSame: boolean | undefined;
}

export class Nodes {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly known = new Map<string, KnownNode>();
  private listeners: (() => void)[] = [];

  constructor(dataDir: string, clock: Clock) {
    this.path = join(dataDir, 'nodes.json');
    this.clock = clock;
    for (const node of existsSync(this.path) ? namesIn(this.path) : []) {
      const status = { role: '', watermark: '', digest: '', carrier: '' };
      this.known.set(node, { node, ...status, lastReportAtMs: 0, isSame: undefined });
    }
  }

  /** `isSame` is undefined when its digest could not be compared this time. */
  recordReport(standing: ReportStandingRequest, isSame: boolean | undefined): void {
    const { partDiffers: _, caughtUp: __, ...report } = standing;
    const before = this.known.get(report.node);
    const isNew = before === undefined;
    if (isNew && this.known.size >= clusterLimits.nodesMax) return;
    this.known.set(report.node, {
      ...report,
      lastReportAtMs: this.clock(),
      isSame: isSame ?? before?.isSame,
    });
    if (isNew) this.write();
    for (const listener of this.listeners) listener();
  }

  list() {
    return [...this.known.values()].map(({ lastReportAtMs, digest: _, isSame: __, ...status }) => ({
      ...status,
      silentMs: lastReportAtMs === 0 ? -1 : this.clock() - lastReportAtMs,
    }));
  }

  /** What comparing digests gave last, of those that are there. */
  get verdicts(): readonly (boolean | undefined)[] {
    return [...this.known.values()]
      .filter((node) => this.isOnline(node))
      .map((node) => node.isSame);
  }

  /** Waits a while for those who are there to hold a watermark, and returns who does. */
  async acknowledge(watermark: string): Promise<readonly NodeAcknowledgement[]> {
    const waiting = () =>
      [...this.known.values()].filter((node) => this.isOnline(node) && !holds(node, watermark));
    await new Promise<void>((resolve) => {
      const look = () => {
        if (waiting().length === 0) finish();
      };
      const finish = () => {
        clearTimeout(late);
        this.listeners = this.listeners.filter((other) => other !== look);
        resolve();
      };
      const late = setTimeout(finish, clusterLimits.acknowledgeMsMax);
      this.listeners.push(look);
      look();
    });
    const nodes = [...this.known.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
    return nodes.map((node) => {
      const acknowledged = holds(node, watermark);
      return { node: node.node, acknowledged, ...(acknowledged && { digest: node.digest }) };
    });
  }

  private isOnline({ lastReportAtMs }: KnownNode): boolean {
    return this.clock() - lastReportAtMs < clusterLimits.awayMs;
  }

  private write(): void {
    writeFileSync(`${this.path}.new`, `${JSON.stringify([...this.known.keys()])}\n`);
    renameSync(`${this.path}.new`, this.path);
  }
}

function namesIn(path: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    // It only helps to name nodes that are away; they make themselves known when they come.
    return [];
  }
}

/** A node that has only reported its position sends its digest within a second. */
function holds({ watermark, digest }: KnownNode, wanted: string): boolean {
  if (digest === '') return false;
  const theirs = parseVector(watermark) ?? [];
  return (parseVector(wanted) ?? []).every(({ origin, epoch, sequence }) =>
    theirs.some(
      (place) => place.origin === origin && place.epoch >= epoch && place.sequence >= sequence,
    ),
  );
}
