// Where a node stands, said so that another one can compare itself with it.
import type { Standing } from '#proto/caini/v1/replication.js';
import type { Replication } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';

/** Another part of the cells with each turn, one a second: all are read within half a minute. */
export function standingOf(replication: Replication, turn: number, report: boolean): Standing {
  const { parts } = clusterLimits;
  const part = turn % parts;
  return {
    watermark: replication.watermark,
    digest: replication.digest(),
    part,
    parts,
    partDigest: replication.digestOfPart(part, parts),
    report,
  };
}

/**
 * Whether two nodes that hold the same entries hold the same counts; undefined when they do not
 * hold the same.
 */
export function isSame(replication: Replication, standing: Standing): boolean | undefined {
  const { watermark, digest, part, parts, partDigest } = standing;
  if (replication.watermark !== watermark) return undefined;
  if (replication.digest() !== digest) return false;
  return parts < 1 || replication.digestOfPart(part, parts) === partDigest;
}
