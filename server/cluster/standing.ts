// Where a node stands, said so that another one can compare itself with it.
import type { Standing } from '#proto/caini/v1/replication.js';
import type { Replication } from '../../engine/index.ts';

/** Another part of the cells with each turn, one a second: 30 s for 2 million cells or fewer. */
export function standingOf(replication: Replication, turn: number, report: boolean): Standing {
  const parts = replication.scrubParts;
  const part = turn % parts;
  const partDigest = replication.digestOfPart(part, parts);
  return {
    watermark: replication.watermark,
    digest: replication.digest(),
    part,
    parts: partDigest === undefined ? 0 : parts,
    partDigest: partDigest ?? '',
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
  const ours = parts < 1 ? undefined : replication.digestOfPart(part, parts);
  return ours === undefined || ours === partDigest;
}
