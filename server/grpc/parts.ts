// What the calls of one gRPC door share.
import type { IncomingHttpHeaders } from 'node:http2';
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { EngineError } from '../../engine/index.ts';
import type { Authenticate } from '../access/authenticate.ts';
import { bearerOf } from '../access/key-text.ts';
import type { CertifiedTill } from '../access/till-certificate.ts';
import type { ClientAddresses } from '../client-address.ts';
import { type Cuts, countRefusal } from '../cuts.ts';
import { doorLimits } from '../limits.ts';
import type { AccessRule, Caller } from '../operations/caller.ts';
import type { Chain } from '../operations/chain.ts';
import type { Client, Shares } from '../shares.ts';
import type { Fragments } from './fragments.ts';
import { isServerError, statusOfError } from './status.ts';

/** Streams that are open, so that a stop can reach each of them. */
export interface OpenStreams {
  /** `stop` is called once, when the server stops; returns what to call at the stream's own end. */
  add(stop: () => void): () => void;
  stopAll(): void;
}

export interface Parts {
  readonly chain: Chain;
  readonly log: Logger;
  readonly authenticate: Authenticate;
  readonly addresses: ClientAddresses;
  readonly cuts: Cuts;
  readonly streams: OpenStreams;
  readonly fragments: Fragments;
  readonly clientOf: ClientOf;
  readonly tillOf: (call: Calling) => CertifiedTill | undefined;
  /** Bytes of answers that were made and that their clients have not taken. */
  readonly unread: Shares;
  /** Paths of the calls whose clients send messages for as long as they like. */
  readonly sendingMany: Set<string>;
  readonly timing: Timing;
}

/** Who calls: the connection of a call, as its peer tells it. */
export type ClientOf = (call: { getPeer(): string }) => Client;

/** Milliseconds that tests cannot wait for. */
export interface Timing {
  readonly pingEveryMs: number;
  readonly pingAnswerMsMax: number;
  readonly filesEveryMs: number;
  readonly drainMsMax: number;
  readonly lookEveryMs: number;
  readonly connectMsMax: number;
  readonly connectionIdleMsMax: number;
  readonly requestMsMax: number;
  readonly sendOnMsMax: number;
  readonly unreadMsMax: number;
  readonly unreadBytesPerMs: number;
  readonly sessionOpenMsMax: number;
  readonly streamIdleMsMax: number;
  readonly streamOverloadMsMax: number;
}

/** A call as far as it says who calls. */
export interface Calling {
  readonly metadata: Metadata;
  getPeer(): string;
}

/**
 * Who calls, by a key or else by the certificate of a till, when they may ask for all of that.
 * Throws UNAUTHENTICATED, PERMISSION_DENIED, and RESOURCE_EXHAUSTED for who calls too often.
 */
export function callerOf(parts: Parts, call: Calling, ...rules: readonly AccessRule[]): Caller {
  const key = keyIn(call.metadata);
  const till = key === undefined ? parts.tillOf(call) : undefined;
  const caller = till?.() ?? parts.authenticate({ key, address: addressOf(parts, call) });
  for (const rule of rules) parts.chain.authorize(caller, rule);
  return caller;
}

/** Throws PERMISSION_DENIED for who shows the token of a member, where that opens nothing. */
export function assertShowsKey({ memberId }: Caller): void {
  if (memberId === undefined) return;
  const message = 'the token of a member does not open this, only an API key does';
  throw new EngineError('PERMISSION_DENIED', message, { reason: 'SCOPE_MISSING' });
}

/**
 * What has to be waited for before `callerOf` knows who calls; undefined: nothing. Never rejects.
 */
export function prepareCaller(
  { prepare }: Authenticate,
  headers: IncomingHttpHeaders,
): Promise<void> | undefined {
  if (prepare === undefined) return undefined;
  const { 'x-api-key': own, authorization } = headers;
  const key = own === undefined ? authorization && bearerOf(authorization) : String(own);
  return key === undefined ? undefined : prepare(key);
}

function keyIn(metadata: Metadata): string | undefined {
  const [own] = metadata.get('x-api-key');
  if (own !== undefined) return String(own);
  const [authorization] = metadata.get('authorization');
  return authorization === undefined ? undefined : bearerOf(String(authorization));
}

/** A peer is `address:port`, of IPv6 too. */
function addressOf({ addresses }: Parts, call: Calling): string {
  const peer = call.getPeer();
  return addresses.of(peer.slice(0, peer.lastIndexOf(':')), (header) => {
    const lists = call.metadata.get(header);
    return lists.length === 0 ? undefined : lists.join(',');
  });
}

/** The status of a failed call; what is ours to mend goes to the log with its cause. */
export function refuse({ log, cuts }: Parts, rpc: string, error: unknown): StatusObject {
  countRefusal(cuts, 'grpc', error);
  if (isServerError(error)) log.error({ err: error, rpc }, 'call failed');
  return statusOfError(error);
}

/** What a stream gets when the server stops: come back in a moment, here or elsewhere. */
export function stopping(): EngineError {
  const details = { reason: 'SERVER_STOPPING', retryAfterMs: 1_000 };
  return new EngineError('UNAVAILABLE', 'the server is stopping', details);
}

/** Of a client that asks for more before it has read what it was answered. */
export function tooMuchUnread(): EngineError {
  const message = 'answers of this client wait to be read; read them, then ask again';
  const details = { reason: 'TOO_MUCH_UNREAD', retryAfterMs: doorLimits.overloadRetryMs };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}

export function createOpenStreams(): OpenStreams {
  const stops = new Set<() => void>();
  let isStopping = false;
  return {
    add(stop) {
      stops.add(stop);
      // One that began while the others were stopped.
      if (isStopping) stop();
      return () => stops.delete(stop);
    },
    stopAll() {
      isStopping = true;
      for (const stop of [...stops]) stop();
    },
  };
}
