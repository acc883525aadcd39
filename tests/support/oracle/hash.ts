// XXH64 with seed 0 over the UTF-8 bytes of an outside id, in BigInt: the oracle's own copy, from
// the specification. The engine uses xxhash-wasm; a second implementation is what makes an
// agreement of digests mean something.

const mask = (1n << 64n) - 1n;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const encoder = new TextEncoder();
const known = new Map<string, bigint>();

/**
 * XXH64 (seed 0) of the id as UTF-8, unsigned; remembered, because lists ask for the same ids over
 * and over.
 */
export function hashOf(id: string): bigint {
  const before = known.get(id);
  if (before !== undefined) return before;
  const hash = xxhash64(encoder.encode(id));
  known.set(id, hash);
  return hash;
}

/** Ascending hash, then ascending bytes: the order of items in a basket and among equal scores. */
export function compareByHash(left: string, right: string): number {
  const [leftHash, rightHash] = [hashOf(left), hashOf(right)];
  if (leftHash !== rightHash) return leftHash < rightHash ? -1 : 1;
  return compareBytes(left, right);
}

/**
 * The order of UTF-8 bytes. JavaScript's own order is that of UTF-16 units and differs above
 * U+FFFF.
 */
export function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}

/** XXH64 (seed 0) of any bytes, unsigned. */
export function xxhash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stripes = Math.floor(bytes.length / 32);
  let hash = stripes === 0 ? prime5 : stripesOf(view, stripes);
  hash = wrap(hash + BigInt(bytes.length));
  let at = stripes * 32;
  for (; at + 8 <= bytes.length; at += 8) {
    hash ^= round(0n, view.getBigUint64(at, true));
    hash = wrap(rotateLeft(hash, 27n) * prime1 + prime4);
  }
  if (at + 4 <= bytes.length) {
    hash ^= wrap(BigInt(view.getUint32(at, true)) * prime1);
    hash = wrap(rotateLeft(hash, 23n) * prime2 + prime3);
    at += 4;
  }
  for (; at < bytes.length; at += 1) {
    hash ^= wrap(BigInt(view.getUint8(at)) * prime5);
    hash = wrap(rotateLeft(hash, 11n) * prime1);
  }
  return avalanche(hash);
}

/** Rotation of a 64-bit number to the left. */
export function rotateLeft(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)));
}

/** The low 64 bits. */
export function wrap(value: bigint): bigint {
  return value & mask;
}

function stripesOf(view: DataView, stripes: number): bigint {
  const lanes = [wrap(prime1 + prime2), prime2, 0n, wrap(-prime1)];
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    for (const [lane, value] of lanes.entries()) {
      lanes[lane] = round(value, view.getBigUint64(stripe * 32 + lane * 8, true));
    }
  }
  const turns = [1n, 7n, 12n, 18n];
  let hash = wrap(lanes.reduce((sum, lane, at) => sum + rotateLeft(lane, turns[at] ?? 0n), 0n));
  for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * prime1 + prime4);
  return hash;
}

function round(accumulator: bigint, input: bigint): bigint {
  return wrap(rotateLeft(wrap(accumulator + input * prime2), 31n) * prime1);
}

function avalanche(hash: bigint): bigint {
  let mixed = wrap((hash ^ (hash >> 33n)) * prime2);
  mixed = wrap((mixed ^ (mixed >> 29n)) * prime3);
  return mixed ^ (mixed >> 32n);
}
