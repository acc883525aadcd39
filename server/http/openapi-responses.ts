// What each operation can answer, by status: its own outcomes, and the refusals of the door.
import type { Operation, Outcome } from '../operations/operation.ts';
import { problemSchema } from '../operations/replies.ts';
import { type Json, schemaOf } from './openapi-schemas.ts';
import { problemType } from './problem.ts';
import { ndjsonType } from './progress.ts';
import { pathFields } from './target.ts';

const statusAndText: Readonly<Record<Outcome, readonly [number, string]>> = {
  ok: [200, 'Answered'],
  created: [201, 'Taken: on disk and counted'],
  duplicate: [200, 'Taken before; nothing changed'],
  voided: [200, 'Every line is taken back by another: nothing is kept'],
  noneAccepted: [422, 'Nothing of what was sent is taken; `results` tell why'],
  conflict: [409, 'The same id was taken with other content'],
  rejected: [422, 'Refused; `result` and `errors` tell why'],
  unavailable: [503, 'Not ready yet; `waitingFor` tells what for'],
};

/** One JSON text a line (https://github.com/ndjson/ndjson-spec); a schema speaks of one text. */
const progressLines = {
  schema: { type: 'string', description: 'Lines {"done", "total"}, then the result as the last.' },
};

const problem = { [problemType]: { schema: schemaOf(problemSchema) } };

/** How long to wait, where waiting helps. */
const retryAfter = {
  'retry-after': { description: 'Seconds to wait', schema: { type: 'integer', minimum: 1 } },
};

interface Refusal {
  readonly id: string;
  readonly description: string;
  readonly headers?: Json;
}

/** Refusals that are answered alike whatever was asked. */
const refusals: Readonly<Record<number, Refusal>> = {
  400: {
    id: 'Unreadable',
    description: 'What came cannot be read: its bytes, JSON, percent signs or Host header',
  },
  401: {
    id: 'Unauthenticated',
    description: 'No API key or token, or none that is taken',
    headers: { 'www-authenticate': { description: 'Bearer', schema: { type: 'string' } } },
  },
  403: {
    id: 'Denied',
    description:
      'The API key or token is not for this, not from here, or not any more, or a page of ' +
      'another site asks; `reason` says which',
  },
  404: {
    id: 'NotFound',
    description: 'Nothing is known by this id, or an id in the path is empty',
  },
  408: { id: 'Late', description: 'The request did not come in within its time' },
  409: {
    id: 'Conflict',
    description: 'This node takes no writes, or the same id was taken with other content',
  },
  413: { id: 'TooLarge', description: 'The body is larger than 1 MiB' },
  415: { id: 'UnsupportedType', description: 'The body is not application/json in UTF-8' },
  417: { id: 'UnknownExpectation', description: 'Expect is not 100-continue' },
  421: { id: 'OtherHost', description: 'The Host header is no name of this server' },
  422: { id: 'Invalid', description: 'Read, and not right; `errors` name fields and limits' },
  429: { id: 'TooOften', description: 'Asked too often', headers: retryAfter },
  431: { id: 'HeadTooLarge', description: 'Request line and headers are larger than 16 KiB' },
  500: { id: 'Failed', description: 'An error of the server; its log tells more' },
  501: { id: 'UnknownCoding', description: 'Transfer-Encoding is not chunked' },
  503: {
    id: 'Unavailable',
    description: 'Not ready, more is asked than can be answered, or minWatermark is not reached',
    headers: retryAfter,
  },
  505: { id: 'OtherVersion', description: 'Neither HTTP/1.1 nor HTTP/1.0' },
  507: {
    id: 'Full',
    description: 'There is no room on the disk, in memory or in the catalogue; `reason` says which',
    headers: retryAfter,
  },
};

/** For `components`. */
export function sharedResponses(): Json {
  const described = Object.values(refusals).map(({ id, description, headers }) => {
    return [id, { description, ...(headers && { headers }), content: problem }];
  });
  return Object.fromEntries(described);
}

export function responsesOf(operation: Operation): Json {
  const responses: Record<string, Json> = {};
  for (const status of refusalsOf(operation)) {
    responses[status] = { $ref: `#/components/responses/${refusals[status]!.id}` };
  }
  for (const [outcome, schema] of Object.entries(operation.replies)) {
    const [status, text] = statusAndText[outcome as Outcome];
    // What is refused is a problem, here as everywhere.
    if (outcome === 'conflict' || outcome === 'rejected') continue;
    const before = responses[status];
    const earlier = before?.['description'];
    const description = earlier === undefined ? text : `${earlier}; or: ${text}`;
    const lines = operation.long && { [ndjsonType]: progressLines };
    const content = { 'application/json': { schema: schemaOf(schema) }, ...lines };
    responses[status] = { description, content: { ...content, ...othersOf(status) } };
  }
  return responses;
}

/** Health and batches have documents of their own; what is wrong with a request is a problem. */
function othersOf(status: number): Json {
  return status === 503 || status === 422 ? problem : {};
}

/** The head and the connection are checked before anything is asked. */
const always = [400, 408, 417, 421, 431, 501, 503, 505];

function refusalsOf({ method, path, tag, name, input, scope }: Operation): readonly number[] {
  const isRead = method === 'GET';
  const isWrite = !isRead && tag !== 'lists';
  const changesChain = isWrite && tag !== 'admin';
  const looksUp = pathFields(path).length > 0 || name.startsWith('read');
  const takesInput = !isRead || Object.keys(input.shape).length > 0;
  return [
    ...always,
    ...(scope === 'open' ? [] : [401, 403, 429]),
    ...(tag !== 'server' ? [500] : []),
    ...(looksUp && tag !== 'server' ? [404] : []),
    ...(takesInput ? [422] : []),
    ...(isRead ? [] : [413, 415]),
    ...(changesChain ? [409] : []),
    ...(isWrite ? [507] : []),
  ];
}
