// The listening socket: what Node refuses by itself is told as a problem too, and closing lets
// answers finish.
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import { Gate } from '../gate.ts';
import { doorLimits } from '../limits.ts';
import type { EngineAccess } from '../operations/operation.ts';
import type { Door } from '../serve.ts';
import { shown } from '../shown.ts';
import { behindGate, type Serve } from './admit.ts';
import { answerError, createApp } from './app.ts';
import { createListEncoder } from './encode.ts';
import { createHotWay } from './hot.ts';
import { encodeProblem, HttpRefusal, problemOf, problemType } from './problem.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly access: EngineAccess;
  readonly log: Logger;
  /** Shared with the other doors; absent: one of its own. */
  readonly gate?: Gate;
}

/** The url tells the port that was really taken. Rejects with Node's error when it cannot be. */
export async function listen(options: ListenOptions): Promise<Door> {
  const { host, port, access, log, gate = new Gate() } = options;
  const encodeList = createListEncoder();
  const app = createApp({ access, log, encodeList });
  const serveHot = createHotWay(access, encodeList);
  const serve: Serve = (incoming, outgoing) => {
    if (!serveHot(incoming, outgoing)) void listener(incoming, outgoing);
  };
  const listener = getRequestListener(app.fetch, {
    hostname: host,
    overrideGlobalObjects: true,
    errorHandler: (error) => answerError(refusedTarget(error), undefined, log),
  });
  const server = createServer(
    {
      maxHeaderSize: doorLimits.headBytesMax,
      headersTimeout: doorLimits.headMsMax,
      requestTimeout: doorLimits.requestMsMax,
      keepAliveTimeout: doorLimits.keepAliveMs,
    },
    behindGate(gate, access, serve),
  );
  server.on('clientError', refuseConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: doorLimits.connectBacklog }, () => resolve());
  });
  const { port: taken } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shownHost}:${taken}`, close: () => close(server) };
}

/**
 * The adapter refuses a target or Host header that no URL can be made of; its words are for
 * developers.
 */
function refusedTarget(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'RequestError') return error;
  const message = 'is not a valid request target or Host header';
  return new HttpRefusal(400, `request ${message}`, {
    violations: [{ field: 'request', value: shown(error.message), limit: 'RFC 9112', message }],
    cause: error,
  });
}

/**
 * What Node's parser gives up on never becomes a request, so that the answer is written by hand.
 */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = encodeProblem(problemOf(refusalOfParser(error.code)));
  const status = JSON.parse(body) as { status: number; title: string };
  socket.end(
    [
      `HTTP/1.1 ${status.status} ${status.title}`,
      `content-type: ${problemType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function refusalOfParser(code: string | undefined): HttpRefusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const limit = doorLimits.headBytesMax;
    const message = `must be at most ${limit} bytes together; POST takes more in its body`;
    return new HttpRefusal(431, `request line and headers ${message}`, {
      violations: [{ field: 'request', value: `more than ${limit} bytes`, limit, message }],
    });
  }
  if (code === 'HPE_INVALID_URL') {
    const limit = 'percent-encoded ASCII (RFC 3986)';
    const message = 'must be percent-encoded: 咖啡 is %E5%92%96%E5%95%A1';
    return new HttpRefusal(400, `request target ${message}`, {
      violations: [{ field: 'path', value: 'other characters', limit, message }],
    });
  }
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const message = late ? 'did not arrive in time' : 'is not HTTP/1.1';
  const limit = late ? `${doorLimits.requestMsMax} ms` : 'RFC 9112';
  return new HttpRefusal(400, `request ${message}`, {
    violations: [{ field: 'request', value: code ?? 'unknown', limit, message }],
  });
}

/**
 * Kept-alive connections are closed as they fall idle; without that they would hold the server
 * open.
 */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => server.closeAllConnections(), doorLimits.drainMsMax);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
