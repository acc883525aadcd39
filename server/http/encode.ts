// The hot reply: a list as JSON, joined from the bytes of its items that were encoded before.
import type { Reason, RecommendedItem, RecommendReply } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';

/**
 * The UTF-8 of a list's JSON, one character for each byte: joining such strings costs next to
 * nothing, and a socket takes them as they are ('latin1'), in one write with the head.
 */
export type EncodeList = (reply: RecommendReply) => string;

/** An item's bytes as a list begins with it, and as a reason names it. */
interface Fragment {
  readonly name: string | undefined;
  readonly priceFen: number | undefined;
  /** From `{"itemId":` to `"score":`. */
  readonly head: string;
  /** From `,"itemId":` on. */
  readonly mention: string;
}

/** With a memory of its own for the items that are listed. */
export function createListEncoder(): EncodeList {
  const known = new Map<string, Fragment>();
  const fragmentOf = (itemId: string, name?: string, priceFen?: number): Fragment => {
    const found = known.get(itemId);
    if (found !== undefined && found.name === name && found.priceFen === priceFen) return found;
    // Starting over costs what the entries cost; keeping track of which are old costs every reply.
    if (known.size >= doorLimits.fragmentItemsMax) known.clear();
    const made = makeFragment(itemId, name, priceFen);
    known.set(itemId, made);
    return made;
  };
  // A reason does not tell the price: it must not push out the fragment of the item itself.
  const mentionOf = (itemId: string, itemName: string | undefined): string => {
    const found = known.get(itemId);
    if (found !== undefined && found.name === itemName) return found.mention;
    return fragmentOf(itemId, itemName).mention;
  };
  const encodeReason = ({ type, itemId, itemName, count }: Reason): string => {
    let text = `{"type":"${type}"`;
    if (itemId !== undefined) text += mentionOf(itemId, itemName);
    return count === undefined ? `${text}}` : `${text},"count":${count}}`;
  };
  const encodeItem = (item: RecommendedItem): string => {
    let text = `${fragmentOf(item.itemId, item.name, item.priceFen).head}${item.score},"reasons":[`;
    let separator = '';
    for (const reason of item.reasons) {
      text += separator + encodeReason(reason);
      separator = ',';
    }
    text += ']';
    if (item.terms !== undefined) text += `,"terms":${bytesOf(item.terms)}`;
    if (item.usualGapDays !== undefined) text += `,"usualGapDays":${item.usualGapDays}`;
    return item.nextDueOn === undefined ? `${text}}` : `${text},"nextDueOn":"${item.nextDueOn}"}`;
  };
  return ({ recommendationId, scenario, items, personalized, relaxations, watermark }) => {
    let text = `{"recommendationId":"${recommendationId}","scenario":"${scenario}","items":[`;
    let separator = '';
    for (const item of items) {
      text += separator + encodeItem(item);
      separator = ',';
    }
    const relaxed = relaxations.length === 0 ? '[]' : JSON.stringify(relaxations);
    text += `],"personalized":${personalized},"relaxations":${relaxed}`;
    return `${text},"watermark":${bytesOf(watermark)}}`;
  };
}

function makeFragment(itemId: string, name?: string, priceFen?: number): Fragment {
  const id = bytesOf(itemId);
  const named = name === undefined ? '' : bytesOf(name);
  const ofName = name === undefined ? '' : `,"name":${named}`;
  const ofPrice = priceFen === undefined ? '' : `,"priceFen":${priceFen}`;
  return {
    name,
    priceFen,
    head: `{"itemId":${id}${ofName}${ofPrice},"score":`,
    mention: `,"itemId":${id}${name === undefined ? '' : `,"itemName":${named}`}`,
  };
}

/** The UTF-8 of a value's JSON, one character for each byte. */
function bytesOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}
