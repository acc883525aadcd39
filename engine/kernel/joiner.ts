// Replies joined from kept pieces by the kernel's module (assembly/join.ts), in an instance of its
// own. Hundreds of small copies cost JavaScript more than the list itself.
import type { KernelExports } from './exports.ts';
import { startModule } from './instance.ts';
import { wordKindsOf } from './layout.ts';

const wordsAtFirst = 4_096;
/** No call puts more words. */
const wordsOfCall = 4;

export class Joiner {
  private readonly run: KernelExports;
  private readonly kinds: ReturnType<typeof wordKindsOf>;
  /** Pieces begin at multiples of it. */
  private readonly pieceBytes: number;
  private readonly digitsMax: number;
  private readonly piecesEnd: number;
  private nextPiece: number;
  private bytes = Buffer.alloc(0);
  private words = new Uint32Array(0);
  private wordsMax = wordsAtFirst;
  private count = 0;
  private texts = '';
  private readonly double = new Float64Array(1);
  private readonly halves = new Uint32Array(this.double.buffer);

  /** `piecesBytes`: how much all pieces may take, 4 bytes and some padding for each included. */
  constructor(piecesBytes: number) {
    this.run = startModule('release', 0);
    this.kinds = wordKindsOf(this.run);
    this.pieceBytes = 2 ** this.kinds.bits;
    this.digitsMax = 2 ** (32 - this.kinds.bits) - 1;
    this.nextPiece = this.roundedUp(this.run.joinPieces(piecesBytes) >>> 0);
    this.piecesEnd = this.nextPiece + piecesBytes - this.pieceBytes;
    this.lookAnew();
  }

  /** Growth of the memory detaches every view. */
  private lookAnew(): void {
    const { memory } = this.run;
    if (this.bytes.buffer === memory.buffer && this.words.length === this.wordsMax) return;
    const at = this.run.joinWords(this.wordsMax) >>> 0;
    this.bytes = Buffer.from(memory.buffer);
    this.words = new Uint32Array(memory.buffer, at, this.wordsMax);
  }

  /**
   * Keeps a piece, one character for each byte ('latin1'). Returns its address, or 0 when there is
   * no room left.
   */
  keep(piece: string): number {
    const address = this.nextPiece;
    const end = this.roundedUp(address + 4 + piece.length);
    if (end > this.piecesEnd) return 0;
    this.bytes.writeUInt32LE(piece.length, address);
    this.bytes.write(piece, address + 4, 'latin1');
    this.nextPiece = end;
    return address;
  }

  private roundedUp(address: number): number {
    return (address + this.pieceBytes - 1) & -this.pieceBytes;
  }

  /** How far the pieces go; `forgetAfter` takes it. */
  get kept(): number {
    return this.nextPiece;
  }

  /** Forgets all pieces that were kept since. */
  forgetAfter(kept: number): void {
    this.nextPiece = kept;
  }

  private put(word: number): void {
    this.words[this.count++] = word;
  }

  private putKind(kind: number, argument = 0): void {
    this.put((argument << this.kinds.bits) | kind);
  }

  private room(): void {
    if (this.count + wordsOfCall <= this.wordsMax) return;
    const before = this.words.slice(0, this.count);
    this.wordsMax *= 2;
    this.lookAnew();
    this.words.set(before);
  }

  /** Begins a reply; what was put for one that failed midway is gone. */
  begin(): void {
    this.count = 0;
    this.texts = '';
  }

  /** A piece by its address. */
  piece(address: number): void {
    this.room();
    this.put(address);
  }

  /** A whole number from 0 to 2⁵³ in decimal. */
  digits(value: number): void {
    if (value > this.digitsMax) {
      this.text(String(value));
      return;
    }
    this.room();
    this.putKind(this.kinds.digits, value);
  }

  /** A score as `roundScore` gives it. */
  score(value: number): void {
    const decimals = decimalsOf(value);
    if (decimals === undefined) {
      this.text(String(value));
      return;
    }
    this.room();
    let whole = Math.round(value * tens[decimals]!);
    let kept = decimals;
    for (; kept > 0 && whole % 10 === 0; kept--) whole /= 10;
    this.putKind(this.kinds.decimal, kept);
    this.put(whole);
  }

  /** One character for each byte. */
  text(text: string): void {
    this.room();
    this.texts += text;
    this.putKind(this.kinds.text, text.length);
  }

  /** Begins a message as field `tag` (its tag byte). */
  open(tag: number): void {
    this.room();
    this.putKind(this.kinds.open, tag);
    this.count += 1;
  }

  close(): void {
    this.room();
    this.putKind(this.kinds.close);
  }

  /** A field of a whole number from 0 to 2⁵³. */
  varint(tag: number, value: number): void {
    if (value > 0xffffffff) {
      this.text(String.fromCharCode(tag) + varintBytes(value));
      return;
    }
    this.room();
    this.putKind(this.kinds.varint, tag);
    this.put(value);
  }

  byte(value: number): void {
    this.room();
    this.putKind(this.kinds.byte, value);
  }

  /** A field of a double. */
  doubleField(tag: number, value: number): void {
    this.room();
    this.double[0] = value;
    this.putKind(this.kinds.double, tag);
    this.put(this.halves[0]!);
    this.put(this.halves[1]!);
  }

  /** All that was put since the last, as one character for each byte. */
  takeText(): string {
    const size = this.join();
    const address = this.run.joinedAddress() >>> 0;
    return this.bytes.toString('latin1', address, address + size);
  }

  /** The same as bytes of their own. */
  takeBytes(): Buffer {
    const size = this.join();
    const address = this.run.joinedAddress() >>> 0;
    return Buffer.from(this.bytes.subarray(address, address + size));
  }

  private join(): number {
    const { run, texts, count } = this;
    this.texts = '';
    this.count = 0;
    const textsAt = run.joinTexts(texts.length) >>> 0;
    this.lookAnew();
    this.bytes.write(texts, textsAt, 'latin1');
    const size = run.join(count);
    this.lookAnew();
    return size;
  }
}

/** 10⁰ to 10¹⁵, all of them exact. */
const tens = Array.from({ length: 16 }, (_, power) => 10 ** power);

/** So many decimals give a score its 9 digits; undefined from 10⁸ on, and below 10⁻⁶. */
function decimalsOf(score: number): number | undefined {
  if (!(score >= 1e-6 && score < 1e8)) return undefined;
  let decimals = 0;
  for (let scaled = score; scaled < 1e8; scaled *= 10) decimals++;
  return decimals;
}

/**
 * A score with 9 significant digits, which tell any two f32 apart: shorter to write and to read
 * than the 17 of a double.
 */
export function roundScore(score: number): number {
  const decimals = decimalsOf(score);
  if (decimals === undefined) return score;
  return Math.round(score * tens[decimals]!) / tens[decimals]!;
}

/** A whole number from 0 to 2⁵³, one character for each byte. */
export function varintBytes(value: number): string {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return String.fromCharCode(...bytes, rest);
}
