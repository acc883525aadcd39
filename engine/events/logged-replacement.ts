// That one receipt took the place of another, as it lies in the log. An entry of its own, behind
// that of the receipt: it outlives an erase of both, when it names them by keyed hashes.
import { ByteReader, type ByteWriter } from '../log/bytes.ts';
import { bodyOf, codeOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import { jsonCodec } from './json.ts';

export const replacementCode = 23;

export interface LoggedReplacement {
  /** The receipt that does not count any more. */
  readonly replaced: string;
  /**
   * The one that counts instead. The same id: the receipt itself, with a member; it is the
   * anonymous one that does not count.
   */
  readonly by: string;
  /** One of them was forgotten: both are keyed hashes, in hexadecimal, and no ids. */
  readonly isVeiled: boolean;
}

type Row = readonly [replaced: string, by: string, isVeiled?: 1];
const codec = jsonCodec<Row>();

export function encodeReplacement(writer: ByteWriter, value: LoggedReplacement): void {
  const { replaced, by, isVeiled } = value;
  codec.encode(writer, isVeiled ? [replaced, by, 1] : [replaced, by]);
}

export function decodeReplacement(reader: ByteReader): LoggedReplacement {
  const [replaced, by, mark] = codec.decode(reader);
  return { replaced, by, isVeiled: mark === 1 };
}

/** The two receipts of an entry, and whether it names them by hashes; undefined for all others. */
export function readPair(
  context: Pick<WriteContext, 'ledger'>,
  bytes: Buffer,
): (Pair & { readonly isVeiled: boolean }) | undefined {
  if (codeOf(bytes) !== replacementCode) return undefined;
  const value = decodeReplacement(new ByteReader(bodyOf(bytes)));
  return { ...pairOf(context, value), isVeiled: value.isVeiled };
}

/** Keyed hashes of the two receipts. */
export interface Pair {
  readonly replaced: Buffer;
  readonly by: Buffer;
}

export function pairOf(
  { ledger }: Pick<WriteContext, 'ledger'>,
  { replaced, by, isVeiled }: LoggedReplacement,
): Pair {
  const hash = (id: string) => (isVeiled ? Buffer.from(id, 'hex') : ledger.hash(id));
  return { replaced: hash(replaced), by: hash(by) };
}
