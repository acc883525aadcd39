// A real engine behind real sockets on loopback, for tests of the doors.
import { request } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { type Engine, type EngineOptions, openEngine } from '../../engine/index.ts';
import { type ListenOptions, listen } from '../../server/http/listen.ts';
import type { EngineAccess } from '../../server/operations/operation.ts';
import { makeTemporaryFolder } from './folders.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined when it is something else. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies at many depths.
  readonly json: any;
}

export interface Loopback {
  readonly engine: Engine;
  readonly url: string;
  /** `path` goes out exactly as given. */
  get(path: string): Promise<Reply>;
  /** A string or bytes go out as they are; anything else as JSON. */
  send(method: string, path: string, body: unknown, headers?: object): Promise<Reply>;
  /** Bytes of our own on a bare connection; resolves with all that came back by its end. */
  raw(bytes: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function openLoopback(
  options: Partial<EngineOptions> = {},
  door: Partial<ListenOptions> = {},
  wrap = (access: EngineAccess): EngineAccess => access,
): Promise<Loopback> {
  const folder = await makeTemporaryFolder('loopback');
  const engine = await openEngine({ dataDir: folder.path, ...options });
  const access = wrap({ engine: () => engine, readiness: () => engine.status() });
  const log = pino({ level: 'silent' });
  const { url, close } = await listen({ host: '127.0.0.1', port: 0, access, log, ...door });
  return {
    engine,
    url,
    get: (path) => exchange(url, { method: 'GET', path }),
    send: (method, path, body, headers) => exchange(url, { method, path, body, headers }),
    raw: (bytes) => exchangeRaw(url, bytes),
    async close() {
      await close();
      await engine.close();
      await folder.remove();
    },
  };
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: object | undefined;
}

function exchange(url: string, { method, path, body, headers }: Exchange): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = body === undefined || isRaw ? body : JSON.stringify(body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method, path, agent: false, headers: { ...type, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode: status = 0, headers: received } = incoming;
          resolve({
            status,
            headers: received,
            text,
            json: jsonOf(received['content-type'], text),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

function jsonOf(type: string | undefined, text: string): unknown {
  // Lines of JSON are no JSON.
  const isJson = type?.includes('json') && !type.includes('ndjson');
  return isJson && text !== '' ? JSON.parse(text) : undefined;
}

function exchangeRaw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
