// What an item and a store take of JavaScript's heap, beside the counts.
import type { Item, StoreProfile } from './shapes.ts';

/** Of an item or a store by itself: its number, object, places in orders, and row of marks. */
const entryBytes = 800;
/** Of a word that nobody else has: its text, group and places in tables. */
const wordBytes = 100;
/** Of a shelf beside its text. */
const shelfBytes = 100;
const characterBytes = 2;
/** Of a barcode beside its text: its places in a map and in the item, and its longer form. */
const barcodeBytes = 150;

/** At least what an item takes, all that its words and shelves may take included. */
export function weighItem(item: Item): number {
  const { itemId, name, brand, category = [], tags = [], barcodes = [] } = item;
  let bytes = entryBytes + charactersIn([itemId, name, brand, ...category, ...tags]);
  bytes += barcodeBytes * barcodes.length + charactersIn(barcodes);
  if (name !== undefined) bytes += wordBytes * wordsAtMost(name);
  // Each shelf is known by its path from the widest one.
  let path = 0;
  for (const level of category) {
    path += characterBytes * level.length;
    bytes += shelfBytes + path;
  }
  return bytes;
}

export function weighStore({ storeId, name, city, timeZone }: StoreProfile): number {
  return entryBytes + charactersIn([storeId, name, city, timeZone]);
}

function charactersIn(texts: readonly (string | undefined)[]): number {
  return texts.reduce((sum, text) => sum + characterBytes * (text?.length ?? 0), 0);
}

const [none, digit, letter] = [0, 1, 2];

/** A run of Latin letters or of digits is one word; of all other scripts each character may be. */
function wordsAtMost(name: string): number {
  let [words, before] = [0, none];
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const kind = kindOf(code);
    if (code > 0x7f || (kind !== none && kind !== before)) words += 1;
    before = kind;
  }
  return words;
}

function kindOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return digit;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? letter : none;
}
