// The app that finds a route, and routes beside the operations: what is only read.
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { wrongMethod } from './problem.ts';

export type HttpApp = Hono<{ Bindings: HttpBindings }>;

/** A path that takes GET (and HEAD) alone. */
export function addReadRoute(
  app: HttpApp,
  path: string,
  answer: (incoming: IncomingMessage) => Response | Promise<Response>,
): void {
  app.all(path, ({ env }) => {
    const { method } = env.incoming;
    if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, ['GET']);
    return answer(env.incoming);
  });
}
