// The five requests that a fresh demo prints: real people, items and stores of the chain that was
// just loaded.
import type { DemoSummary } from '../demo/load-demo.ts';

type DemoHighlights = DemoSummary['highlights'];

/**
 * Lines to print, each request after a line that says what it asks. `now` in epoch milliseconds.
 */
export function exampleRequests(
  url: string,
  highlights: DemoHighlights,
  now: number,
): readonly string[] {
  const base = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const [member] = highlights.members;
  const [item] = highlights.items;
  const store = highlights.stores.at(-1);
  if (member === undefined || item === undefined || store === undefined) return [];
  const basket = highlights.basketItemIds.map((itemId) => ({ itemId }));
  const receipt = {
    purchaseId: `try-${now}`,
    memberId: member.memberId,
    storeId: store.storeId,
    channel: 'pos',
    occurredAt: new Date(now).toISOString(),
    lines: [{ itemId: item.itemId, quantity: 1 }],
  };
  const memberPath = `/v1/members/${encodeURIComponent(member.memberId)}/recommendations`;
  const itemPath = `/v1/items/${encodeURIComponent(item.itemId)}/bought-together`;
  const popularPath = `/v1/items/popular?storeId=${encodeURIComponent(store.storeId)}`;
  return [
    `1. 猜你喜欢 for ${member.memberId} (${member.description})`,
    get(base, `${memberPath}?storeId=${encodeURIComponent(store.storeId)}&limit=10`),
    `2. What is bought with ${item.name}`,
    get(base, `${itemPath}?limit=5`),
    `3. What to add at the till to ${highlights.basketItemIds.join(' + ')}`,
    post(base, '/v1/baskets/recommendations', { storeId: store.storeId, basket }),
    `4. What sells in the morning at ${store.storeId} (${store.description})`,
    get(base, `${popularPath}&daypart=morning&limit=10`),
    `5. ${member.memberId} buys ${item.name}; ask the first again and see it move`,
    post(base, '/v1/purchases', receipt),
  ];
}

function get(base: string, path: string): string {
  return `   curl -s '${base}${path}'\n`;
}

function post(base: string, path: string, body: object): string {
  const text = quoted(JSON.stringify(body));
  return `   curl -s '${base}${path}' -H 'content-type: application/json' -d ${text}\n`;
}

/** Safe inside single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
