// A process of its own that runs autocannon: closed loop, every answer checked by status and
// length.
import autocannon from 'autocannon';
import { answerJob } from './process.ts';

export interface CannonJob {
  readonly url: string;
  readonly paths: readonly string[];
  /** Bytes of the body that each path must answer. */
  readonly bodyBytes: readonly number[];
  readonly connections: number;
  readonly seconds: number;
}

export interface CannonAnswer {
  readonly answered: number;
  readonly seconds: number;
  /** Milliseconds: autocannon's own histogram. */
  readonly latency: { readonly min: number; readonly p50: number; readonly p99: number };
}

answerJob(async (job: CannonJob): Promise<CannonAnswer> => {
  const { url, paths, bodyBytes, connections, seconds } = job;
  const faults: string[] = [];
  let headBytes: number | undefined;
  const options: autocannon.Options = {
    url,
    connections,
    duration: seconds,
    requests: paths.map((path) => ({ method: 'GET', path })),
    setupClient: (client) => {
      let index = 0;
      client.on('response', (status, bytes) => {
        const head = bytes - bodyBytes[index]!;
        headBytes ??= head;
        if (status !== 200) faults.push(`${paths[index]} answered ${status}`);
        else if (head !== headBytes) faults.push(`${paths[index]} answered ${bytes} bytes`);
        index = (index + 1) % paths.length;
      });
    },
  };
  const result = await autocannon(options);
  const { errors, timeouts } = result;
  if (errors > 0 || timeouts > 0) faults.push(`${errors} errors, ${timeouts} timeouts`);
  if (faults.length > 0) throw new Error(`${faults.length} wrong answers: ${faults[0]}`);
  const { min, p50, p99 } = result.latency;
  return {
    answered: result.requests.total,
    seconds: result.duration,
    latency: { min, p50, p99 },
  };
});
