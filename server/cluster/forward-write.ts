// A follower forwards writes to a node that keeps them.
import { EngineError } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';
import type { ForwardedWrite } from './node-engine.ts';
import type { Upstream } from './upstream.ts';
import { deserializeError, type WireError } from './wire-error.ts';

type Answer = { readonly result: unknown } | { readonly error: WireError };

/** Why a write that one node did not take goes to the next. */
const retriableReasons: readonly (string | undefined)[] = [
  'NODE_UNREACHABLE',
  'FOLLOWER',
  'FORMAT_DIFFERS',
];

/**
 * What the node that kept it answered. Throws what that one threw, and FAILED_PRECONDITION,
 * FOLLOWER, when this node only follows or followers follow each other in a ring.
 */
export async function forwardWrite(
  write: ForwardedWrite,
  upstreams: readonly Upstream[],
  isAllowed: boolean,
): Promise<unknown> {
  const where = upstreams.map(({ address }) => address).join(', ');
  const refuse = (message: string) =>
    new EngineError('FAILED_PRECONDITION', message, { reason: 'FOLLOWER' });
  if (!isAllowed) throw refuse(`this node only follows; write to ${where}`);
  if ((write.hops ?? 0) > clusterLimits.hopsMax) {
    throw refuse(`no origin was found behind ${where}: followers follow each other in a ring`);
  }
  const answer = await forwardToAny(write, upstreams);
  if ('result' in answer) return answer.result;
  throw deserializeError(answer.error);
}

/**
 * To the first that can be reached and takes writes, or reaches who does. One that took the write
 * and could not say so does no harm: a receipt that two origins accepted counts once.
 */
async function forwardToAny(
  write: ForwardedWrite,
  upstreams: readonly Upstream[],
): Promise<Answer> {
  let refusal: Answer | undefined;
  for (const upstream of upstreams) {
    const answer = await upstream.forward(write).then(
      (answer) => answer as Answer,
      (error: unknown): Answer => {
        if (error instanceof EngineError) return { error };
        throw error;
      },
    );
    if (!('error' in answer) || !retriableReasons.includes(answer.error.reason)) return answer;
    refusal ??= answer;
  }
  return refusal!;
}
