// Lists of an input that are long: which they are, and the piece of each that is looked at first.
import { z } from 'zod';
import { doorLimits } from '../limits.ts';

const { pieceEntries } = doorLimits;

/** A field of a schema that holds a list. */
interface ListField {
  readonly name: string;
  /** What any number of its entries must be. */
  readonly piece: z.ZodArray;
  readonly max: number;
}

export interface LongList extends ListField {
  readonly entries: readonly unknown[];
}

const listFields = new WeakMap<z.ZodType, readonly ListField[]>();

function listFieldsOf(schema: z.ZodType): readonly ListField[] {
  let fields = listFields.get(schema);
  if (fields === undefined) {
    const { shape = {} } = schema as Partial<z.ZodObject>;
    fields = Object.entries(shape).flatMap(([name, field]) => {
      const list = bareSchema(field as z.ZodType);
      if (!(list instanceof z.ZodArray)) return [];
      const { maxItems: max = Number.POSITIVE_INFINITY } = z.toJSONSchema(list, { io: 'input' });
      return [{ name, piece: z.array(list.element), max }];
    });
    listFields.set(schema, fields);
  }
  return fields;
}

function bareSchema(schema: z.ZodType): z.ZodType {
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
  return isWrapped ? bareSchema(schema.unwrap() as z.ZodType) : schema;
}

/** The input with what is looked at first of its long lists. */
export function withHeads(raw: object, lists: readonly LongList[]): object {
  const heads = lists.map(({ name, entries, max }) => {
    return [name, entries.slice(0, entries.length > max ? max + 1 : pieceEntries)] as const;
  });
  return { ...raw, ...Object.fromEntries(heads) };
}

const noLists: readonly LongList[] = [];

/** The lists of an input that are longer than a piece. */
export function longLists(schema: z.ZodType, raw: unknown): readonly LongList[] {
  if (typeof raw !== 'object' || raw === null) return noLists;
  let found = noLists;
  for (const field of listFieldsOf(schema)) {
    const entries = (raw as Record<string, unknown>)[field.name];
    if (Array.isArray(entries) && entries.length > pieceEntries) {
      found = [...found, { ...field, entries }];
    }
  }
  return found;
}
