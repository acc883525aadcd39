// The codes by which items are found beside their ids: barcodes, inner numbers of scales and tills.
// Several items may claim one for a while, where two origins were told of it at once.
import { ShardedMap } from '../base/sharded-map.ts';

/** UPC-A, which is EAN-13 without its leading zero: scanners give either of one label. */
const upcLength = 12;
const digitsOnly = /^\d+$/;

/** What two ways to write one code have in common. All other zeros count. */
function barcodeKey(code: string): string {
  return code.length === upcLength && digitsOnly.test(code) ? `0${code}` : code;
}

const nobody: readonly number[] = [];

/** Which numbers claim a code, whatever came first. */
export class Barcodes {
  /** Most codes have one item, which needs no list. */
  private readonly claims = new ShardedMap<number | readonly number[]>();
  private count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  add(codes: readonly string[], number: number): void {
    for (const key of keysOf(codes)) this.put(key, [...this.ofKey(key), number], 1);
  }

  remove(codes: readonly string[], number: number): void {
    for (const key of keysOf(codes)) {
      const left = this.ofKey(key).filter((other) => other !== number);
      this.put(key, left, -1);
    }
  }

  claimantsOf(code: string): readonly number[] {
    return this.ofKey(barcodeKey(code));
  }

  private ofKey(key: string): readonly number[] {
    const known = this.claims.get(key);
    if (known === undefined) return nobody;
    return typeof known === 'number' ? [known] : known;
  }

  private put(key: string, numbers: readonly number[], more: 1 | -1): void {
    this.count += more;
    if (numbers.length === 0) this.claims.delete(key);
    else this.claims.set(key, numbers.length === 1 ? numbers[0]! : numbers);
  }
}

/** Each once, also where an item names a code in both ways. */
function keysOf(codes: readonly string[]): Iterable<string> {
  return codes.length < 2 ? codes.map(barcodeKey) : new Set(codes.map(barcodeKey));
}
