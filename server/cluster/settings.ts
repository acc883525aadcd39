// A node's part of the settings: its role, its name, whom it follows, and the secret of the chain.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type Engine, type EngineOptions, formatVersion, systemClock } from '../../engine/index.ts';
import { readSecretFile, type Settings, SettingsError, unlessNone } from '../config.ts';
import type { NodeOptions } from './node.ts';
import { nodeSecretOf } from './secret.ts';

export interface NodeParts {
  readonly log: Logger;
  readonly openEngine: (options: Partial<EngineOptions>) => Promise<Engine>;
}

/** Undefined for a node that is alone. Throws SettingsError. */
export function nodeOptions(settings: Settings, parts: NodeParts): NodeOptions | undefined {
  const { role, dataDir } = settings;
  const follows = (unlessNone(settings.origin) ?? '').split(',').filter((each) => each !== '');
  if (role === 'alone') {
    const set = follows.length > 0 ? 'CAINI_ORIGIN' : 'CAINI_REDIS';
    if (follows.length === 0 && unlessNone(settings.redis) === undefined) return undefined;
    throw new SettingsError(`${set} is set, but CAINI_ROLE is not origin or follower`);
  }
  const itself = follows.find((address) => isItself(settings, address));
  if (itself !== undefined) {
    throw new SettingsError(`CAINI_ORIGIN names ${itself}, which is this node itself`);
  }
  if (role === 'follower' && follows.length === 0) {
    throw new SettingsError('a follower needs CAINI_ORIGIN, the nodes that it follows');
  }
  return {
    role,
    dataDir,
    node: unlessNone(settings.nodeName) ?? nameOf(role, dataDir),
    follows: follows.map((address) => ({
      address,
      caFile: unlessNone(settings.nodeCaFile),
      certFile: unlessNone(settings.grpcCertFile),
      keyFile: unlessNone(settings.grpcKeyFile),
      readFile: (path) => readFileSync(path),
    })),
    redisUrl: unlessNone(settings.redis),
    secret: nodeSecretOf(secretIn(settings)),
    forwardsWrites: settings.followerWrites === 'forward',
    settings: countingOf(settings),
    format: formatVersion,
    clock: systemClock,
    ...parts,
  };
}

function isItself({ grpcHost, grpcPort }: Settings, address: string): boolean {
  const [, host, port] = /^(?:grpcs:\/\/)?(.*):(\d+)$/.exec(address) ?? [];
  if (grpcPort === 'none' || Number(port) !== grpcPort || host === undefined) return false;
  return host === grpcHost || ['127.0.0.1', 'localhost', '[::1]'].includes(host);
}

/** The same after a restart, and another for each folder of each machine. */
function nameOf(role: Settings['role'], dataDir: string): string {
  if (role === 'origin') return 'main';
  mkdirSync(dataDir, { recursive: true });
  const place = `${hostname()}:${realpathSync(dataDir)}`;
  return `f-${createHash('sha256').update(place).digest('hex').slice(0, 10)}`;
}

/** Throws SettingsError when there is none. */
export function secretIn(settings: Settings): string {
  const file = unlessNone(settings.nodeSecretFile);
  const secret =
    file === undefined
      ? unlessNone(settings.nodeSecret)
      : readSecretFile('nodeSecretFile', file).trim();
  if (secret !== undefined && secret.length >= 16) return secret;
  const ways = 'CAINI_NODE_SECRET_FILE or CAINI_NODE_SECRET';
  throw new SettingsError(
    `nodes of one chain share a secret of 16 characters or more: set ${ways}`,
  );
}

/** What two nodes must have alike, or equal events would count differently. */
function countingOf(settings: Settings): string {
  const { halfLifeDays, popularityHalfLifeDays, timeZone } = settings;
  return `half-lives ${halfLifeDays}/${popularityHalfLifeDays} and time zone ${timeZone}`;
}
