// Nodes of one chain inside this process, with real doors on loopback; their engines can be
// reached.
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import {
  type Engine,
  type EngineOptions,
  formatVersion,
  openEngine,
  systemClock,
} from '../../engine/index.ts';
import { type ClusterNode, createNode, type NodeOptions } from '../../server/cluster/node.ts';
import { nodeSecretOf } from '../../server/cluster/secret.ts';
import { listen } from '../../server/grpc/listen.ts';
import type { Door } from '../../server/serve.ts';

export interface InnerNode extends ClusterNode {
  readonly door: Door;
  /** Of its gRPC door. */
  readonly address: string;
  readonly inner: () => Engine;
  close(): Promise<void>;
}

export interface InnerNodeOptions {
  readonly folder: string;
  /** Its name too. */
  readonly role: NodeOptions['role'];
  readonly follows?: readonly string[];
  readonly port?: number;
  readonly format?: number;
  readonly redisUrl?: string | undefined;
  readonly log?: Logger;
  readonly opening?: Partial<EngineOptions>;
  /** The host that its door shows, in place of its own. */
  readonly show?: (host: ClusterNode['host']) => ClusterNode['host'];
}

/** Begins; its `engine.ready` resolves when it serves. */
export async function startInnerNode(options: InnerNodeOptions): Promise<InnerNode> {
  const { role, follows = [], port = 0, format = formatVersion, redisUrl } = options;
  const { log = pino({ level: 'silent' }), show = (host) => host } = options;
  const dataDir = join(options.folder, role);
  let inner: Engine | undefined;
  const node = createNode({
    ...{ role, node: role, dataDir, redisUrl, format, log },
    follows: follows.map((address) => ({ address, readFile: () => Buffer.alloc(0) })),
    secret: nodeSecretOf('a secret of the tests'),
    forwardsWrites: true,
    settings: 'the usual',
    clock: systemClock,
    openEngine: async (opening) => {
      inner = await openEngine({ dataDir, ...options.opening, ...opening });
      return inner;
    },
  });
  const { engine } = node;
  const access = { engine: () => engine, readiness: () => engine.status() };
  const door = await listen({ host: '127.0.0.1', port, access, log, node: show(node.host) });
  node.start();
  return {
    ...node,
    door,
    address: door.url.replace('grpc://', ''),
    inner: () => inner!,
    async close() {
      node.stop();
      await door.close();
      await engine.close();
    },
  };
}
