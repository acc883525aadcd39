// The state of a node, in a form that another node can compare with its own.
import type { Standing } from '#proto/caini/v1/replication.js';
import type { Replication } from '../../engine/index.ts';

/** Another part of the cells with each turn, one a second: 30 s for 2 million cells or fewer. */
export function statusReport(replication: Replication, turn: number, wanted: boolean): Standing {
  const parts = replication.scrubParts;
  const part = turn % parts;
  const partDigest = replication.digestOfPart(part, parts);
  return {
    watermark: replication.watermark,
    digest: replication.digest(),
    part,
    parts: partDigest === undefined ? 0 : parts,
    partDigest: partDigest ?? '',
    report: wanted,
  };
}

/**
 * Whether two nodes that hold the same entries hold the same counts; undefined when they do not
 * hold the same.
 */
export function isSame(replication: Replication, report: Standing): boolean | undefined {
  const { watermark, digest, part, parts, partDigest } = report;
  if (replication.watermark !== watermark) return undefined;
  const own = replication.digest();
  // One of them counts anew, for roles that have changed.
  if (own === '' || digest === '') return undefined;
  if (own !== digest) return false;
  const ours = parts < 1 ? undefined : replication.digestOfPart(part, parts);
  return ours === undefined || ours === partDigest;
}
