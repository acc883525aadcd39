// Nodes of two data formats beside each other, as while a chain is upgraded node by node: neither
// can read what the other gives, and both say so.
import { EngineError } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';

/** A node and the data format of its chain. */
export interface NodeFormat {
  readonly node: string;
  readonly format: number;
}

/** What another node has stated of its format; those of the first format state none. */
export function statedFormat(format: number | string | undefined): number {
  return Number(format) || 1;
}

/**
 * Throws UNAVAILABLE, FORMAT_DIFFERS, unless both have the same data format: it is tried again
 * until they do. `theirs.node` may be any words for the other node.
 */
export function assertSameFormat(theirs: NodeFormat, ours: NodeFormat): void {
  if (theirs.format === ours.format) return;
  const message =
    `${theirs.node} has data format ${theirs.format}, and ${ours.node} has data format ` +
    `${ours.format}: neither reads what the other has until both are of one version`;
  const details = { reason: 'FORMAT_DIFFERS', retryAfterMs: clusterLimits.retryMsMax };
  throw new EngineError('UNAVAILABLE', message, details);
}
