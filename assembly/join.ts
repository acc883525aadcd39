// Joins replies from pieces that were encoded before: JSON and protocol buffers
// (https://protobuf.dev/programming-guides/encoding/), for an instance of this module that counts
// nothing. What to join stands in a list of words:
//
// word: kind in the low KIND_BITS, argument in the others
//   WORD_PIECE   the word is the address of a kept piece: length u32 | bytes; a multiple of 16
//   WORD_DIGITS  the argument in decimal
//   WORD_DECIMAL the next word in decimal, the argument tells how many digits stand after the point
//   WORD_TEXT    so many bytes of the texts, from where the last WORD_TEXT ended
//   WORD_OPEN    begins a message of this tag byte; the next word is for its length
//   WORD_CLOSE   ends the innermost one
//   WORD_VARINT  this tag byte, then the next word as a varint
//   WORD_BYTE    this byte
//   WORD_DOUBLE  this tag byte, then the next two words as a double
//
// The list is passed twice: once for lengths, which also loads every piece before it is needed, so
// that cache misses overlap; then to write.

import { allocate, release, roundUp } from './heap';

export const KIND_BITS: u32 = 4;
const KIND_MASK: u32 = (1 << KIND_BITS) - 1;
const WORD_PIECE: u32 = 0;
export const WORD_DIGITS: u32 = 1;
export const WORD_TEXT: u32 = 2;
export const WORD_OPEN: u32 = 3;
export const WORD_CLOSE: u32 = 4;
export const WORD_VARINT: u32 = 5;
export const WORD_BYTE: u32 = 6;
export const WORD_DOUBLE: u32 = 7;
export const WORD_DECIMAL: u32 = 8;

/** Messages within messages. */
const DEPTH_MAX: u32 = 16;
/** Pieces are copied by 16 bytes. */
const SLACK: u32 = 16;
const LINE: u32 = 64;

let words: u32 = 0;
let wordsRoom: u32 = 0;
let texts: u32 = 0;
let textsRoom: u32 = 0;
let joined: u32 = 0;
let joinedRoom: u32 = 0;
/** Of each open message: the address of its length word, and how long all was before it. */
let open: u32 = 0;
/** Keeps the loads of what is only touched from being optimised away. */
let sink: u32 = 0;

/** Room for a list of so many words, of which nothing is kept. */
export function joinWords(count: u32): u32 {
  if (count * 4 > wordsRoom) {
    release(words);
    wordsRoom = roundUp(count * 4);
    words = allocate(wordsRoom);
  }
  return words;
}

/** The same for the texts. */
export function joinTexts(bytes: u32): u32 {
  if (bytes + SLACK > textsRoom) {
    release(texts);
    textsRoom = roundUp(bytes + SLACK);
    texts = allocate(textsRoom);
  }
  return texts;
}

/** Memory for pieces, once; only what is written to is ever backed. */
export function joinPieces(bytes: u32): u32 {
  return allocate(bytes + SLACK + LINE);
}

// @ts-expect-error: decorator
@inline
function varintSize(value: u32): u32 {
  // 7 bits a byte, and a byte for 0.
  return (38 - clz(value | 1)) / 7;
}

// @ts-expect-error: decorator
@inline
function digitsOf(value: u32): u32 {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10000) return value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  if (value < 100000000) return value < 10000000 ? 7 : 8;
  return value < 1000000000 ? 9 : 10;
}

/** With a digit before the point, and no point without digits after it. */
// @ts-expect-error: decorator
@inline
function decimalSize(value: u32, decimals: u32): u32 {
  const digits = digitsOf(value);
  return decimals == 0 ? digits : max(digits, decimals + 1) + 1;
}

/** How long all will be; puts the length of each message where it begins. */
function measure(end: u32): u32 {
  if (!open) open = allocate(DEPTH_MAX * 8);
  let depth: u32 = 0;
  let size: u32 = 0;
  let loaded: u32 = 0;
  for (let at = words; at < end; at += 4) {
    const word = load<u32>(at);
    const argument = word >> KIND_BITS;
    const kind = word & KIND_MASK;
    if (kind == WORD_PIECE) {
      size += load<u32>(word);
      loaded += load<u8>(word + LINE);
    } else if (kind == WORD_DIGITS) {
      size += digitsOf(argument);
    } else if (kind == WORD_TEXT) {
      size += argument;
    } else if (kind == WORD_OPEN) {
      if (depth == DEPTH_MAX) unreachable();
      store<u32>(open + depth * 8, at + 4);
      store<u32>(open + depth * 8, size, 4);
      depth++;
      at += 4;
    } else if (kind == WORD_CLOSE) {
      depth--;
      const length = size - load<u32>(open + depth * 8, 4);
      store<u32>(load<u32>(open + depth * 8), length);
      size += 1 + varintSize(length);
    } else if (kind == WORD_VARINT) {
      at += 4;
      size += 1 + varintSize(load<u32>(at));
    } else if (kind == WORD_BYTE) {
      size += 1;
    } else if (kind == WORD_DOUBLE) {
      at += 8;
      size += 9;
    } else {
      at += 4;
      size += decimalSize(load<u32>(at), argument);
    }
  }
  sink = loaded;
  return size;
}

// @ts-expect-error: decorator
@inline
function copyTo(to: u32, from: u32, bytes: u32): u32 {
  for (let at: u32 = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
  return to + bytes;
}

// @ts-expect-error: decorator
@inline
function putDigits(to: u32, value: u32): u32 {
  const end = to + digitsOf(value);
  let rest = value;
  for (let at = end; at > to; ) {
    at--;
    const tenth = rest / 10;
    store<u8>(at, 48 + (rest - tenth * 10));
    rest = tenth;
  }
  return end;
}

function putDecimal(to: u32, value: u32, decimals: u32): u32 {
  if (decimals == 0) return putDigits(to, value);
  const end = to + decimalSize(value, decimals);
  const point = end - decimals - 1;
  let rest = value;
  for (let at = end; at > to; ) {
    at--;
    if (at == point) {
      store<u8>(at, 46);
      continue;
    }
    const tenth = rest / 10;
    store<u8>(at, 48 + (rest - tenth * 10));
    rest = tenth;
  }
  return end;
}

// @ts-expect-error: decorator
@inline
function putVarint(to: u32, tag: u32, value: u32): u32 {
  store<u8>(to, tag);
  let at = to + 1;
  let rest = value;
  for (; rest >= 0x80; rest >>= 7) store<u8>(at++, rest | 0x80);
  store<u8>(at, rest);
  return at + 1;
}

function write(end: u32): void {
  let to = joined;
  let text = texts;
  for (let at = words; at < end; at += 4) {
    const word = load<u32>(at);
    const argument = word >> KIND_BITS;
    const kind = word & KIND_MASK;
    if (kind == WORD_PIECE) {
      to = copyTo(to, word + 4, load<u32>(word));
    } else if (kind == WORD_DIGITS) {
      to = putDigits(to, argument);
    } else if (kind == WORD_TEXT) {
      to = copyTo(to, text, argument);
      text += argument;
    } else if (kind == WORD_OPEN || kind == WORD_VARINT) {
      at += 4;
      to = putVarint(to, argument, load<u32>(at));
    } else if (kind == WORD_BYTE) {
      store<u8>(to, argument);
      to++;
    } else if (kind == WORD_DOUBLE) {
      store<u8>(to, argument);
      store<u64>(to + 1, load<u64>(at, 4));
      at += 8;
      to += 9;
    } else if (kind == WORD_DECIMAL) {
      at += 4;
      to = putDecimal(to, load<u32>(at), argument);
    }
  }
}

/** Joins what the first `count` words say; returns how many bytes, which stand at joinedAddress. */
export function join(count: u32): u32 {
  const end = words + count * 4;
  const size = measure(end);
  if (size + SLACK > joinedRoom) {
    release(joined);
    joinedRoom = roundUp(size + SLACK);
    joined = allocate(joinedRoom);
  }
  write(end);
  return size;
}

export function joinedAddress(): u32 {
  return joined;
}
