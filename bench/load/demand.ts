// What clients ask for: lists of members, and receipts that come in later than all of the chain.
import { defaultWorkload, receipts as workloadReceipts } from '../workload.ts';
import type { OpenStream } from './open-loop.ts';

const listItems = 20;
const membersAsked = 2_000;
const connectionsMax = 256;

function memberAt(index: number): string {
  return `member-${(index * 7919) % defaultWorkload.members}`;
}

export function listPath(memberId: string): string {
  return `/v1/members/${memberId}/recommendations?limit=${listItems}`;
}

/** `count` members, the same each time. */
export function members(count: number): string[] {
  return Array.from({ length: count }, (_, index) => memberAt(index));
}

export function listStream(
  perSecond: OpenStream['perSecond'],
  connections = connectionsMax,
): OpenStream {
  const paths = members(membersAsked).map(listPath);
  return { name: 'lists', paths, perSecond, connectionsMax: connections };
}

/** Receipts of the same members under ids of their own; another seed, other receipts. */
export function lateReceipts(count: number, seed: number): string[] {
  const options = { ...defaultWorkload, seed, days: 1 };
  return [...workloadReceipts(count, options)].map((purchase) => JSON.stringify(purchase));
}

export function receiptStream(
  perSecond: OpenStream['perSecond'],
  bodies: readonly string[],
  connections = connectionsMax,
): OpenStream {
  const paths = ['/v1/purchases'];
  return { name: 'receipts', paths, bodies, perSecond, connectionsMax: connections };
}

/** Health checks, as an orchestrator sends them but more often. */
export const healthStream: OpenStream = {
  name: 'health',
  paths: ['/healthz'],
  perSecond: 20,
  connectionsMax: 8,
};
