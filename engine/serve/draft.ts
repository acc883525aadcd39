// A list while it is being made: what each stage of the pipeline takes and leaves to the next one.
import type { ServeContext } from './context.ts';
import type { RankedItem } from './ranked.ts';
import type { Relaxation } from './request.ts';

/** Where candidates come from; explains those of them that are listed. */
export interface Source {
  /**
   * What has to be reported where one of them is listed. Their scores then only order them among
   * each other. Undefined for what the scenario ranks itself.
   */
  readonly fill?: { readonly relaxation: Relaxation | undefined };
  /** Of each survivor, in their order: the same item with its reasons, and terms when asked for. */
  explain(survivors: readonly Candidate[]): readonly RankedItem[];
  /** Whether the member's own history moved one of them. Absent: it moves none. */
  isPersonal?(survivors: readonly RankedItem[]): boolean;
}

/** An item that may be listed, before anybody asks why. */
export interface Candidate {
  readonly number: number;
  readonly score: number;
  readonly source: Source;
}

/** What a scenario finds: as many as are wanted where there are so many, best first. */
export type Ranking = readonly Candidate[];

export interface Draft {
  readonly context: ServeContext;
  /** How many candidates are looked for: the page, or more where a stage may reorder them. */
  readonly wanted: number;
  /** Best first, no item twice. After the stage `page`: the list. */
  candidates: readonly Candidate[];
  /** After the stage `explain`. */
  items: readonly RankedItem[];
  personalized: boolean;
}

/** One step from candidates to a list. */
export interface Stage {
  readonly name: string;
  run(draft: Draft): void;
  /** Whether it may take out or reorder candidates of this request, so that it needs spare ones. */
  needsSpare?(context: ServeContext): boolean;
}

export function startDraft(context: ServeContext, wanted: number): Draft {
  return { context, wanted, candidates: [], items: [], personalized: false };
}
