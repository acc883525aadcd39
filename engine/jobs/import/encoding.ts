// Encodings: which one the bytes of a file are in, found from all of them.

import { isAscii, isUtf8 } from 'node:buffer';
import { counted } from '../../base/plural.ts';

/** A name that TextDecoder knows. */
export type Encoding = string;

export interface FoundEncoding {
  readonly encoding: Encoding;
  /** How it was found, for people. */
  readonly because: string;
}

/** Enough to tell texts apart; a file that is UTF-8 so far is read to its end. */
const checkedBytes = 4_194_304;
/** A longer line is checked in pieces. */
const lineBytesMax = 65_536;
const characterBytesMax = 4;

/**
 * Tells the encoding. A mark at the start decides; UTF-16 without one is known by its zero bytes;
 * what is UTF-8 to the last byte is UTF-8. The rest is GB18030 where its pairs of bytes look like
 * Chinese, else Windows-1252.
 */
export async function findEncoding(chunks: AsyncIterable<Buffer>): Promise<FoundEncoding> {
  const scan = new Utf8Scan();
  let head: Buffer | undefined;
  for await (const chunk of chunks) {
    if (head === undefined) {
      const marked = encodingOfMark(chunk) ?? encodingOfZeros(chunk);
      if (marked !== undefined) return marked;
    }
    head = chunk;
    scan.add(chunk);
    if (scan.isDecided()) break;
  }
  return scan.result();
}

function encodingOfMark(head: Buffer): FoundEncoding | undefined {
  const because = 'a byte order mark';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)
    return { encoding: 'utf-8', because };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', because };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', because };
  return undefined;
}

/** Digits, separators and line ends have a zero byte in UTF-16, and no table is without them. */
function encodingOfZeros(head: Buffer): FoundEncoding | undefined {
  const bytes = head.subarray(0, 4_096);
  let [even, odd] = [0, 0];
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) continue;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  }
  if ((even + odd) * 8 < bytes.length) return undefined;
  const because = 'its zero bytes';
  return { encoding: odd > even ? 'utf-16le' : 'utf-16be', because };
}

/** Follows a text as UTF-8, and keeps some of what is none. */
class Utf8Scan {
  private rest = Buffer.alloc(0);
  private isAscii = true;
  private isUtf8 = true;
  /** From the first piece that is no UTF-8. */
  private readonly odd: Buffer[] = [];
  private oddBytes = 0;
  /** Pieces that hold characters of several bytes, and are UTF-8. */
  private goodPieces = 0;
  private badPieces = 0;

  add(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    // A chunk may end inside a character or a line: what follows the last line end waits. Of a file
    // that is one long line only what may be half a character does.
    const lineEnd = bytes.lastIndexOf(0x0a) + 1;
    const isLong = bytes.length - lineEnd > lineBytesMax;
    const end = isLong ? wholeCharacters(bytes) : lineEnd;
    this.rest = Buffer.from(bytes.subarray(end));
    this.check(bytes.subarray(0, end));
  }

  isDecided(): boolean {
    return this.oddBytes > checkedBytes;
  }

  result(): FoundEncoding {
    this.check(this.rest);
    if (this.isAscii) return { encoding: 'utf-8', because: 'it is plain ASCII' };
    if (this.isUtf8) return { encoding: 'utf-8', because: 'all of it is UTF-8' };
    if (this.goodPieces > this.badPieces) {
      const damaged = counted(this.badPieces, 'line is', 'lines are');
      const because = `most of it is UTF-8, and ${damaged} damaged`;
      return { encoding: 'utf-8', because };
    }
    return encodingOfPairs(Buffer.concat(this.odd));
  }

  private check(lines: Buffer): void {
    if (isAscii(lines)) return;
    this.isAscii = false;
    if (this.isUtf8 && isUtf8(lines)) {
      this.goodPieces += 1;
      return;
    }
    this.isUtf8 = false;
    for (const line of linesOf(lines)) {
      if (isAscii(line)) continue;
      if (isUtf8(line)) this.goodPieces += 1;
      else {
        this.badPieces += 1;
        if (this.oddBytes <= checkedBytes) this.odd.push(line);
        this.oddBytes += line.length;
      }
    }
  }
}

/** Where the last character begins that may go on behind these bytes, if it is UTF-8. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= characterBytesMax; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  while (start < bytes.length) {
    const at = bytes.indexOf(0x0a, start);
    const end = at < 0 ? bytes.length : at + 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Chinese comes in pairs of high bytes; accents of Western texts stand alone among letters. */
function encodingOfPairs(bytes: Buffer): FoundEncoding {
  let [pairs, alone] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at]! < 0x80) continue;
    const next = bytes[at + 1] ?? 0;
    if (next >= 0x80 || isFourBytes(bytes, at)) {
      pairs += 1;
      at += isFourBytes(bytes, at) ? 3 : 1;
    } else {
      alone += 1;
    }
  }
  const because = 'it is no UTF-8';
  // GBK also has pairs whose second byte is a letter, so that some look alone.
  return pairs >= alone
    ? { encoding: 'gb18030', because: `${because}, and its high bytes come in pairs` }
    : { encoding: 'windows-1252', because: `${because}, and its high bytes stand alone` };
}

function isFourBytes(bytes: Buffer, at: number): boolean {
  const [second = 0, third = 0, fourth = 0] = bytes.subarray(at + 1, at + 4);
  return isDigit(second) && third >= 0x81 && isDigit(fourth);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
