// Messages as the operations take them: what was left out is absent, enums are the words of our
// schemas.
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { EngineError } from '../../engine/index.ts';
import type { SchemaNode } from '../operations/violations.ts';
import { enumName } from './replies.ts';

/** A generated message type, as far as it is read. */
export interface Decoder<Message> {
  decode(reader: BinaryReader): Message;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes);

/** Throws INVALID_ARGUMENT for bytes that are no such message, and for text that is not UTF-8. */
export function decodeMessage<Message>(type: Decoder<Message>, bytes: Uint8Array): Message {
  try {
    return type.decode(new BinaryReader(bytes, decodeUtf8));
  } catch (cause) {
    const message = 'is not a message of the type that proto/caini/v1 gives this call';
    const value = `${bytes.length} bytes`;
    const limit = 'protocol buffers with UTF-8 text';
    throw new EngineError('INVALID_ARGUMENT', `message ${message}`, {
      violations: [{ field: 'message', value, limit, message }],
      cause,
    });
  }
}

/** The fields that were given, as the schema of `node` is to judge them. */
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
 * Only fields with a presence of their own (`optional`) can be given as an empty text: it is for
 * the schema to refuse. A required list that is empty is told as such.
 */
function isLeftOut(value: unknown, field: SchemaNode | undefined, isRequired: boolean): boolean {
  if (value === undefined || (value === '' && isRequired)) return true;
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
