// Receipts that keep coming in while something else happens.
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, type NodeUnderTest } from './cluster.ts';

/** Writes at one node until it is stopped, and keeps what was acknowledged. */
export class Load {
  readonly acknowledged: string[] = [];
  failures = 0;
  private readonly node: NodeUnderTest;
  private readonly prefix: string;
  private count = 0;
  private isOn = true;
  private readonly running: Promise<unknown>;

  constructor(node: NodeUnderTest, writers: number, prefix = 'load-') {
    this.node = node;
    this.prefix = prefix;
    this.running = Promise.all(Array.from({ length: writers }, () => this.write()));
  }

  memberOf(purchaseId: string): string {
    return `m${Number(purchaseId.slice(this.prefix.length)) % 11}`;
  }

  private async write(): Promise<void> {
    while (this.isOn) {
      this.count += 1;
      const purchaseId = `${this.prefix}${this.count}`;
      const lines = ['milk', 'bread', 'eggs', 'tea']
        .slice(this.count % 3)
        .map((itemId) => ({ itemId, quantity: 1 }));
      const memberId = this.memberOf(purchaseId);
      const purchase = { purchaseId, memberId, occurredAt: new Date().toISOString(), lines };
      const sent = this.node.send('POST', '/v1/purchases', purchase).catch(() => ({ status: 0 }));
      if ((await sent).status === 201) this.acknowledged.push(purchaseId);
      else this.failures += 1;
      await pause(10);
    }
  }

  /** Resolves when so many more are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await eventually(`${count} more receipts`, () => this.acknowledged.length >= wanted);
  }

  async stop(): Promise<void> {
    this.isOn = false;
    await this.running;
  }

  /** Acknowledged receipts that the node does not know any more: another by that id is taken. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (let at = 0; at < this.acknowledged.length; at += 500) {
      const purchases = this.acknowledged.slice(at, at + 500).map((purchaseId) => ({
        purchaseId,
        occurredAt: '2026-05-01T09:10:00+08:00',
        lines: [{ itemId: 'another', quantity: 1 }],
      }));
      const { results } = await this.node.ask('POST', '/v1/purchases', { purchases });
      for (const { id, status } of results) if (status !== 'conflict') lost.push(id);
    }
    return lost;
  }
}
