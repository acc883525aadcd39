// The hot reply: a list as JSON, joined from the bytes of its items that were encoded before.
import {
  dateOf,
  type Item,
  nameTerm,
  type RankedItem,
  type RankedReason,
  type RankedReply,
  type ReasonType,
  reasonTypes,
} from '../../engine/index.ts';
import { type Fragment, FragmentJoiner } from '../fragments.ts';

/**
 * The UTF-8 of a list's JSON, one character for each byte: a socket takes such a string as it is
 * ('latin1'), in one write with the head.
 */
export type EncodeList = (reply: RankedReply) => string;

/** With a memory of its own for the items that are listed. */
export function createListEncoder(): EncodeList {
  const encoder = new ListEncoder();
  return (reply) => encoder.encode(reply);
}

/** What stands before a reason, by its type. */
type Before = Readonly<Record<ReasonType, number>>;

class ListEncoder {
  private readonly fragments = new FragmentJoiner(makeFragment);
  private readonly joiner = this.fragments.joiner;
  private readonly first = this.keepBefore(',"reasons":[');
  private readonly further = this.keepBefore('},');
  private readonly ofCount = this.fragments.constant(',"count":');
  private readonly noReasons = this.fragments.constant(',"reasons":[]');
  private readonly reasonsEnd = this.fragments.constant('}]');
  private readonly between = this.fragments.constant('},');
  private lastWatermark = '';
  private lastBytes = '""';

  private keepBefore(opening: string): Before {
    const kept = reasonTypes.map((type) => {
      return [type, this.fragments.constant(`${opening}{"type":"${type}"`)] as const;
    });
    return Object.fromEntries(kept) as Before;
  }

  encode(reply: RankedReply): string {
    const { recommendationId, scenario, items, personalized, relaxations, watermark } = reply;
    const { joiner } = this;
    this.fragments.begin(reply.catalogue);
    joiner.text(`{"recommendationId":"${recommendationId}","scenario":"${scenario}","items":[`);
    for (let at = 0; at < items.length; at++) {
      if (at > 0) joiner.piece(this.between);
      this.item(items[at]!, reply);
    }
    const relaxed = relaxations.length === 0 ? '[]' : JSON.stringify(relaxations);
    const end = `${items.length > 0 ? '}' : ''}],"personalized":${personalized},"relaxations":`;
    joiner.text(`${end}${relaxed},"watermark":${this.bytesOfWatermark(watermark)}}`);
    return joiner.takeText();
  }

  private item(item: RankedItem, { catalogue }: RankedReply): void {
    const { number, score, reasons, terms, usualGapDays, nextDueDay } = item;
    const { joiner } = this;
    this.fragments.head(number);
    joiner.score(score);
    for (let at = 0; at < reasons.length; at++) {
      this.reason(at === 0 ? this.first : this.further, reasons[at]!);
    }
    joiner.piece(reasons.length === 0 ? this.noReasons : this.reasonsEnd);
    if (terms !== undefined) {
      joiner.text(`,"terms":${bytesOf(terms.map((term) => nameTerm(term, catalogue)))}`);
    }
    if (usualGapDays !== undefined) joiner.text(`,"usualGapDays":${usualGapDays}`);
    if (nextDueDay !== undefined) joiner.text(`,"nextDueOn":"${dateOf(nextDueDay)}"`);
  }

  private reason(before: Before, { type, anchorNumber, count }: RankedReason): void {
    const { joiner } = this;
    joiner.piece(before[type]);
    if (anchorNumber !== undefined) this.fragments.mention(anchorNumber);
    if (count === undefined) return;
    joiner.piece(this.ofCount);
    joiner.digits(count);
  }

  private bytesOfWatermark(watermark: string): string {
    if (watermark !== this.lastWatermark) this.lastBytes = bytesOf(watermark);
    this.lastWatermark = watermark;
    return this.lastBytes;
  }
}

/** `head` is from `{"itemId":` to `"score":`, `mention` from `,"itemId":` to the item's name. */
function makeFragment({ itemId, name, priceFen }: Item): Fragment {
  const id = bytesOf(itemId);
  const named = name === undefined ? '' : bytesOf(name);
  const ofName = name === undefined ? '' : `,"name":${named}`;
  const ofPrice = priceFen === undefined ? '' : `,"priceFen":${priceFen}`;
  return {
    head: `{"itemId":${id}${ofName}${ofPrice},"score":`,
    mention: `,"itemId":${id}${name === undefined ? '' : `,"itemName":${named}`}`,
  };
}

/** The UTF-8 of a value's JSON, one character for each byte. */
function bytesOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}
