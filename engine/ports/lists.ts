// Port: lists. What serving reads, put together for each request.
import type { NobodyTest } from '../base/outside-ids.ts';
import type { ItemCodes } from '../catalogue/item-codes.ts';
import type { Likeness } from '../catalogue/likeness.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import { hasLiveEntries } from '../history/chunk.ts';
import { hasContribution, readContribution } from '../history/contributions.ts';
import { findMember, isPersonalised } from '../history/members.ts';
import type { Waiters } from '../ingest/waiters.ts';
import type { Settler } from '../jobs/settler.ts';
import { isTrap } from '../kernel/instance.ts';
import type { AppliedPosition } from '../replication/applied-position.ts';
import type { KnownMember, ServeState } from '../serve/context.ts';
import { rank } from '../serve/pipeline.ts';
import { nameReply, type RankedReply } from '../serve/ranked.ts';
import type {
  Audience,
  Formula,
  RecommendReply,
  RecommendRequest,
  RecommendRequestInput,
} from '../serve/request.ts';
import { parseRequest } from '../serve/stages/accept.ts';
import type { Store } from '../store/store.ts';
import { notReady, type Readiness } from './readiness.ts';

export interface ListsPort {
  /**
   * Synchronous: microseconds. What is left out gets its default. Throws INVALID_ARGUMENT, which
   * names field, value and limit, e.g. for `similar` without an itemId.
   */
  recommend(input: RecommendRequestInput, audience?: Audience): RecommendReply;
  /**
   * The same list by item numbers, of a request that the schema has made, for who encodes it:
   * `nameReply` makes of it what `recommend` answers.
   */
  rank(request: RecommendRequest, audience?: Audience): RankedReply;
  /**
   * Resolves when the state holds `watermark`; throws UNAVAILABLE after limits.watermarkWaitMsMax.
   */
  waitFor(watermark: string): Promise<void>;
}

export interface ListsParts {
  readonly store: Store;
  readonly registries: Registries;
  readonly codes: ItemCodes;
  readonly likeness: Likeness;
  readonly counting: CountsManager;
  readonly applied: AppliedPosition;
  readonly waiters: Waiters;
  readonly settler: Settler;
  readonly formula: Formula;
  readonly isNobody: NobodyTest;
  readonly readiness: Readiness;
}

export function listsOf(parts: ListsParts): ListsPort {
  const { counting, applied, waiters, settler, readiness } = parts;
  /** Throws UNAVAILABLE when the kernel fails: then it is made anew. */
  const rankNow = (request: RecommendRequest, audience: Audience = 'member'): RankedReply => {
    settler.onRead();
    try {
      return rank(request, stateOf(parts), audience);
    } catch (error) {
      counting.onFailure(error);
      throw isTrap(error) ? notReady(counting.waitingFor, error) : error;
    }
  };
  return {
    recommend: (input, audience) => {
      readiness.assertReady();
      return nameReply(rankNow(parseRequest(input), audience));
    },
    rank: (request, audience) => {
      readiness.assertReady();
      return rankNow(request, audience);
    },
    waitFor: (watermark) => waiters.waitFor(watermark, (asked) => applied.includes(asked)),
  };
}

/** Whatever once came under such an id is not of one person. */
const nobody: KnownMember = { isOptedOut: false, isKnown: () => false, history: () => undefined };

export function stateOf(parts: ListsParts): ServeState {
  const { store, registries, codes, likeness, counting, applied, formula, isNobody } = parts;
  return {
    counts: counting.counts,
    registries,
    codes,
    content: likeness.content,
    newcomers: likeness.newcomers,
    bitmaps: [],
    formula,
    memberOf: (memberId) => {
      if (isNobody(memberId)) return nobody;
      const member = findMember(store, memberId);
      return {
        isOptedOut: !isPersonalised(member.record),
        isKnown: () => hasContribution(store, member),
        history: () => {
          const { entries } = readContribution(store, member);
          // What is only kept for a checkpoint is there on some nodes and not on others.
          return entries && hasLiveEntries(entries) ? entries : undefined;
        },
      };
    },
    watermark: applied.watermark,
  };
}
