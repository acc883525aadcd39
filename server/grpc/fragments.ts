// Hot replies as bytes: lists and advice, joined from pieces that were encoded before. A general
// encoder costs more than the list itself (DESIGN section 7); a test holds these bytes equal to it.
import {
  type ReasonType as ReasonTypeMessage,
  RecommendResponse,
  type Relaxation as RelaxationMessage,
  reasonTypeToNumber,
  relaxationToNumber,
  type Scenario as ScenarioMessage,
  scenarioToNumber,
} from '#proto/caini/v1/recommendation.js';
import {
  type Reason,
  type RecommendedItem,
  type RecommendReply,
  reasonTypes,
  relaxationTypes,
  scenarios,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { enumName, toRecommendResponse } from './replies.ts';

export interface Fragments {
  /** caini.v1.RecommendResponse. */
  list(reply: RecommendReply): Buffer;
  /** caini.v1.ScanSessionResponse with advice. */
  advice(forSeq: number, offers: readonly RecommendedItem[]): Buffer;
}

/** An item's bytes as a list begins with it, and as a reason names it. */
interface Fragment {
  readonly name: string | undefined;
  readonly priceFen: number | undefined;
  /** Fields 1 to 3 of RecommendedItem, and of an Offer. */
  readonly head: Buffer;
  /** Fields 2 and 3 of Reason. */
  readonly mention: Buffer;
}

const numbersOf = <Word extends string>(
  words: readonly Word[],
  numberOf: (word: Word) => number,
): Readonly<Record<Word, number>> =>
  Object.fromEntries(words.map((word) => [word, numberOf(word)])) as Record<Word, number>;

const scenarioNumbers = numbersOf(scenarios, (word) =>
  scenarioToNumber(enumName('SCENARIO', word) as ScenarioMessage),
);
const reasonNumbers = numbersOf(reasonTypes, (word) =>
  reasonTypeToNumber(enumName('REASON_TYPE', word) as ReasonTypeMessage),
);
const relaxationNumbers = numbersOf(relaxationTypes, (word) =>
  relaxationToNumber(enumName('RELAXATION', word) as RelaxationMessage),
);

/** Field numbers with their wire types, each of one byte. */
const varint = (field: number): number => field << 3;
const fixed64 = (field: number): number => (field << 3) | 1;
const bytes = (field: number): number => (field << 3) | 2;

/** Bytes of a whole number from 0 to 2⁵³ as a varint. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

const textField = (field: number, text: string): Buffer => {
  const encoded = Buffer.from(text);
  const writer = new Writer(16 + encoded.length);
  writer.byte(bytes(field));
  writer.varint(encoded.length);
  writer.copy(encoded);
  return writer.written();
};

const numberField = (field: number, value: number): Buffer => {
  const writer = new Writer(16);
  writer.byte(varint(field));
  writer.varint(value);
  return writer.written();
};

/** Writes forward into a block that was measured before. */
class Writer {
  private readonly block: Buffer;
  private at = 0;

  constructor(size: number) {
    this.block = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.block[this.at++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.block[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.block[this.at++] = rest;
  }

  double(value: number): void {
    this.block.writeDoubleLE(value, this.at);
    this.at += 8;
  }

  copy(piece: Buffer): void {
    this.block.set(piece, this.at);
    this.at += piece.length;
  }

  written(): Buffer {
    return this.block.subarray(0, this.at);
  }
}

interface SizedReason {
  readonly reason: Reason;
  readonly mention: Buffer | undefined;
  readonly size: number;
}

interface SizedItem {
  readonly item: RecommendedItem;
  readonly head: Buffer;
  readonly reasons: readonly SizedReason[];
  readonly nextDueOn: Buffer | undefined;
  readonly size: number;
}

/** With a memory of its own for the items that are listed. */
export function createFragments(): Fragments {
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
  const mentionOf = ({ itemId, itemName }: Reason): Buffer | undefined => {
    if (itemId === undefined) return undefined;
    const found = known.get(itemId);
    if (found !== undefined && found.name === itemName) return found.mention;
    return fragmentOf(itemId, itemName).mention;
  };
  const sizeReason = (reason: Reason): SizedReason => {
    const mention = mentionOf(reason);
    const count = reason.count === undefined ? 0 : 1 + varintSize(reason.count);
    return { reason, mention, size: 2 + (mention?.length ?? 0) + count };
  };
  return {
    list: (reply) => {
      // Asked for to look into, not at a till: the general encoder will do.
      if (reply.items.some(({ terms }) => terms !== undefined)) {
        return Buffer.from(RecommendResponse.encode(toRecommendResponse(reply)).finish());
      }
      const items = reply.items.map((item): SizedItem => {
        const { head } = fragmentOf(item.itemId, item.name, item.priceFen);
        return sizeItem(item, head, item.reasons.map(sizeReason));
      });
      return encodeList(reply, items);
    },
    advice: (forSeq, offers) =>
      encodeAdvice(
        forSeq,
        offers.map(({ itemId, name, priceFen, reasons: [reason] }) => ({
          head: fragmentOf(itemId, name, priceFen).head,
          reason: sizeReason(reason!),
        })),
      ),
  };
}

function makeFragment(itemId: string, name?: string, priceFen?: number): Fragment {
  const nameBytes = name === undefined ? [] : [textField(2, name)];
  const priceBytes = priceFen === undefined ? [] : [numberField(3, priceFen)];
  return {
    name,
    priceFen,
    head: Buffer.concat([textField(1, itemId), ...nameBytes, ...priceBytes]),
    mention: Buffer.concat([
      textField(2, itemId),
      ...(name === undefined ? [] : [textField(3, name)]),
    ]),
  };
}

/** Bytes of a message of `size` bytes as a field: tag, length, content. */
const fieldSize = (size: number): number => 1 + varintSize(size) + size;

function sizeItem(item: RecommendedItem, head: Buffer, reasons: readonly SizedReason[]): SizedItem {
  const nextDueOn = item.nextDueOn === undefined ? undefined : textField(7, item.nextDueOn);
  let size = head.length + (nextDueOn?.length ?? 0);
  if (item.score !== 0) size += 9;
  if (item.usualGapDays !== undefined) size += 9;
  for (const reason of reasons) size += fieldSize(reason.size);
  return { item, head, reasons, nextDueOn, size };
}

function encodeList(reply: RecommendReply, items: readonly SizedItem[]): Buffer {
  const { recommendationId, relaxations, watermark } = reply;
  // Each of these is shorter than that: an id of 36 letters, a dozen relaxations, a watermark.
  const envelope = 64 + 3 * (recommendationId.length + watermark.length) + relaxations.length;
  const size = items.reduce((sum, item) => sum + fieldSize(item.size), envelope);
  const writer = new Writer(size);
  writeText(writer, 1, recommendationId);
  writer.byte(varint(2));
  writer.byte(scenarioNumbers[reply.scenario]);
  for (const item of items) writeItem(writer, item);
  if (reply.personalized) {
    writer.byte(varint(4));
    writer.byte(1);
  }
  if (relaxations.length > 0) {
    writer.byte(bytes(5));
    writer.varint(relaxations.length);
    for (const relaxation of relaxations) writer.byte(relaxationNumbers[relaxation]);
  }
  writeText(writer, 6, watermark);
  return writer.written();
}

/** Proto3 leaves out what is empty. */
function writeText(writer: Writer, field: number, text: string): void {
  if (text !== '') writer.copy(textField(field, text));
}

function writeItem(writer: Writer, { item, head, reasons, nextDueOn, size }: SizedItem): void {
  writer.byte(bytes(3));
  writer.varint(size);
  writer.copy(head);
  if (item.score !== 0) {
    writer.byte(fixed64(4));
    writer.double(item.score);
  }
  for (const reason of reasons) writeReason(writer, 5, reason);
  if (item.usualGapDays !== undefined) {
    writer.byte(fixed64(6));
    writer.double(item.usualGapDays);
  }
  if (nextDueOn !== undefined) writer.copy(nextDueOn);
}

function writeReason(writer: Writer, field: number, { reason, mention, size }: SizedReason): void {
  writer.byte(bytes(field));
  writer.varint(size);
  writer.byte(varint(1));
  writer.byte(reasonNumbers[reason.type]);
  if (mention !== undefined) writer.copy(mention);
  if (reason.count === undefined) return;
  writer.byte(varint(4));
  writer.varint(reason.count);
}

interface SizedOffer {
  readonly head: Buffer;
  readonly reason: SizedReason;
}

function encodeAdvice(forSeq: number, offers: readonly SizedOffer[]): Buffer {
  const sizes = offers.map(({ head, reason }) => head.length + fieldSize(reason.size));
  const ofItems = sizes.reduce((sum, size) => sum + fieldSize(size), 0);
  const size = 1 + varintSize(forSeq) + ofItems;
  const writer = new Writer(fieldSize(size));
  writer.byte(bytes(1));
  writer.varint(size);
  writer.byte(varint(1));
  writer.varint(forSeq);
  for (const [index, { head, reason }] of offers.entries()) {
    writer.byte(bytes(2));
    writer.varint(sizes[index]!);
    writer.copy(head);
    writeReason(writer, 4, reason);
  }
  return writer.written();
}
