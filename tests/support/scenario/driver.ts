// What a scenario talks to: the engine itself here, and later a door (HTTP, gRPC) behind the same
// few calls.
import {
  type Clock,
  type Engine,
  type Event,
  type IngestResult,
  openEngine,
  type RecommendReply,
  type RecommendRequestInput,
  recommendRequestSchema,
} from '../../../engine/index.ts';

export interface DriverOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly timeZone: string;
}

export interface Driver {
  send(event: Event): Promise<IngestResult>;
  ask(request: RecommendRequestInput): Promise<RecommendReply>;
  /** Closes and opens the same folder again, as a restart would. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** The counters, where the driver can see them; a door cannot. */
  inspect(): Engine['inspect'] | undefined;
}

export type OpenDriver = (options: DriverOptions) => Promise<Driver>;

/** Drives a real engine over a real folder, in this process; a story may leap over years. */
export const openEngineDriver: OpenDriver = async ({ clock, ...others }) => {
  const options = { ...others, clock, steadyClock: clock };
  let engine = await openEngine(options);
  return {
    async send(event) {
      const [result] = await engine.writes.ingest([event], { trustsDays: true });
      if (result === undefined) throw new Error('the engine gave no answer');
      return result;
    },
    ask: async (request) => engine.lists.recommend(recommendRequestSchema.parse(request)),
    async reopen() {
      await engine.close();
      engine = await openEngine(options);
    },
    close: () => engine.close(),
    inspect: () => engine.inspect,
  };
};
