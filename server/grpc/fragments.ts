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
import { createFragmentMemory, type FragmentMemory } from '../fragments.ts';
import { enumName, toRecommendResponse } from './replies.ts';
import { BackwardWriter } from './writer.ts';

export interface Fragments {
  /** caini.v1.RecommendResponse. */
  list(reply: RecommendReply): Buffer;
  /** caini.v1.ScanSessionResponse with advice. */
  advice(forSeq: number, offers: readonly RecommendedItem[]): Buffer;
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

/** With a memory of its own for the items that are listed. */
export function createFragments(): Fragments {
  const writer = new BackwardWriter();
  const memory = createFragmentMemory(makeFragment);
  return {
    list: (reply) => {
      // Asked for to look into, not at a till: the general encoder will do.
      if (reply.items.some(({ terms }) => terms !== undefined)) {
        return Buffer.from(RecommendResponse.encode(toRecommendResponse(reply)).finish());
      }
      writeList(writer, reply, memory);
      return writer.take();
    },
    advice: (forSeq, offers) => {
      for (let at = offers.length - 1; at >= 0; at--) writeOffer(writer, offers[at]!, memory);
      writer.number(1, forSeq);
      writer.message(1, 0);
      return writer.take();
    },
  };
}

const fragmentWriter = new BackwardWriter();

/** `head` is fields 1 to 3 of RecommendedItem and of Offer, `mention` 2 and 3 of Reason. */
function makeFragment(itemId: string, name?: string, priceFen?: number) {
  const writer = fragmentWriter;
  if (priceFen !== undefined) writer.number(3, priceFen);
  if (name !== undefined) writer.text(2, name);
  writer.text(1, itemId);
  // Memory of their own: a piece of Node's pool would keep all of it from being freed.
  const head = new Uint8Array(writer.take());
  if (name !== undefined) writer.text(3, name);
  writer.text(2, itemId);
  return { head, mention: new Uint8Array(writer.take()) };
}

type Memory = FragmentMemory<Uint8Array>;

function writeList(writer: BackwardWriter, reply: RecommendReply, memory: Memory): void {
  const { recommendationId, relaxations, watermark, items } = reply;
  // Proto3 leaves out what is empty.
  if (watermark !== '') writer.text(6, watermark);
  if (relaxations.length > 0) {
    const end = writer.size;
    for (let at = relaxations.length - 1; at >= 0; at--) {
      writer.byte(relaxationNumbers[relaxations[at]!]);
    }
    writer.message(5, end);
  }
  if (reply.personalized) writer.number(4, 1);
  for (let at = items.length - 1; at >= 0; at--) writeItem(writer, items[at]!, memory);
  writer.number(2, scenarioNumbers[reply.scenario]);
  if (recommendationId !== '') writer.text(1, recommendationId);
}

function writeItem(writer: BackwardWriter, item: RecommendedItem, memory: Memory): void {
  const { itemId, name, priceFen, score, reasons, usualGapDays, nextDueOn } = item;
  const end = writer.size;
  if (nextDueOn !== undefined) writer.text(7, nextDueOn);
  if (usualGapDays !== undefined) writer.double(6, usualGapDays);
  for (let at = reasons.length - 1; at >= 0; at--) writeReason(writer, 5, reasons[at]!, memory);
  if (score !== 0) writer.double(4, score);
  writer.copy(memory.headOf(itemId, name, priceFen));
  writer.message(3, end);
}

function writeReason(writer: BackwardWriter, field: number, reason: Reason, memory: Memory): void {
  const { type, itemId, itemName, count } = reason;
  const end = writer.size;
  if (count !== undefined) writer.number(4, count);
  if (itemId !== undefined) writer.copy(memory.mentionOf(itemId, itemName));
  writer.number(1, reasonNumbers[type]);
  writer.message(field, end);
}

function writeOffer(writer: BackwardWriter, item: RecommendedItem, memory: Memory): void {
  const end = writer.size;
  writeReason(writer, 4, item.reasons[0]!, memory);
  writer.copy(memory.headOf(item.itemId, item.name, item.priceFen));
  writer.message(2, end);
}
