// The hot reply: a list as JSON, joined from the bytes of its items that were encoded before.
import {
  type Reason,
  type ReasonType,
  type RecommendedItem,
  type RecommendReply,
  reasonTypes,
} from '../../engine/index.ts';
import { createFragmentMemory } from '../fragments.ts';

/**
 * The UTF-8 of a list's JSON, one character for each byte: joining such strings costs next to
 * nothing, and a socket takes them as they are ('latin1'), in one write with the head.
 */
export type EncodeList = (reply: RecommendReply) => string;

/** With a memory of its own for the items that are listed. */
export function createListEncoder(): EncodeList {
  const { headOf, mentionOf } = createFragmentMemory(makeFragment);
  let [lastWatermark, lastBytes] = ['', '""'];
  const watermarkBytes = (watermark: string): string => {
    if (watermark !== lastWatermark) lastBytes = bytesOf(watermark);
    lastWatermark = watermark;
    return lastBytes;
  };
  // Pieces are put to the end of one text, few and long: each costs 32 bytes whatever its length,
  // and a text that grows at its end is the fastest to copy out.
  const withReason = (list: string, before: Before, reason: Reason) => {
    const { type, itemId, itemName, count } = reason;
    if (itemId === undefined) {
      return count === undefined ? list + before.plain[type] : list + before.counted[type] + count;
    }
    const mention = mentionOf(itemId, itemName);
    const text = list + before.plain[type];
    return count === undefined ? text + mention.slice(0, -ofCount.length) : text + mention + count;
  };
  const withItem = (list: string, item: RecommendedItem): string => {
    const { itemId, name, priceFen, score, reasons, terms, usualGapDays, nextDueOn } = item;
    let text = list + headOf(itemId, name, priceFen) + score;
    for (let at = 0; at < reasons.length; at++) {
      text = withReason(text, at === 0 ? first : further, reasons[at]!);
    }
    text += reasons.length === 0 ? ',"reasons":[]' : '}]';
    if (terms !== undefined) text += `,"terms":${bytesOf(terms)}`;
    if (usualGapDays !== undefined) text += `,"usualGapDays":${usualGapDays}`;
    return nextDueOn === undefined ? text : `${text},"nextDueOn":"${nextDueOn}"`;
  };
  return ({ recommendationId, scenario, items, personalized, relaxations, watermark }) => {
    let text = `{"recommendationId":"${recommendationId}","scenario":"${scenario}","items":[`;
    for (let at = 0; at < items.length; at++)
      text = withItem(at === 0 ? text : `${text}},`, items[at]!);
    if (items.length > 0) text += '}';
    const relaxed = relaxations.length === 0 ? '[]' : JSON.stringify(relaxations);
    text += `],"personalized":${personalized},"relaxations":${relaxed}`;
    return `${text},"watermark":${watermarkBytes(watermark)}}`;
  };
}

const ofCount = ',"count":';

/** What stands before a reason that names no item, or before the item's mention. */
interface Before {
  readonly plain: Readonly<Record<ReasonType, string>>;
  readonly counted: Readonly<Record<ReasonType, string>>;
}

function beginWith(opening: string): Before {
  const byType = (ending: string) =>
    Object.fromEntries(reasonTypes.map((type) => [type, `${opening}{"type":"${type}"${ending}`]));
  return { plain: byType(''), counted: byType(ofCount) } as unknown as Before;
}

const first = beginWith(',"reasons":[');
const further = beginWith('},');

/** `head` is from `{"itemId":` to `"score":`, `mention` from `,"itemId":` to `"count":`. */
function makeFragment(itemId: string, name?: string, priceFen?: number) {
  const id = bytesOf(itemId);
  const named = name === undefined ? '' : bytesOf(name);
  const ofName = name === undefined ? '' : `,"name":${named}`;
  const ofPrice = priceFen === undefined ? '' : `,"priceFen":${priceFen}`;
  return {
    head: `{"itemId":${id}${ofName}${ofPrice},"score":`,
    mention: `,"itemId":${id}${name === undefined ? '' : `,"itemName":${named}`}${ofCount}`,
  };
}

/** The UTF-8 of a value's JSON, one character for each byte. */
function bytesOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}
