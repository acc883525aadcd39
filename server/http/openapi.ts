// The OpenAPI 3.1 document, derived from the table of operations and from nothing else.
import type { Operation } from '../operations/operation.ts';
import { operations } from '../operations.ts';
import { responsesOf, sharedResponses } from './openapi-responses.ts';
import { inputSchema, type Json, replySchemas, schemaReference } from './openapi-schemas.ts';
import { pathFields } from './target.ts';

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
    components: { schemas, responses: sharedResponses(), securitySchemes },
  };
}

/** One key, in either place, or a token; docs/reference/access.md says what it opens. */
const securitySchemes: Json = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key of `caini keys create`' },
  memberToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The token of a member, for that member alone (docs/guides/member-tokens.md)',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
};

const introduction = [
  'Ids are opaque: percent-encode them in paths (`/` is %2F). Money is integer fen,',
  'times are RFC 3339.\n\nA write is answered once it is on disk and counted; give its',
  '`watermark` as `minWatermark` to read what you wrote.\n\nErrors are RFC 9457 documents',
  'whose `errors` name the field, the value and the limit. What cannot be read at all is 400,',
  'wrong input is 422, also where only the state makes it wrong: a member who was erased, more',
  'brought back than bought, a time ahead of the clock. A path that takes other methods answers',
  '405 with `allow`.\n\nOnce an API key was made, every operation but health asks for one. Any one',
  'of its `x-scopes` is enough; `x-member` says what the token of a member opens.',
].join(' ');

function describe(operation: Operation, schemas: Json): Json {
  const { name, tag, summary, description, scope, alsoFor = [], reach, member } = operation;
  const body = operation.method === 'GET' ? undefined : bodyOf(operation, schemas);
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(description && { description }),
    security: securityOf(operation),
    'x-scopes': scope === 'open' ? [] : [scope, ...alsoFor],
    'x-reach': reach,
    'x-member': scope === 'open' ? 'open' : member,
    parameters: parametersOf(operation),
    ...(body && { requestBody: body }),
    responses: responsesOf(operation),
  };
}

/** Any one of them is enough. */
function securityOf({ scope, member }: Operation): readonly Json[] {
  if (scope === 'open') return [];
  const keys: readonly Json[] = [{ bearer: [] }, { apiKey: [] }];
  return member === 'closed' ? keys : [...keys, { memberToken: [] }];
}

function parametersOf(operation: Operation): readonly Json[] {
  const inPath = new Set(pathFields(operation.path).map((field) => field.name));
  const { properties = {}, required = [] } = inputSchema(operation.input) as {
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

/** Undefined where the path says all: then nothing is as good as `{}`. */
function bodyOf(operation: Operation, schemas: Json): Json | undefined {
  const inPath = pathFields(operation.path).map(({ name }) => [name, true] as const);
  const input = operation.input.omit(Object.fromEntries(inPath) as never);
  if (operation.bodyOptional && Object.keys(input.shape).length === 0) return undefined;
  const id = `${operation.name[0]?.toUpperCase()}${operation.name.slice(1)}Request`;
  // What is left is another schema, whose rules as a whole would be lost.
  schemas[id] = inputSchema(inPath.length === 0 ? operation.input : input);
  const one = { $ref: schemaReference(id) };
  const schema = operation.many === undefined ? one : { oneOf: [one, manyOf(operation.many, one)] };
  const { example } = operation;
  return {
    required: operation.bodyOptional !== true,
    content: { 'application/json': { schema, ...(example && { example }) } },
  };
}

/**
 * Each is validated by itself: one that is wrong gets an error in its result, and stops nobody
 * else.
 */
function manyOf({ key, max }: { key: string; max: number }, one: Json): Json {
  const other = { description: 'Whatever else it is, it is refused by its own result.' };
  const items = { anyOf: [one, other] };
  return {
    type: 'object',
    properties: { [key]: { type: 'array', minItems: 1, maxItems: max, items } },
    required: [key],
    additionalProperties: false,
  };
}
