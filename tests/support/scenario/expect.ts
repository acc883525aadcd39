// Holds answers and lists against what a line of a scenario says. Each difference is a sentence.
import type { IngestResult, RecommendedItem, RecommendReply } from '../../../engine/index.ts';
import type { ExpectedAnswer, ExpectedItem, ExpectedList } from './steps.ts';

/** What is wrong with an answer; empty when it is the expected one. */
export function answerDifferences(result: IngestResult, expected: ExpectedAnswer): string[] {
  const differences: string[] = [];
  const compare = (what: string, actual: unknown, wanted: unknown) => {
    if (actual !== wanted) differences.push(`${what} is ${actual}, not ${wanted}`);
  };
  compare('the status', result.status, expected.status);
  if (expected.reason !== undefined) compare('the reason', result.reason, expected.reason);
  compare('parked', result.parked ?? false, expected.parked);
  if (expected.unmatchedQuantity !== undefined) {
    compare('unmatched', result.unmatchedQuantity, expected.unmatchedQuantity);
  }
  return differences;
}

/** What is wrong with a list; empty when it is the expected one. */
export function replyDifferences(reply: RecommendReply, expected: ExpectedList): string[] {
  const shown = expected.isOpen ? reply.items.slice(0, expected.items.length) : reply.items;
  const actualIds = shown.map(({ itemId }) => itemId).join(', ');
  const wantedIds = expected.items.map(({ itemId }) => itemId).join(', ');
  const differences = actualIds === wantedIds ? [] : [`the list is ${listText(reply)}`];
  for (const [at, item] of expected.items.entries()) {
    const actual = shown[at];
    if (actual?.itemId === item.itemId) differences.push(...reasonDifferences(actual, item));
  }
  for (const relaxation of expected.relaxations) {
    if (reply.relaxations.includes(relaxation)) continue;
    differences.push(`${relaxation} is missing among: ${reply.relaxations.join(', ')}`);
  }
  const { personalized } = expected;
  if (personalized !== undefined && personalized !== reply.personalized) {
    differences.push(`personalized is ${reply.personalized}`);
  }
  return differences;
}

function reasonDifferences(item: RecommendedItem, expected: ExpectedItem): string[] {
  const { itemId, count, reasonType } = expected;
  const reason =
    reasonType === undefined
      ? item.reasons[0]
      : item.reasons.find(({ type }) => type === reasonType);
  if (reason === undefined) return [`${itemId} has no reason ${reasonType ?? 'at all'}`];
  if (count === undefined || reason.count === count) return [];
  return [`${itemId} says ${reason.type} ${reason.count}, not ${count}`];
}

function listText({ items }: RecommendReply): string {
  const entries = items.map(({ itemId, reasons }) => {
    const [reason] = reasons;
    return [itemId, reason?.count, reason?.type].filter((word) => word !== undefined).join(' ');
  });
  return entries.length === 0 ? 'empty' : entries.join(', ');
}
