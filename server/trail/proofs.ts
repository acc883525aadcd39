// Proofs as they were saved, checked without the trail and without a server.
import { z } from 'zod';
import { leafHash, verifyConsistency, verifyInclusion } from './tree.ts';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(0);

/** What `caini audit head` prints; the answers of a server hold one too. */
export const treeHeadSchema = z.object({ treeSize: size, rootHash: hashSchema });

/** GET /v1/admin/audit/inclusion. */
const inclusionSchema = z.object({
  leafIndex: size,
  treeSize: size,
  rootHash: hashSchema,
  entry: z.string(),
  leafHash: hashSchema,
  path: z.array(hashSchema).max(64),
});

/** GET /v1/admin/audit/consistency. */
const consistencySchema = z.object({
  first: size,
  second: size,
  firstRootHash: hashSchema,
  secondRootHash: hashSchema,
  path: z.array(hashSchema).max(128),
});

type Head = z.output<typeof treeHeadSchema>;

export interface Checked {
  readonly ok: boolean;
  /** What was checked, or why it is no proof, in words. */
  readonly text: string;
}

/** Undefined for what is no proof at all. */
export function checkProof(proof: unknown, saved: readonly Head[]): Checked | undefined {
  const inclusion = inclusionSchema.safeParse(proof);
  if (inclusion.success) return checkInclusion(inclusion.data, saved);
  const consistency = consistencySchema.safeParse(proof);
  return consistency.success ? checkConsistency(consistency.data, saved) : undefined;
}

function checkInclusion(proof: z.output<typeof inclusionSchema>, saved: readonly Head[]): Checked {
  const { leafIndex, treeSize, rootHash } = proof;
  const leaf = leafHash(Buffer.from(proof.entry));
  const holds =
    leaf.toString('hex') === proof.leafHash &&
    verifyInclusion({ leafIndex, treeSize, leafHash: leaf, ...bytesOf({ rootHash }, proof.path) });
  const what = `entry ${leafIndex} is in the tree of ${treeSize} entries with root ${rootHash}`;
  return against([{ treeSize, rootHash }], saved, holds, what);
}

function checkConsistency(
  proof: z.output<typeof consistencySchema>,
  saved: readonly Head[],
): Checked {
  const { first, second, firstRootHash, secondRootHash, path } = proof;
  const holds = verifyConsistency({
    first,
    second,
    firstRoot: Buffer.from(firstRootHash, 'hex'),
    secondRoot: Buffer.from(secondRootHash, 'hex'),
    path: path.map((each) => Buffer.from(each, 'hex')),
  });
  const heads = [
    { treeSize: first, rootHash: firstRootHash },
    { treeSize: second, rootHash: secondRootHash },
  ];
  const what = `the tree of ${second} entries begins with that of ${first}`;
  return against(heads, saved, holds, what);
}

function bytesOf({ rootHash }: { readonly rootHash: string }, path: readonly string[]) {
  return {
    rootHash: Buffer.from(rootHash, 'hex'),
    path: path.map((each) => Buffer.from(each, 'hex')),
  };
}

/** A proof speaks of its own roots; only a head that was kept elsewhere says they are right. */
function against(
  own: readonly Head[],
  saved: readonly Head[],
  holds: boolean,
  what: string,
): Checked {
  if (!holds) return { ok: false, text: `NOT proved: ${what}` };
  for (const { treeSize, rootHash } of saved) {
    const same = own.find((head) => head.treeSize === treeSize);
    const sizes = own.map((head) => head.treeSize).join(' and ');
    if (same === undefined) {
      const text = `the saved head is of ${treeSize} entries, and the proof of ${sizes}`;
      return { ok: false, text: `NOT proved: ${text}` };
    }
    if (same.rootHash !== rootHash) {
      const text = `the saved head of ${treeSize} entries has root ${rootHash}`;
      return { ok: false, text: `NOT proved: ${text}, the proof ${same.rootHash}` };
    }
  }
  const rest = saved.length === 0 ? '; no saved head says that this root is the right one' : '';
  return { ok: true, text: `proved: ${what}${rest}` };
}
