// A map by text that grows without a pause: a Map moves all of its entries when it gets too small,
// which takes tens of milliseconds at some hundred thousand of them. Many small ones take turns.

const shardsMax = 256;
/** So many characters of a key are in its hash. */
const charactersShown = 12;

export class ShardedMap<Value> {
  private readonly shards = Array.from({ length: shardsMax }, () => new Map<string, Value>());

  /** `hash`: that of the key, where it is known. */
  get(key: string, hash = hashOfKey(key)): Value | undefined {
    return this.shardOf(hash).get(key);
  }

  set(key: string, value: Value): void {
    this.shardOf(hashOfKey(key)).set(key, value);
  }

  delete(key: string): void {
    this.shardOf(hashOfKey(key)).delete(key);
  }

  private shardOf(hash: number): Map<string, Value> {
    return this.shards[hash & (shardsMax - 1)]!;
  }
}

/** FNV-1a over characters all along the key: ids have long beginnings or ends in common. */
export function hashOfKey(key: string): number {
  let hash = 0x811c9dc5 ^ key.length;
  const step = 1 + Math.floor(key.length / charactersShown);
  for (let at = 0; at < key.length; at += step) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
