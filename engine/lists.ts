// The lists of one chain: what serving reads, put together for each request.
import { EngineError } from './base/errors.ts';
import type { Likeness } from './catalogue/likeness.ts';
import type { Registries } from './catalogue/registries.ts';
import type { Keeper } from './counting/keeper.ts';
import { hasLiveEntries } from './history/chunk.ts';
import { readStanding } from './history/contributions.ts';
import { findMember, isPersonalised } from './history/members.ts';
import type { Settler } from './jobs/settler.ts';
import { isTrap } from './kernel/instance.ts';
import type { Standing } from './replication/standing.ts';
import type { ServeState } from './serve/context.ts';
import { rank } from './serve/pipeline.ts';
import { nameReply, type RankedReply } from './serve/ranked.ts';
import type {
  Audience,
  Formula,
  RecommendReply,
  RecommendRequest,
  RecommendRequestInput,
} from './serve/request.ts';
import { parseRequest } from './serve/stages/accept.ts';
import type { Store } from './store/store.ts';

export interface ListsParts {
  readonly store: Store;
  readonly registries: Registries;
  readonly likeness: Likeness;
  readonly keeper: Keeper;
  readonly standing: Standing;
  readonly settler: Settler;
  readonly formula: Formula;
}

export class Lists {
  private readonly parts: ListsParts;

  constructor(parts: ListsParts) {
    this.parts = parts;
  }

  /** Of a request as a caller writes it. */
  recommend(input: RecommendRequestInput, audience?: Audience): RecommendReply {
    return nameReply(this.rank(parseRequest(input), audience));
  }

  /** Throws UNAVAILABLE when the kernel fails: then it is made anew. */
  rank(request: RecommendRequest, audience: Audience = 'member'): RankedReply {
    const { keeper, settler } = this.parts;
    settler.noteRead();
    try {
      return rank(request, this.state(), audience);
    } catch (error) {
      keeper.noteFailure(error);
      throw isTrap(error) ? notReady(keeper.waitingFor, error) : error;
    }
  }

  private state(): ServeState {
    const { store, registries, likeness, keeper, standing, formula } = this.parts;
    return {
      counts: keeper.counts,
      registries,
      content: likeness.content,
      newcomers: likeness.newcomers,
      bitmaps: [],
      formula,
      historyOf: (memberId) => {
        const member = findMember(store, memberId);
        const { entries } = readStanding(store, member);
        // What is only kept for a checkpoint is there on some nodes and not on others.
        const history = entries && hasLiveEntries(entries) ? entries : undefined;
        return { history, isOptedOut: !isPersonalised(member.record) };
      },
      watermark: standing.watermark,
    };
  }
}

export function notReady(why: string | undefined, cause?: unknown): EngineError {
  const details = { reason: 'NOT_READY', retryAfterMs: 1_000, cause };
  return new EngineError('UNAVAILABLE', `not ready: ${why}`, details);
}
