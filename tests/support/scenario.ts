// Runs a scenario, a text in which each line is something that happens or something that is asked.
//
//   09:10 S1 ann buys #1 milk bread*2      -> created
//   day 3 08:00 S1 - buys #2 milk          -> created            (an anonymous ticket)
//   S1 bob returns #2 milk as R1           -> rejected RETURN_EXCEEDS_PURCHASE
//   bought-together milk                   -> bread 2, eggs 1    (the count of the reason)
//   ann guess-you-like without eggs top 3  -> milk 4 bought_before, … (personalized)
//   popular S1 at noon                     -> milk 2
//   item milk in 饮品/奶 inactive · store S1 in 上海 at Asia/Shanghai · clock day 2 09:00 · reopen
//
// Behind every line the naive oracle counts along: each list and, at the end, every cell must agree
// with it too.
import type { Event, RecommendRequestInput } from '../../engine/index.ts';
import { recommendRequestSchema } from '../../engine/index.ts';
import { withTemporaryFolder } from './folders.ts';
import { countDifferences, listDifferences } from './oracle/compare.ts';
import { createOracle, type Oracle } from './oracle/oracle.ts';
import { type Driver, type OpenDriver, openEngineDriver } from './scenario/driver.ts';
import { answerDifferences, replyDifferences } from './scenario/expect.ts';
import type { Step } from './scenario/steps.ts';
import { createStoryTime, type StoryTime } from './scenario/story-time.ts';
import { readStep } from './scenario/words.ts';

const timeZone = 'Asia/Shanghai';

export interface ScenarioOptions {
  /** A door to go through; the engine itself when absent. */
  readonly open?: OpenDriver;
}

interface Stage {
  readonly driver: Driver;
  readonly oracle: Oracle;
  readonly time: StoryTime;
}

interface Line {
  readonly number: number;
  readonly step: Step;
}

/**
 * Runs the text against an empty chain. Throws at the first line that does not come true, naming
 * it.
 */
export async function scenario(text: string, options: ScenarioOptions = {}): Promise<void> {
  const open = options.open ?? openEngineDriver;
  // The whole text is read before anything runs: a word that means nothing is a mistake wherever it
  // stands.
  const lines = text.split('\n').flatMap((line, at) => readLine(line, at + 1));
  await withTemporaryFolder(async (dataDir) => {
    const time = createStoryTime();
    const driver = await open({ dataDir, clock: time.now, timeZone });
    const oracle = createOracle({ now: time.now, timeZone });
    try {
      for (const line of lines) await play(line, { driver, oracle, time });
      const inspect = driver.inspect();
      const differences = inspect === undefined ? [] : countDifferences(inspect, oracle.state());
      complain('after the last line', differences);
    } finally {
      await driver.close();
    }
  }, 'scenario');
}

function readLine(text: string, number: number): readonly (Line & { readonly text: string })[] {
  const line = text.trim();
  if (line === '') return [];
  try {
    return [{ number, text: line, step: readStep(line) }];
  } catch (cause) {
    throw new Error(`line ${number}, "${line}": ${(cause as Error).message}`, { cause });
  }
}

async function play(line: Line & { readonly text: string }, stage: Stage): Promise<void> {
  complain(`line ${line.number}, "${line.text}"`, await differencesOf(line, stage));
}

function complain(where: string, differences: readonly string[]): void {
  if (differences.length > 0) throw new Error([where, ...differences].join('\n  '));
}

async function differencesOf({ step, number }: Line, stage: Stage): Promise<readonly string[]> {
  switch (step.kind) {
    case 'clock':
      stage.time.stopAt(step.when);
      return [];
    case 'reopen':
      await stage.driver.reopen();
      return [];
    case 'ask':
      return ask(step, stage);
    case 'item':
    case 'store': {
      const event = settingOf(step);
      stage.oracle.accept(event);
      const { status } = await stage.driver.send(event);
      return status === 'created' || status === 'duplicate' ? [] : [`the answer is ${status}`];
    }
    default: {
      const event = eventOf(step, { number, occurredAt: stage.time.pass(step.when) });
      const { status } = stage.oracle.accept(event);
      const result = await stage.driver.send(event);
      const differences = answerDifferences(result, step.expected);
      return status === result.status ? differences : [...differences, `the oracle says ${status}`];
    }
  }
}

async function ask(step: Step & { kind: 'ask' }, { driver, oracle }: Stage) {
  const { scenario, memberId, storeId, itemId, daypart, limit } = step;
  const request: RecommendRequestInput = {
    scenario,
    basket: step.basket.map((pieces) => ({ ...pieces })),
    exclude: [...step.exclude],
    ...(memberId === undefined ? {} : { memberId }),
    ...(storeId === undefined ? {} : { storeId }),
    ...(itemId === undefined ? {} : { itemId }),
    ...(daypart === undefined ? {} : { daypart }),
    ...(limit === undefined ? {} : { limit }),
  };
  const reply = await driver.ask(request);
  const parsed = recommendRequestSchema.parse(request);
  return [
    ...replyDifferences(reply, step.expected),
    ...listDifferences(reply, oracle.state(), parsed),
  ];
}

function settingOf(step: Step & { kind: 'item' | 'store' }): Event {
  if (step.kind === 'item') {
    const { itemId, category, status } = step;
    return { kind: 'item', item: { itemId, status, category: [...category] } };
  }
  const { storeId, city, timeZone } = step;
  const known = { ...(city === undefined ? {} : { city }), ...(timeZone && { timeZone }) };
  return { kind: 'store', store: { storeId, ...known } };
}

function eventOf(
  step: Step & { kind: 'buys' | 'returns' | 'brings-back' },
  { number, occurredAt }: { readonly number: number; readonly occurredAt: string },
): Event {
  const { storeId, memberId, pieces } = step;
  const place = storeId === undefined ? {} : { storeId };
  const lines = pieces.map((line) => ({ ...line }));
  const common = { ...place, occurredAt, lines };
  if (step.kind === 'brings-back') {
    if (memberId === undefined) throw new Error('nobody knows what the anonymous bought');
    const goods = { returnId: `R${number}`, memberId, ...common };
    return { kind: 'unreferencedReturn', unreferencedReturn: goods };
  }
  const { purchaseId } = step;
  const channel = 'pos' as const;
  if (step.kind === 'returns') {
    const returnId = step.returnId ?? `R${number}`;
    return { kind: 'return', return: { returnId, purchaseId, channel, ...common } };
  }
  const buyer = memberId === undefined ? {} : { memberId };
  return { kind: 'purchase', purchase: { purchaseId, ...buyer, channel, ...common } };
}
