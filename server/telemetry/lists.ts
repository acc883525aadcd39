// What lists were like that were answered: how long, how often empty, and on what terms.
import { Histogram, type RankedReply, type RecommendRequest } from '../../engine/index.ts';

const itemBounds = [0, 1, 2, 3, 5, 10, 20, 50, 100] as const;

class ListCounts {
  readonly items = new Histogram(itemBounds);
  /** Fewer items than were asked for, none included. */
  short = 0;
  personalized = 0;
}

export class ListMeasures {
  readonly byScenario = new Map<string, ListCounts>();
  readonly relaxations = new Map<string, number>();

  onList({ limit }: RecommendRequest, reply: RankedReply): void {
    const { scenario, items, personalized, relaxations } = reply;
    let counts = this.byScenario.get(scenario);
    if (counts === undefined) {
      counts = new ListCounts();
      this.byScenario.set(scenario, counts);
    }
    counts.items.observe(items.length);
    if (items.length < limit) counts.short += 1;
    if (personalized) counts.personalized += 1;
    for (const relaxation of relaxations) {
      this.relaxations.set(relaxation, (this.relaxations.get(relaxation) ?? 0) + 1);
    }
  }
}
