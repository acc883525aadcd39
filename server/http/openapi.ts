// The OpenAPI 3.1 document, derived from the table of operations and from nothing else.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { itemSchema, storeSchema } from '../../engine/index.ts';
import type { Operation, Outcome } from '../operations/operation.ts';
import {
  auditSchema,
  checkpointSchema,
  compactReportSchema,
  eraseReceiptSchema,
  expireReportSchema,
  healthSchema,
  ingestResultSchema,
  ingestResultsSchema,
  itemPageSchema,
  problemSchema,
  readinessSchema,
  recommendReplySchema,
  storePageSchema,
  violationSchema,
} from '../operations/replies.ts';
import { operations } from '../operations.ts';
import { problemType } from './problem.ts';
import { ndjsonType } from './progress.ts';
import { pathFields } from './target.ts';

type Json = Record<string, unknown>;

/** `version` is that of the program. */
export function buildOpenApi(version: string): Json {
  const paths: Record<string, Json> = {};
  const schemas: Json = { ...replySchemas() };
  for (const operation of operations) {
    const place = paths[operation.path] ?? {};
    place[operation.method.toLowerCase()] = describe(operation, schemas);
    paths[operation.path] = place;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Caini 猜你', version, description: introduction },
    servers: [{ url: '/' }],
    tags: [
      { name: 'lists', description: 'What to show to whom.' },
      { name: 'receipts', description: 'What was bought and brought back.' },
      { name: 'members', description: 'Who is who, who consents, and who is forgotten.' },
      { name: 'catalogue', description: 'Items and stores.' },
      { name: 'admin', description: 'Proofs and upkeep of the data.' },
      { name: 'server', description: 'The process itself.' },
    ],
    paths,
    components: { schemas },
  };
}

const introduction = [
  'Ids are opaque: percent-encode them in paths (`/` is %2F). Money is integer fen,',
  'times are RFC 3339.\n\nA write is answered once it is on disk and counted; give its',
  '`watermark` as `minWatermark` to read what you wrote.\n\nErrors are RFC 9457 documents',
  'whose `errors` name the field, the value and the limit. What cannot be read at all is 400,',
  'wrong input is 422.',
].join(' ');

const named = new Map<z.ZodType, string>([
  [recommendReplySchema, 'RecommendReply'],
  [ingestResultSchema, 'IngestResult'],
  [ingestResultsSchema, 'IngestResults'],
  [itemSchema, 'Item'],
  [itemPageSchema, 'ItemPage'],
  [storeSchema, 'Store'],
  [storePageSchema, 'StorePage'],
  [eraseReceiptSchema, 'EraseReceipt'],
  [auditSchema, 'Audit'],
  [checkpointSchema, 'Checkpoint'],
  [compactReportSchema, 'CompactReport'],
  [expireReportSchema, 'ExpireReport'],
  [healthSchema, 'Health'],
  [readinessSchema, 'Readiness'],
  [violationSchema, 'Violation'],
  [problemSchema, 'Problem'],
]);

function replySchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: reference, io: 'output' });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}

/** Without the marks of a document of its own. */
function bare(schema: object): Json {
  const { $schema: _schema, $id: _id, ...rest } = schema as Json;
  return rest;
}

function describe(operation: Operation, schemas: Json): Json {
  const { name, tag, summary, description, scope } = operation;
  const body = operation.method === 'GET' ? undefined : bodyOf(operation, schemas);
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(description && { description }),
    'x-scope': scope,
    parameters: parametersOf(operation),
    ...(body && { requestBody: body }),
    responses: responsesOf(operation),
  };
}

function parametersOf(operation: Operation): readonly Json[] {
  const inPath = new Set(pathFields(operation.path).map((field) => field.name));
  const { properties = {}, required = [] } = bare(inputSchema(operation.input)) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties)
    .filter(([name]) => inPath.has(name) || operation.method === 'GET')
    .map(([name, { description, ...schema }]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name) || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    }));
}

function bodyOf(operation: Operation, schemas: Json): Json {
  const inPath = pathFields(operation.path).map(({ name }) => [name, true] as const);
  const id = `${operation.name[0]?.toUpperCase()}${operation.name.slice(1)}Request`;
  schemas[id] = bare(inputSchema(operation.input.omit(Object.fromEntries(inPath) as never)));
  const one = { $ref: reference(id) };
  const schema = operation.many === undefined ? one : { oneOf: [one, manyOf(operation.many, one)] };
  const { example } = operation;
  return {
    required: operation.bodyOptional !== true,
    content: { 'application/json': { schema, ...(example && { example }) } },
  };
}

function manyOf({ key, max }: { key: string; max: number }, one: Json): Json {
  return {
    type: 'object',
    properties: { [key]: { type: 'array', minItems: 1, maxItems: max, items: one } },
    required: [key],
    additionalProperties: false,
  };
}

function inputSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: 'input' });
}

const statusAndText: Readonly<Record<Outcome, readonly [number, string]>> = {
  ok: [200, 'Answered'],
  created: [201, 'Taken: on disk and counted'],
  duplicate: [200, 'Taken before; nothing changed'],
  conflict: [409, 'The same id was taken with other content'],
  rejected: [422, 'Refused; `result` and `errors` tell why'],
  unavailable: [503, 'Not ready yet; `waitingFor` tells what for'],
};

/** One JSON text a line (https://github.com/ndjson/ndjson-spec); a schema speaks of one text. */
const progressLines = {
  schema: { type: 'string', description: 'Lines {"done", "total"}, then the result as the last.' },
};

function responsesOf(operation: Operation): Json {
  const responses: Record<string, Json> = {};
  for (const [outcome, schema] of Object.entries(operation.replies)) {
    const [status, text] = statusAndText[outcome as Outcome];
    const refused = outcome === 'conflict' || outcome === 'rejected';
    const told = responses[status];
    const description = told === undefined ? text : `${told['description']}; or: ${text}`;
    const type = refused ? problemType : 'application/json';
    const described = { schema: schemaOf(refused ? problemSchema : schema) };
    const lines = operation.runLong && !refused && { [ndjsonType]: progressLines };
    responses[status] = { description, content: { [type]: described, ...lines } };
  }
  const problem = { [problemType]: { schema: schemaOf(problemSchema) } };
  if (operation.tag !== 'admin' && operation.tag !== 'server') {
    const description = 'More is asked than can be answered in time; nothing was done';
    const headers = { 'retry-after': { description: 'Seconds', schema: { type: 'integer' } } };
    responses[503] = { description, headers, content: problem };
  }
  responses['default'] = { description: `Refused, e.g. ${STATUS_CODES[422]}`, content: problem };
  return responses;
}

function schemaOf(schema: z.ZodType): Json {
  const id = named.get(schema);
  if (id !== undefined) return { $ref: reference(id) };
  const options = schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [];
  return { anyOf: options.map(schemaOf) };
}
