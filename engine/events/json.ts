// Entries of rare kinds: their value as JSON, which says by itself what it holds.
import type { ByteReader, ByteWriter } from '../log/bytes.ts';

/** `encode` and `decode` of a kind whose value is plain data. */
export function jsonCodec<Value>() {
  return {
    encode: (writer: ByteWriter, value: Value) => {
      writer.raw(Buffer.from(JSON.stringify(value)));
    },
    decode: (reader: ByteReader) => JSON.parse(reader.rest().toString()) as Value,
  };
}
