// Chain: the engine itself under evaluation, in a folder of its own that is gone afterwards. What
// it learns comes in by the one door, and what it is asked is what anybody may ask.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  assert,
  type Engine,
  EngineError,
  type EngineOptions,
  type FileReceipt,
  limits,
  openEngine,
  type Scenario,
} from '../../engine/index.ts';
import { type Lists, type Shelf, type Truths, type View, views } from './evaluators.ts';

export interface ChainOptions {
  /** Where the folder is made, e.g. the system's temporary folder. */
  readonly scratchFolder: string;
  readonly engine: Omit<EngineOptions, 'dataDir'>;
}

const scenarioOf: Readonly<Record<View, Scenario>> = {
  all: 'guess-you-like',
  explore: 'discover',
  repeat: 'buy-again',
};

/** Runs `work` on an empty chain, and removes its folder whatever happens. */
export async function withScratchChain<Result>(
  { scratchFolder, engine: options }: ChainOptions,
  work: (chain: Chain) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(scratchFolder, 'caini-evaluate-'));
  try {
    const engine = await openEngine({ ...options, dataDir: folder });
    try {
      return await work(new Chain(engine));
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

export class Chain {
  private readonly engine: Engine;
  private receipts = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Learns receipts, 1,000 at a time; `onLearnt` hears how many are in. */
  async learn(receipts: readonly FileReceipt[], onLearnt: (count: number) => void = () => {}) {
    for (let start = 0; start < receipts.length; start += limits.batchPurchasesMax) {
      const batch = receipts.slice(start, start + limits.batchPurchasesMax);
      const events = batch.map(({ purchase }) => ({ kind: 'purchase', purchase }) as const);
      for (const result of await this.engine.writes.ingest(events, { trustsDays: true })) {
        if (result.status === 'created') continue;
        const why = result.message ?? result.reason ?? '';
        const message = `receipt ${result.id} was not taken in: ${result.status} ${why}`.trimEnd();
        throw new EngineError('FAILED_PRECONDITION', message);
      }
      this.receipts += batch.length;
      onLearnt(start + batch.length);
    }
  }

  /** The lists of those views that have something to predict. */
  lists(memberId: string, truths: Truths, limit: number): Lists {
    const lists: Record<View, readonly string[]> = { all: [], explore: [], repeat: [] };
    for (const view of views) {
      if (truths[view].size === 0) continue;
      lists[view] = this.ask({ scenario: scenarioOf[view], memberId, basket: [], limit });
    }
    return lists;
  }

  /** What is offered for a ticket; `memberId` undefined: nobody is known to stand at the till. */
  addOn(basket: readonly string[], memberId: string | undefined, limit: number): readonly string[] {
    return this.ask({ scenario: 'basket-add-on', memberId, basket, limit });
  }

  private ask(question: {
    readonly scenario: Scenario;
    readonly memberId: string | undefined;
    readonly basket: readonly string[];
    readonly limit: number;
  }): readonly string[] {
    const { scenario, memberId, basket, limit } = question;
    const reply = this.engine.lists.recommend({
      scenario,
      memberId,
      basket: basket.map((itemId) => ({ itemId, quantity: 1 })),
      exclude: [],
      limit,
    });
    assert(reply.items.length <= limit, 'a list must not be longer than asked');
    return reply.items.map(({ itemId }) => itemId);
  }

  /** As the engine counts it now. */
  shelf(): Shelf {
    const { inspect } = this.engine;
    return {
      items: this.engine.status().items,
      receipts: this.receipts,
      supportOf: (itemId) => Number(inspect.counters(itemId)?.support ?? 0n),
    };
  }
}
