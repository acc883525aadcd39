// The wire format of protocol buffers, written from a message's end to its beginning, so that the
// length of a part is known when it is to be written. What was written is taken as a copy.
// https://protobuf.dev/programming-guides/encoding/

const blockBytes = 16_384;
/** More than the longest run of numbers between two calls that make room. */
const slackBytes = 64;

const wire = { varint: 0, fixed64: 1, bytes: 2 } as const;

/** Bytes of a whole number from 0 to 2⁵³ as a varint. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Fields are numbered 1 to 15. */
export class BackwardWriter {
  private block = Buffer.allocUnsafeSlow(blockBytes);
  private at = blockBytes;

  /** How many bytes are written. */
  get size(): number {
    return this.block.length - this.at;
  }

  byte(value: number): void {
    this.block[--this.at] = value;
  }

  private varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    this.at -= varintSize(value);
    let at = this.at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.block[at++] = (rest % 0x80) | 0x80;
    this.block[at] = rest;
  }

  private tag(field: number, type: number): void {
    this.byte((field << 3) | type);
  }

  /** A whole number from 0 to 2⁵³. */
  number(field: number, value: number): void {
    this.varint(value);
    this.tag(field, wire.varint);
  }

  double(field: number, value: number): void {
    this.at -= 8;
    this.block.writeDoubleLE(value, this.at);
    this.tag(field, wire.fixed64);
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length);
    this.at -= length;
    this.block.write(text, this.at, length);
    this.varint(length);
    this.tag(field, wire.bytes);
  }

  /** Fields that were written before. */
  copy(fields: Uint8Array): void {
    this.reserve(fields.length);
    this.at -= fields.length;
    this.block.set(fields, this.at);
  }

  /** Makes one field of what was written since `size` was `end`. */
  message(field: number, end: number): void {
    this.varint(this.size - end);
    this.tag(field, wire.bytes);
    this.reserve(0);
  }

  /** Room for `bytes` and for what goes before them without asking. */
  private reserve(bytes: number): void {
    if (this.at >= bytes + slackBytes) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.block.length + bytes);
    const at = larger.length - this.size;
    this.block.copy(larger, at, this.at);
    this.block = larger;
    this.at = at;
  }

  /** All that was written; the next message is begun. */
  take(): Buffer {
    const written = Buffer.from(this.block.subarray(this.at));
    this.at = this.block.length;
    return written;
  }
}
