// The tree against the vectors of Certificate Transparency, against the definition of the RFC
// written down naively, and against whoever changes a proof.
import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  consistencyPath,
  emptyRoot,
  Frontier,
  inclusionPath,
  leafHash,
  nodeCount,
  nodePosition,
  type ReadNode,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './tree.ts';

const hex = (bytes: Buffer) => bytes.toString('hex');

/** The leaves and roots that implementations of RFC 6962 are tested with. */
const vectors = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [
    '606162636465666768696a6b6c6d6e6f',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
] as const;

const emptyRootHex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('roots are those of the vectors', () => {
  expect(hex(emptyRoot)).toBe(emptyRootHex);
  const frontier = new Frontier(0, () => emptyRoot);
  expect(frontier.root()).toEqual(emptyRoot);
  for (const [data, root] of vectors) {
    frontier.push(leafHash(Buffer.from(data, 'hex')));
    expect(hex(frontier.root())).toBe(root);
  }
});

/** MTH as section 2.1.1 says it, from the data alone. */
function naiveRoot(data: readonly string[]): Buffer {
  if (data.length === 0) return hash('sha256', '', 'buffer');
  const [first] = data;
  if (data.length === 1) return hash('sha256', `\0${first}`, 'buffer');
  let split = 1;
  while (split * 2 < data.length) split *= 2;
  const [left, right] = [naiveRoot(data.slice(0, split)), naiveRoot(data.slice(split))];
  return hash('sha256', Buffer.concat([Buffer.from([1]), left, right]), 'buffer');
}

const leavesMax = 70;
const data = Array.from({ length: leavesMax }, (_, index) => `leaf ${index}`);

/** The nodes in the order in which they are kept, and what reads them. */
function grown(size: number): { readonly nodes: Buffer[]; readonly read: ReadNode } {
  const frontier = new Frontier(0, () => emptyRoot);
  const nodes = data.slice(0, size).flatMap((each) => frontier.push(leafHash(Buffer.from(each))));
  return { nodes, read: (level, index) => nodes[nodePosition(level, index)]! };
}

test('nodes are kept where they are looked for, and roots are those of the definition', () => {
  for (let size = 0; size <= leavesMax; size++) {
    const { nodes, read } = grown(size);
    expect(nodes).toHaveLength(nodeCount(size));
    const root = naiveRoot(data.slice(0, size));
    expect(rootOf(size, read)).toEqual(root);
    expect(new Frontier(size, read).root(), 'as a process that starts finds it').toEqual(root);
  }
});

const flipped = (bytes: Buffer) =>
  Buffer.from(bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte)));

test('every entry of every tree is proved, and no changed proof is one', () => {
  const { read } = grown(leavesMax);
  for (let treeSize = 1; treeSize <= leavesMax; treeSize++) {
    const rootHash = naiveRoot(data.slice(0, treeSize));
    for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
      const path = inclusionPath(leafIndex, treeSize, read);
      const leaf = leafHash(Buffer.from(data[leafIndex]!));
      const proof = { leafIndex, treeSize, leafHash: leaf, rootHash, path };
      expect(verifyInclusion(proof), `${leafIndex} of ${treeSize}`).toBe(true);
      const changed = [
        { ...proof, leafHash: flipped(leaf) },
        { ...proof, rootHash: flipped(rootHash) },
        { ...proof, path: [...path, leaf] },
        ...path.map((_, at) => ({ ...proof, path: path.toSpliced(at, 1) })),
        ...path.map((node, at) => ({ ...proof, path: path.toSpliced(at, 1, flipped(node)) })),
        { ...proof, leafIndex: leafIndex + 1 },
        { ...proof, leafIndex: treeSize },
      ];
      for (const each of changed) {
        expect(verifyInclusion(each), `${leafIndex} of ${treeSize}`).toBe(false);
      }
    }
  }
});

test('every tree is proved to begin with every smaller one, and no changed proof is one', () => {
  const { read } = grown(leavesMax);
  const roots = Array.from({ length: leavesMax + 1 }, (_, size) => naiveRoot(data.slice(0, size)));
  for (let second = 0; second <= leavesMax; second++) {
    for (let first = 0; first <= second; first++) {
      const path = consistencyPath(first, second, read);
      const [firstRoot, secondRoot] = [roots[first]!, roots[second]!];
      const proof = { first, second, firstRoot, secondRoot, path };
      const what = `${first} of ${second}`;
      expect(verifyConsistency(proof), what).toBe(true);
      const changed = [
        { ...proof, firstRoot: flipped(firstRoot) },
        { ...proof, path: [...path, emptyRoot] },
        { ...proof, first: second + 1 },
        ...(first === 0 ? [] : [{ ...proof, secondRoot: flipped(secondRoot) }]),
        ...path.map((_, at) => ({ ...proof, path: path.toSpliced(at, 1) })),
        ...path.map((node, at) => ({ ...proof, path: path.toSpliced(at, 1, flipped(node)) })),
      ];
      for (const each of changed) expect(verifyConsistency(each), what).toBe(false);
    }
  }
});

test('the places of nodes hold beyond 32 bits', () => {
  const leaf = 2 ** 40 + 5;
  // 2m less the ones of m: 2^40, 4 and 1.
  expect(nodePosition(0, leaf)).toBe(2 * leaf - 3);
  expect(nodePosition(40, 0)).toBe(2 * (2 ** 40 - 1) - 40 + 40);
});
