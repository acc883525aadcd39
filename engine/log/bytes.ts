// How values lie in a log entry: whole numbers in as many bytes as they need, texts with their
// length before them.
import { EngineError } from '../base/errors.ts';

/** Most ids are as short as this: a loop is quicker than a call out of JavaScript. */
const shortText = 32;

/** Values one after the other; `take` answers their bytes. One writer serves all entries. */
export class ByteWriter {
  private bytes = Buffer.allocUnsafeSlow(4_096);
  private length = 0;

  /** Forgets what was written. */
  restart(): this {
    this.length = 0;
    return this;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.length + more));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  byte(value: number): this {
    this.reserve(1);
    this.bytes[this.length++] = value;
    return this;
  }

  /** 48 bits, the largest byte first. */
  uint48(value: number): this {
    this.reserve(6);
    this.length = this.bytes.writeUIntBE(value, this.length, 6);
    return this;
  }

  /** A whole number from 0 to 2⁵³ - 1: seven bits a byte, the least first (LEB128). */
  whole(value: number): this {
    this.reserve(8);
    let left = value;
    while (left >= 0x80) {
      this.bytes[this.length++] = (left % 0x80) + 0x80;
      left = Math.floor(left / 0x80);
    }
    this.bytes[this.length++] = left;
    return this;
  }

  /** A whole number of either sign, up to 2⁵² in size: small ones in few bytes (zigzag). */
  signed(value: number): this {
    return this.whole(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): this {
    if (value.length <= shortText && this.ascii(value)) return this;
    const length = Buffer.byteLength(value);
    this.whole(length).reserve(length);
    this.bytes.write(value, this.length);
    this.length += length;
    return this;
  }

  /** False, and nothing is written, where the text has other characters than those of ASCII. */
  private ascii(value: string): boolean {
    const { length } = value;
    this.reserve(1 + length);
    const start = this.length + 1;
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at);
      if (code >= 0x80) return false;
      this.bytes[start + at] = code;
    }
    this.bytes[this.length] = length;
    this.length = start + length;
    return true;
  }

  raw(value: Uint8Array): this {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
    return this;
  }

  /** All of it; of use until more is written. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** A copy of all of it. */
  take(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }
}

/** Reads what a ByteWriter wrote. Throws DATA_LOSS where the bytes end too soon. */
export class ByteReader {
  private readonly bytes: Buffer;
  private place: number;

  constructor(bytes: Buffer, from = 0) {
    this.bytes = bytes;
    this.place = from;
  }

  get isAtEnd(): boolean {
    return this.place >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.place++];
    if (value === undefined) throw new EngineError('DATA_LOSS', 'a log entry ends too soon');
    return value;
  }

  whole(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.byte();
      if (byte < 0x80) return value + byte * factor;
      value += (byte - 0x80) * factor;
      factor *= 0x80;
    }
  }

  signed(): number {
    const value = this.whole();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const length = this.whole();
    this.skip(length);
    return this.bytes.toString('utf8', this.place - length, this.place);
  }

  /** All bytes that are left. */
  rest(): Buffer {
    return this.bytes.subarray(this.place);
  }

  private skip(length: number): void {
    this.place += length;
    if (this.place > this.bytes.length) {
      throw new EngineError('DATA_LOSS', 'a log entry ends too soon');
    }
  }
}
