// Long work over HTTP: the answer as lines of JSON (NDJSON), with how far it is before the result.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../operations/caller.ts';
import type { Chain } from '../operations/chain.ts';
import type { Operation, RawInput, Result } from '../operations/operation.ts';
import { encodeProblem, problemOf } from './problem.ts';

export const ndjsonType = 'application/x-ndjson';

/** Whether the operation has progress to tell and the caller asks for it. */
export function wantsProgress(operation: Operation, incoming: IncomingMessage): boolean {
  return operation.long === true && namesNdjson(incoming.headers.accept);
}

function namesNdjson(accept = ''): boolean {
  const types = accept.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase());
  return types.includes(ndjsonType);
}

/** Aborted when the client has gone before it had its answer. */
export function leaving(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (outgoing.destroyed) gone.abort();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  return gone.signal;
}

interface Asking {
  readonly parts: { readonly chain: Chain };
  readonly operation: Operation;
  readonly caller: Caller;
  readonly outgoing: ServerResponse;
}

/**
 * Lines `{done, total}`, one for each whole percent at most, then the result. The status is sent
 * before the work is done, so that a failure on the way is answered as a problem in the last line.
 */
export function answerWithProgress(
  { parts: { chain }, operation, caller, outgoing }: Asking,
  input: RawInput,
): Response {
  // Throws while the door can still answer with a status: until the engine is open there is nothing
  // to wait for.
  chain.access.engine();
  const encoder = new TextEncoder();
  const signal = leaving(outgoing);
  let isOpen = true;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (line: string): void => {
        if (isOpen && !signal.aborted) controller.enqueue(encoder.encode(`${line}\n`));
      };
      // Who has not read the last one learns how far it is when they have.
      const progress = percents((line) => (controller.desiredSize ?? 0) > 0 && send(line));
      send(await lastLine(async () => chain.run(operation, caller, input, { signal, progress })));
      if (isOpen) controller.close();
    },
    cancel() {
      isOpen = false;
    },
  });
  return new Response(body, { headers: { 'content-type': ndjsonType } });
}

/** A percent reported twice says nothing; thousands of lines would only be thrown away. */
function percents(send: (line: string) => unknown): (done: number, total: number) => void {
  let lastPercent = -1;
  return (done, total) => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    if (percent === lastPercent) return;
    lastPercent = percent;
    send(JSON.stringify({ done, total }));
  };
}

async function lastLine(work: () => Promise<Result>): Promise<string> {
  try {
    const { body } = await work();
    return JSON.stringify(body);
  } catch (error) {
    return encodeProblem(problemOf(error));
  }
}
