// The hot reply: a list as JSON, in the one place that decides how it is encoded.
import type { Audience, Engine, RecommendRequest } from '../../engine/index.ts';

/** Synchronous; throws what `engine.recommend` throws. */
export function encodeList(engine: Engine, request: RecommendRequest, audience?: Audience): string {
  return JSON.stringify(engine.recommend(request, audience));
}
