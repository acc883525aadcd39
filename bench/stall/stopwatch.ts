// A stopwatch on /healthz: asks again and again on one connection, and tells the slowest answer.
import { Agent, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const everyMs = 5;

export function startStopwatch(url: string): { stop(): Promise<number> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let isOver = false;
  let slowest = 0;
  const asking = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await ask(`${url}/healthz`, agent);
      slowest = Math.max(slowest, performance.now() - startedAt);
      await setTimeout(everyMs);
    }
    agent.destroy();
  })();
  return {
    async stop() {
      isOver = true;
      await asking;
      return slowest;
    },
  };
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().once('end', resolve)).once('error', reject);
  });
}
