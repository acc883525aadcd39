// Messages as the operations take them: what was left out is absent, enums are the words of our
// schemas. Long ones are read over several turns of the event loop.
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { EngineError, nextTurn } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import type { SchemaNode } from '../operations/violations.ts';
import { enumName } from './replies.ts';

/** A generated message type, as far as it is read. */
export interface Decoder<Message> {
  decode(reader: BinaryReader): Message;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes);

/** Reads no more than a message of ours can hold: tags, lengths and whole numbers are counted. */
class BoundedReader extends BinaryReader {
  private left: number = doorLimits.messageNumbersMax;
  private readonly readNumber = this.uint32;

  constructor(bytes: Uint8Array) {
    super(bytes, decodeUtf8);
    this.uint32 = () => {
      this.left -= 1;
      if (this.left < 0) throw tooManyFields(doorLimits.messageNumbersMax);
      return this.readNumber();
    };
  }
}

/** Throws INVALID_ARGUMENT for bytes that are no such message, and for text that is not UTF-8. */
export function decodeMessage<Message>(type: Decoder<Message>, bytes: Uint8Array): Message {
  return readOrRefuse(bytes, () => type.decode(new BoundedReader(bytes)));
}

function readOrRefuse<Result>(bytes: Uint8Array, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const message = 'is not a message of the type that proto/caini/v1 gives this call';
    const value = `${bytes.length} bytes`;
    const limit = 'protocol buffers with UTF-8 text';
    throw new EngineError('INVALID_ARGUMENT', `message ${message}`, {
      violations: [{ field: 'message', value, limit, message }],
      cause,
    });
  }
}

function tooManyFields(limit: number): EngineError {
  const message = 'holds more fields than any message of ours';
  return new EngineError('INVALID_ARGUMENT', `message ${message}`, {
    violations: [{ field: 'message', value: `more than ${limit}`, limit, message }],
  });
}

/** What a message holds when nothing is given. */
export function emptyMessage(type: Decoder<object>): object {
  return type.decode(new BinaryReader(new Uint8Array()));
}

/** A message as input for the schema of `node`; a long one takes a few turns of the event loop. */
export function readInput(
  type: Decoder<object>,
  bytes: Uint8Array,
  node: SchemaNode,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  if (bytes.length > doorLimits.messagePieceBytes) return readLongInput(type, bytes, node);
  return toInput(decodeMessage(type, bytes), node);
}

/**
 * Any run of fields is a message too, and one after another they say what they say together
 * (https://protobuf.dev/programming-guides/encoding/, "Last One Wins").
 */
async function readLongInput(
  type: Decoder<object>,
  bytes: Uint8Array,
  node: SchemaNode,
): Promise<Record<string, unknown>> {
  const absent = Object.entries(emptyMessage(type));
  const whole = Object.fromEntries(absent);
  const lists: Record<string, unknown[]> = {};
  for (const piece of piecesOf(bytes)) {
    await nextTurn();
    const message = decodeMessage(type, piece) as Record<string, unknown>;
    for (const [name, nothing] of absent) {
      const value = message[name];
      if (!Array.isArray(value)) {
        if (value !== nothing) whole[name] = value;
      } else if (value.length > 0) {
        lists[name] ??= [];
        lists[name].push(...(plain(value, node.properties?.[name]) as unknown[]));
      }
    }
  }
  return { ...toInput(whole, node), ...lists };
}

/** Runs of whole fields, of `doorLimits.messagePieceBytes` or of one field that is longer. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  const reader = new BinaryReader(bytes);
  let fields = 0;
  for (let start = 0; start < bytes.length; start = reader.pos) {
    const end = Math.min(bytes.length, start + doorLimits.messagePieceBytes);
    readOrRefuse(bytes, () => {
      while (reader.pos < end) {
        const [field, wire] = reader.tag();
        reader.skip(wire, field);
        fields += 1;
      }
    });
    if (fields > doorLimits.messageFieldsMax) throw tooManyFields(doorLimits.messageFieldsMax);
    yield bytes.subarray(start, reader.pos);
  }
}

/** The fields that were given, as the schema of `node` is to validate them. */
export function toInput(message: object, node: SchemaNode): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message)) {
    const field = node.properties?.[name];
    const isRequired = node.required?.includes(name) === true;
    if (!isLeftOut(value, field, isRequired)) input[name] = plain(value, field);
  }
  return input;
}

/**
 * An empty text says nothing, whether its field has a presence of its own (`optional`) or not: many
 * clients set all of them. A required list that is empty is reported as such.
 */
function isLeftOut(value: unknown, field: SchemaNode | undefined, isRequired: boolean): boolean {
  if (value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0 && !isRequired;
  return field?.enum !== undefined && String(value).endsWith('_UNSPECIFIED');
}

function plain(value: unknown, node: SchemaNode | undefined): unknown {
  if (Array.isArray(value)) return value.map((entry) => plain(entry, node?.items));
  if (typeof value === 'object' && value !== null) return toInput(value, node ?? {});
  if (typeof value === 'string' && node?.enum !== undefined) return wordOf(value, node.enum);
  return value;
}

/** What is no word of the schema stays as it is, for the schema to refuse. */
function wordOf(name: string, words: readonly string[]): string {
  return words.find((word) => name.endsWith(enumName('', word))) ?? name;
}
