// The hot way of a member's list: straight from the request line to the socket. Whatever is in any
// doubt is left to the way of all other requests, which knows every refusal.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EngineError, type IdRules, type RecommendRequest } from '../../engine/index.ts';
import { countRefusal } from '../cuts.ts';
import { acceptMemberList } from '../operations/accept.ts';
import type { Caller } from '../operations/caller.ts';
import { plainInputRules } from '../operations/input-rules.ts';
import { schemaNode } from '../operations/violations.ts';
import { operations } from '../operations.ts';
import { type Admission, callerOf, refuseOverload, type Serve } from './admit.ts';
import type { EncodeList } from './encode.ts';
import { problemOf, refuseRequest } from './problem.ts';
import { rawQuery, readQuery } from './target.ts';

const operation = operations.find(({ name }) => name === 'recommendForMember')!;
const queryFields = schemaNode(operation.input).properties ?? {};
const [before, after] = operation.path.split('{memberId}') as [string, string];

/** `otherwise` is the way of all other requests. */
export function createHotWay(
  admission: Admission,
  encodeList: EncodeList,
  otherwise: Serve,
): Serve {
  const { load } = operation;
  const { chain } = admission;
  const { ids } = chain.access.inputRules ?? plainInputRules;
  const timer = chain.timerOf(operation);
  /** Who may not ask, or not so often, is told so here: each such request is counted once. */
  const refuse = (outgoing: ServerResponse, error: unknown, beganMs: number): void => {
    countRefusal(admission.cuts, 'http', error);
    refuseRequest(outgoing, error);
    timer.observe(String(problemOf(error).status), performance.now() - beganMs);
  };
  const answer = (
    { caller, request, beganMs }: Asked,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): void => {
    let body: string;
    try {
      body = chain.rankNow({ operation, caller, request }, encodeList);
    } catch (error) {
      // Counted once: the other way would ask once more.
      if (isOften(error)) refuse(outgoing, error, beganMs);
      // The other way meets the same error, and knows how to tell it.
      else otherwise(incoming, outgoing);
      return;
    }
    const length = String(body.length);
    outgoing.writeHead(200, ['content-type', 'application/json', 'content-length', length]);
    outgoing.end(body, 'latin1');
    timer.observe('200', performance.now() - beganMs);
  };
  return (incoming, outgoing) => {
    const beganMs = performance.now();
    const request = readRequest(incoming, ids);
    if (request === undefined) {
      otherwise(incoming, outgoing);
      return;
    }
    let caller: Caller;
    try {
      caller = callerOf(admission, operation, incoming);
    } catch (error) {
      // A token that was never seen before has to be waited for.
      if (isUnprepared(error)) otherwise(incoming, outgoing);
      else refuse(outgoing, error, beganMs);
      return;
    }
    const asked = { caller, request, beganMs };
    if (chain.mayPass(load)) answer(asked, incoming, outgoing);
    else {
      const serve = (): void => answer(asked, incoming, outgoing);
      const shed = (): void => {
        refuseOverload(outgoing);
        timer.observe('503', performance.now() - beganMs);
      };
      chain.limit(load, { serve, refuse: shed });
    }
  };
}

interface Asked {
  readonly caller: Caller;
  readonly request: RecommendRequest;
  /** By the clock of `performance`. */
  readonly beganMs: number;
}

/** The other way waits for it. */
function isUnprepared(error: unknown): boolean {
  return error instanceof EngineError && error.reason === 'OVERLOADED';
}

function isOften(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'RESOURCE_EXHAUSTED';
}

function readRequest(
  { method, url = '', headers }: IncomingMessage,
  ids: IdRules,
): RecommendRequest | undefined {
  if (method !== 'GET' || !url.startsWith(before) || !isPlainHost(headers.host)) return undefined;
  const question = url.indexOf('?');
  const end = question === -1 ? url.length : question;
  if (!url.endsWith(after, end)) return undefined;
  const memberId = url.slice(before.length, end - after.length);
  // An encoded or an empty id, and a path of other segments, are distinguished with more care.
  if (memberId.includes('%') || memberId.includes('/')) return undefined;
  const input: Record<string, unknown> = { memberId };
  try {
    if (question !== -1 && readQuery(rawQuery(url), queryFields, input).length > 0)
      return undefined;
  } catch {
    return undefined;
  }
  return acceptMemberList(input, ids);
}

/** Names and addresses as clients write them; the adapter checks all others. */
function isPlainHost(host: string | undefined): boolean {
  return host !== undefined && /^[\w.:[\]-]+$/.test(host);
}
