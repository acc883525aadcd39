// The JSON Schemas of the OpenAPI document: those of zod, with the rules that zod checks by code
// written as patterns and limits.
import { z } from 'zod';
import {
  itemSchema,
  limits,
  recommendRequestSchema,
  storeSchema,
  timeZoneSchema,
} from '../../engine/index.ts';
import * as replies from '../operations/replies.ts';
import * as trail from '../operations/trail-replies.ts';

export type Json = Record<string, unknown>;

const named = new Map<z.ZodType, string>([
  [replies.recommendReplySchema, 'RecommendReply'],
  [replies.ingestResultSchema, 'IngestResult'],
  [replies.ingestResultsSchema, 'IngestResults'],
  [itemSchema, 'Item'],
  [replies.itemReplySchema, 'ItemReply'],
  [replies.itemPageSchema, 'ItemPage'],
  [storeSchema, 'Store'],
  [replies.storePageSchema, 'StorePage'],
  [replies.eraseReceiptSchema, 'EraseReceipt'],
  [replies.auditSchema, 'Audit'],
  [replies.checkpointSchema, 'Checkpoint'],
  [replies.compactReportSchema, 'CompactReport'],
  [replies.expireReportSchema, 'ExpireReport'],
  [replies.suspicionReportSchema, 'SuspicionReport'],
  [replies.clockReportSchema, 'ClockReport'],
  [trail.trailPageSchema, 'TrailPage'],
  [trail.inclusionProofSchema, 'InclusionProof'],
  [trail.consistencyProofSchema, 'ConsistencyProof'],
  [replies.healthSchema, 'Health'],
  [replies.readinessSchema, 'Readiness'],
  [replies.violationSchema, 'Violation'],
  [replies.problemSchema, 'Problem'],
]);

export function replySchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: schemaReference, io: 'output', override });
  const others = Object.entries(schemas).map(([id, schema]) => [id, bare(schema)] as const);
  return { Id: idSchema, ...Object.fromEntries(others) };
}

/** A reference where the schema has a name, or several when it is one of some that have. */
export function schemaOf(schema: z.ZodType): Json {
  const id = named.get(schema);
  if (id !== undefined) return { $ref: schemaReference(id) };
  if (!(schema instanceof z.ZodUnion)) throw new Error('a reply needs a name in the document');
  return { anyOf: (schema.options as readonly z.ZodType[]).map(schemaOf) };
}

export function schemaReference(id: string): string {
  return `#/components/schemas/${id}`;
}

/** What a caller may send. */
export function inputSchema(schema: z.ZodType): Json {
  return bare(z.toJSONSchema(schema, { io: 'input', override }));
}

/** Without the marks of a document of its own, and with ids by their name. */
function bare(schema: object): Json {
  const { $schema: _schema, $id: _id, ...rest } = schema as Json;
  return withIds(rest) as Json;
}

interface Overridden {
  readonly zodSchema: unknown;
  readonly jsonSchema: Json;
}

const watermarkSchema = recommendRequestSchema.shape.minWatermark.unwrap();

function override({ zodSchema, jsonSchema }: Overridden): void {
  if (zodSchema === timeZoneSchema) jsonSchema['enum'] = timeZones();
  else if (zodSchema === watermarkSchema) jsonSchema['pattern'] = replies.watermarkPattern;
  else if (zodSchema === recommendRequestSchema) Object.assign(jsonSchema, requestRules);
}

/** Ids by reference, wherever they stand. Their own words stay, where they say more. */
function withIds(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withIds);
  if (typeof node !== 'object' || node === null) return node;
  if (!isId(node as Json)) {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withIds(value)]));
  }
  const { description } = node as Json;
  const isOwn = description !== undefined && !/^Opaque id/.test(String(description));
  return { $ref: schemaReference('Id'), ...(isOwn && { description }) };
}

function isId({ format }: Json): boolean {
  return format === 'id';
}

/** No schema counts bytes; so many characters of two, three or four bytes are too long for sure. */
const tooLong = [
  ['\\u007f', 2],
  ['\\u07ff', 3],
  ['\\uffff', 4],
].map(([last, bytes]) => {
  const count = Math.floor(limits.idBytesMax / Number(bytes)) + 1;
  return { pattern: `(?:[^\\u0000-${last}][\\u0000-${last}]*){${count}}` };
});

const idSchema: Json = {
  type: 'string',
  minLength: 1,
  maxLength: limits.idBytesMax,
  not: { anyOf: tooLong },
  description: [
    `Opaque: 1 to ${limits.idBytesMax} bytes of UTF-8, in which case counts. Blanks around it and`,
    'the shields of spreadsheets (`="00123"`) are taken off; words for nothing (`undefined`,',
    '`NaN`) and shortened numbers (`6.9E+12`) are refused.',
  ].join(' '),
};

/** Zones go by other names too, which are taken as well; these are those of the database. */
function timeZones(): readonly string[] {
  return [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC'])].sort();
}

/** Some lists start from an item, and one from a member. */
const requestRules: Json = {
  allOf: [needs(['similar', 'bought-together'], 'itemId'), needs(['buy-again'], 'memberId')],
};

function needs(scenarios: readonly string[], field: string): Json {
  const isOther = { properties: { scenario: { not: { enum: scenarios } } } };
  return { anyOf: [isOther, { required: [field] }] };
}
