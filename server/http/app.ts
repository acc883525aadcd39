// HTTP: one route for each path of the table of operations, and the answers in JSON.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import { EngineError } from '../../engine/index.ts';
import { countRefusal } from '../cuts.ts';
import { type ParseIssue, setOwn } from '../json.ts';
import type { LoadShedder } from '../load-shedder.ts';
import type { Caller } from '../operations/caller.ts';
import type { Chain } from '../operations/chain.ts';
import type { Operation, Outcome, RawInput, Result } from '../operations/operation.ts';
import { schemaNode, summaryOf, withValues } from '../operations/violations.ts';
import { operations } from '../operations.ts';
import { quoteValue } from '../quote-value.ts';
import type { RequestTimer } from '../telemetry/requests.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Admission, callerOf, overloadResponse } from './admit.ts';
import { readJsonBody } from './body.ts';
import { encodeBody } from './body-text.ts';
import type { CheckSite } from './browsers.ts';
import { addDocumentRoutes } from './documents.ts';
import type { EncodeList } from './encode.ts';
import { addMetricsRoute } from './metrics.ts';
import {
  encodeProblem,
  HttpRefusal,
  problemOf,
  problemType,
  respondWithError,
  wrongMethod,
} from './problem.ts';
import { answerWithProgress, leaving, wantsProgress } from './progress.ts';
import type { HttpApp } from './routes.ts';
import {
  isCacheBuster,
  type PathField,
  pathFields,
  rawPath,
  rawQuery,
  readPath,
  readQuery,
} from './target.ts';

type Answer = Response | Promise<Response>;

const statusOfOutcome: Readonly<Record<Outcome, number>> = {
  ok: 200,
  created: 201,
  duplicate: 200,
  voided: 200,
  noneAccepted: 422,
  conflict: 409,
  rejected: 422,
  unavailable: 503,
};

const jsonHeaders = { 'content-type': 'application/json' };
const problemHeaders = { 'content-type': problemType };

/** What every answer needs. */
interface Parts extends Admission {
  readonly log: Logger;
  readonly encodeList: EncodeList;
  readonly checkSite: CheckSite;
  readonly telemetry: Telemetry;
  readonly loadShedder: LoadShedder;
}

export function createApp(parts: Parts): HttpApp {
  // Hono would decode the path first, and /v1/items/%70opular would be taken for the popular list.
  const app: HttpApp = new Hono({
    getPath: (_request, options) => rawPath(options?.env?.incoming.url ?? '/'),
  });
  const { access } = parts.chain;
  for (const [path, methods] of operationsByPath(parts.chain)) {
    app.all(honoPath(path), ({ env }) => dispatch(parts, methods, env));
  }
  addDocumentRoutes(app, access);
  addMetricsRoute(app, parts);
  app.notFound(({ env }) => respondWithError(unknownPath(env.incoming)));
  app.onError((error, { env }) => {
    countRefusal(parts.cuts, 'http', error);
    return answerError(error, env.incoming, parts.log);
  });
  // Its tables are made by the first look, which takes milliseconds: now, while nobody waits.
  app.router.match('GET', '/');
  return app;
}

/** The response to a thrown error; what is ours to mend goes to the log with its cause. */
export function answerError(error: unknown, incoming: IncomingMessage | undefined, log: Logger) {
  if (problemOf(error).status >= 500 && !isExpected(error)) {
    log.error(
      { err: error, method: incoming?.method, path: pathWithoutIds(incoming?.url) },
      'request failed',
    );
  }
  return respondWithError(error);
}

const pathWords = new Set(operations.flatMap(({ path }) => path.split('/')));

/** A log tells which operation failed, and not for whom. */
function pathWithoutIds(target = ''): string {
  const segments = rawPath(target).split('/');
  return segments.map((segment) => (pathWords.has(segment) ? segment : '…')).join('/');
}

/** Told to the caller and nobody's fault: a line for each would fill the log in a flood. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof EngineError)) return false;
  return error.code === 'UNAVAILABLE' || error.reason === 'OVERLOADED';
}

interface BoundOperation {
  readonly operation: Operation;
  readonly timer: RequestTimer;
  readonly pathFields: readonly PathField[];
}

type Methods = ReadonlyMap<string, BoundOperation>;

/** Paths without `{names}` first: Hono takes the first route that fits. */
function operationsByPath(chain: Chain): readonly [string, Methods][] {
  const byPath = new Map<string, Map<string, BoundOperation>>();
  for (const operation of operations) {
    const methods = byPath.get(operation.path) ?? new Map<string, BoundOperation>();
    const fields = pathFields(operation.path);
    methods.set(operation.method, {
      operation,
      timer: chain.timerOf(operation),
      pathFields: fields,
    });
    byPath.set(operation.path, methods);
  }
  const names = (path: string): number => path.split('{').length;
  return [...byPath].sort(([one], [other]) => names(one) - names(other));
}

function honoPath(template: string): string {
  return template.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** One request for one operation. */
interface Asking {
  readonly parts: Parts;
  readonly operation: Operation;
  readonly caller: Caller;
  readonly outgoing: ServerResponse;
}

/**
 * Authenticate and limit, before anything of the body is read. What has waited is served within the
 * call of the load shedder, which shares out its turn by the time that this takes.
 */
function dispatch(parts: Parts, methods: Methods, { incoming, outgoing }: HttpBindings): Answer {
  const bound = methods.get(incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? 'GET'));
  if (bound === undefined) throw wrongMethod(incoming.method, [...methods.keys()]);
  return timed(bound.timer, () => admit(parts, bound, { incoming, outgoing }));
}

function admit(
  parts: Parts,
  bound: BoundOperation,
  { incoming, outgoing }: Pick<HttpBindings, 'incoming' | 'outgoing'>,
): Answer {
  const { chain } = parts;
  const { operation } = bound;
  parts.checkSite(operation, incoming);
  const caller = callerOf(parts, operation, incoming);
  const asking: Asking = { parts, operation, caller, outgoing };
  if (chain.mayPass(operation.load)) return serve(asking, bound, incoming);
  return new Promise((resolve, reject) => {
    chain.limit(operation.load, {
      serve() {
        try {
          resolve(serve(asking, bound, incoming));
        } catch (error) {
          reject(error);
        }
      },
      refuse: () => resolve(overloadResponse()),
    });
  });
}

/** Tells how long it took, and with which status it ends. */
function timed(timer: RequestTimer, answer: () => Answer): Answer {
  const beganMs = performance.now();
  const end = (status: number): void => timer.observe(String(status), performance.now() - beganMs);
  const answered = (response: Response): Response => {
    end(response.status);
    return response;
  };
  const failed = (error: unknown): never => {
    end(problemOf(error).status);
    throw error;
  };
  try {
    const given = answer();
    return given instanceof Promise ? given.then(answered, failed) : answered(given);
  } catch (error) {
    return failed(error);
  }
}

function serve(asking: Asking, bound: BoundOperation, incoming: IncomingMessage): Answer {
  const { operation } = asking;
  if (operation.method === 'GET') return answer(asking, bindQuery(bound, incoming));
  const hasProgress = wantsProgress(operation, incoming);
  return bindBody(bound, incoming).then((input) =>
    hasProgress ? answerWithProgress(asking, input) : answer(asking, input),
  );
}

function bindQuery(bound: BoundOperation, incoming: IncomingMessage): RawInput {
  const target = incoming.url ?? '/';
  const value = readPath(rawPath(target), bound.pathFields);
  const fields = schemaNode(bound.operation.input).properties ?? {};
  return { value, parseIssues: readQuery(rawQuery(target), fields, value) };
}

async function bindBody(bound: BoundOperation, incoming: IncomingMessage): Promise<RawInput> {
  const target = incoming.url ?? '/';
  const ids = readPath(rawPath(target), bound.pathFields);
  refuseQuery(rawQuery(target));
  const { value, parseIssues } = await readBody(bound.operation, incoming);
  if (bound.pathFields.length === 0 || typeof value !== 'object' || value === null) {
    return { value, parseIssues };
  }
  return {
    value,
    parseIssues: [...parseIssues, ...placeIds(value as Record<string, unknown>, ids)],
  };
}

/** Nothing is as good as `{}` where the path says all. */
async function readBody(operation: Operation, incoming: IncomingMessage) {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
  const isAbsent = coding === undefined && (length ?? '0') === '0';
  if (operation.bodyOptional && isAbsent) return { value: {}, parseIssues: [] };
  return readJsonBody(incoming);
}

/**
 * Puts the ids of the path into the body; saying the same id in both is no fault, saying two is.
 */
function placeIds(
  body: Record<string, unknown>,
  ids: Record<string, unknown>,
): readonly ParseIssue[] {
  const parseIssues: ParseIssue[] = [];
  for (const [name, id] of Object.entries(ids)) {
    if (Object.hasOwn(body, name) && body[name] !== id) {
      const value = quoteValue(body[name]);
      parseIssues.push({
        path: [name],
        value,
        limit: quoteValue(id),
        message: 'differs from the path',
      });
    }
    setOwn(body, name, id);
  }
  return parseIssues;
}

/** A misplaced option must not be ignored: `?limit=5` on a POST would silently do nothing. */
function refuseQuery(query: string): void {
  if (query.split('&').every((pair) => pair === '' || isCacheBuster(pair))) return;
  const message = 'is not taken here: everything goes into the body';
  throw new EngineError('INVALID_ARGUMENT', `query ${message}`, {
    violations: [{ field: 'query', value: quoteValue(query), limit: 'no query', message }],
  });
}

/** Whatever is refused on the way is answered with the value that the caller gave. */
function answer(asking: Asking, input: RawInput): Answer {
  const refuse = (error: unknown): never => {
    throw withValues(error, input.value);
  };
  try {
    const answered = answerOnce(asking, input);
    return answered instanceof Promise ? answered.catch(refuse) : answered;
  } catch (error) {
    return refuse(error);
  }
}

function answerOnce({ parts, operation, caller, outgoing }: Asking, input: RawInput): Answer {
  const { chain, encodeList } = parts;
  if (operation.toRequest !== undefined) {
    const request = operation.toRequest(input, chain.access);
    return chain.rank({ operation, caller, request }, (reply) => {
      const bytes = Buffer.from(encodeList(reply), 'latin1');
      return new Response(bytes, { headers: jsonHeaders });
    });
  }
  const waiting = operation.long ? { signal: leaving(outgoing) } : {};
  const result = chain.run(operation, caller, input, waiting);
  return result instanceof Promise ? result.then(respond) : respond(result);
}

function respond({ outcome, body, violations = [] }: Result): Answer {
  const status = statusOfOutcome[outcome];
  if (outcome !== 'conflict' && outcome !== 'rejected') {
    const answer = (text: string) => new Response(text, { status, headers: jsonHeaders });
    const text = encodeBody(body);
    return typeof text === 'string' ? answer(text) : text.then(answer);
  }
  const detail = summaryOf(violations);
  const code = outcome === 'conflict' ? 'CONFLICT' : 'INVALID_ARGUMENT';
  const { reason } = body as { reason?: string };
  const problem = { status, code, detail, reason, errors: violations, result: body } as const;
  return new Response(encodeProblem(problem), { status, headers: problemHeaders });
}

function unknownPath(incoming: IncomingMessage): HttpRefusal {
  const value = quoteValue(rawPath(incoming.url ?? '/'));
  const message = 'is not served here; /openapi.json lists what is';
  return new HttpRefusal(404, `path ${value} ${message}`, {
    violations: [{ field: 'path', value, limit: 'a path of /openapi.json', message }],
  });
}
