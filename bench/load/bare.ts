// A process of its own: a bare Hono server, by the same adapter as ours, that answers known bytes.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { answerJob } from './process.ts';

export interface BareJob {
  /** Of GET /v1/members/:memberId/recommendations, by member. */
  readonly bodies: ReadonlyMap<string, string>;
}

answerJob(async ({ bodies }: BareJob): Promise<string> => {
  const encoded = new Map([...bodies].map(([memberId, body]) => [memberId, Buffer.from(body)]));
  const headers = { 'content-type': 'application/json' };
  const app = new Hono();
  app.get('/v1/members/:memberId/recommendations', (context) => {
    return new Response(new Uint8Array(encoded.get(context.req.param('memberId'))!), { headers });
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: true });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
