// A process of its own that buys on one connection and looks on another: how long until a receipt
// is acknowledged, and until another connection sees it.
import { Agent, request } from 'node:http';
import { answerJob } from './process.ts';

export interface FreshnessJob {
  readonly url: string;
  readonly rounds: number;
  /** The time of the receipts: the newest day of the chain. */
  readonly occurredAt: string;
}

/** Milliseconds from sending a receipt. */
export interface FreshnessAnswer {
  readonly acknowledged: readonly number[];
  readonly visible: readonly number[];
  /** Lists asked for right after the acknowledgement that did not hold it: must be none. */
  readonly stale: number;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

function exchange(url: URL, agent: Agent, path: string, body?: object): Promise<Reply> {
  const method = body === undefined ? 'GET' : 'POST';
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const { hostname, port } = url;
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, agent, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

answerJob(async ({ url, rounds, occurredAt }: FreshnessJob): Promise<FreshnessAnswer> => {
  const to = new URL(url);
  const single = () => new Agent({ keepAlive: true, maxSockets: 1 });
  const [writer, reader] = [single(), single()];
  const acknowledged: number[] = [];
  const visible: number[] = [];
  let stale = 0;
  for (let round = 0; round < rounds; round++) {
    const memberId = `fresh-${process.pid}-${round}`;
    const list = `/v1/members/${memberId}/buy-again?limit=1`;
    const lines = [{ itemId: 'item-0001', quantity: 1 }];
    const receipt = { purchaseId: `r-${memberId}`, memberId, occurredAt, lines };
    const sentAt = performance.now();
    let acknowledgedAt = 0;
    const answered = exchange(to, writer, '/v1/purchases', receipt).then(({ status }) => {
      if (status !== 201) throw new Error(`a receipt was answered ${status}`);
      acknowledgedAt = performance.now();
    });
    // The other connection looks again and again, not knowing when the receipt is in.
    while (true) {
      const askedAt = performance.now();
      const { status, text } = await exchange(to, reader, list);
      if (status !== 200) throw new Error(`a list was answered ${status}`);
      if ((JSON.parse(text) as { personalized: boolean }).personalized) break;
      if (acknowledgedAt > 0 && askedAt > acknowledgedAt) stale += 1;
    }
    visible.push(performance.now() - sentAt);
    await answered;
    acknowledged.push(acknowledgedAt - sentAt);
  }
  return { acknowledged, visible, stale };
});
