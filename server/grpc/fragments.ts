// Hot replies as bytes: lists and advice, joined from pieces that were encoded before. A general
// encoder costs more than the list itself (docs/decisions/0000-the-first-design.md); a test holds
// these bytes equal to it.
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
  type Catalogue,
  dateOf,
  type Item,
  type Joiner,
  nameReply,
  type RankedItem,
  type RankedReason,
  type RankedReply,
  reasonTypes,
  relaxationTypes,
  roundScore,
  scenarios,
  varintBytes,
} from '../../engine/index.ts';
import { type Fragment, FragmentJoiner } from '../fragments.ts';
import { enumName, toRecommendResponse } from './replies.ts';

export interface Fragments {
  /** caini.v1.RecommendResponse. */
  list(reply: RankedReply): Buffer;
  /** caini.v1.ScanSessionResponse with advice. */
  advice(forSeq: number, offers: readonly RankedItem[], catalogue: Catalogue): Buffer;
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
  const fragments = new FragmentJoiner(makeFragment);
  const { joiner } = fragments;
  return {
    list: (reply) => {
      // Asked for to look into, not at a till: the general encoder will do.
      if (reply.items.some(({ terms }) => terms !== undefined)) {
        return Buffer.from(
          RecommendResponse.encode(toRecommendResponse(nameReply(reply))).finish(),
        );
      }
      fragments.begin(reply.catalogue);
      putList(fragments, reply);
      return joiner.takeBytes();
    },
    advice: (forSeq, offers, catalogue) => {
      fragments.begin(catalogue);
      joiner.open(tagOf(1, wire.bytes));
      joiner.varint(tagOf(1, wire.varint), forSeq);
      for (const offer of offers) putOffer(fragments, offer);
      joiner.close();
      return joiner.takeBytes();
    },
  };
}

/** https://protobuf.dev/programming-guides/encoding/ */
const wire = { varint: 0, fixed64: 1, bytes: 2 } as const;

/** Of fields 1 to 15. */
function tagOf(field: number, type: number): number {
  return (field << 3) | type;
}

/** `head` is fields 1 to 3 of RecommendedItem and of Offer, `mention` 2 and 3 of Reason. */
function makeFragment({ itemId, name, priceFen }: Item): Fragment {
  const ofName = (field: number) => (name === undefined ? '' : textField(field, name));
  const ofPrice = priceFen === undefined ? '' : varintField(3, priceFen);
  return {
    head: textField(1, itemId) + ofName(2) + ofPrice,
    mention: textField(2, itemId) + ofName(3),
  };
}

function textField(field: number, text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return String.fromCharCode(tagOf(field, wire.bytes)) + varintBytes(bytes.length) + bytes;
}

function varintField(field: number, value: number): string {
  return String.fromCharCode(tagOf(field, wire.varint)) + varintBytes(value);
}

function putList(fragments: FragmentJoiner, reply: RankedReply): void {
  const { recommendationId, scenario, relaxations, watermark, items } = reply;
  const { joiner } = fragments;
  // Proto3 leaves out what is empty.
  if (recommendationId !== '') putText(joiner, 1, recommendationId);
  joiner.varint(tagOf(2, wire.varint), scenarioNumbers[scenario]);
  for (let at = 0; at < items.length; at++) putItem(fragments, items[at]!);
  if (reply.personalized) joiner.varint(tagOf(4, wire.varint), 1);
  if (relaxations.length > 0) {
    joiner.open(tagOf(5, wire.bytes));
    for (const relaxation of relaxations) joiner.byte(relaxationNumbers[relaxation]);
    joiner.close();
  }
  if (watermark !== '') putText(joiner, 6, watermark);
}

/** Text that is not remembered. */
function putText(joiner: Joiner, field: number, text: string): void {
  joiner.text(textField(field, text));
}

function putItem(fragments: FragmentJoiner, item: RankedItem): void {
  const { number, score, reasons, usualGapDays, nextDueDay } = item;
  const { joiner } = fragments;
  joiner.open(tagOf(3, wire.bytes));
  fragments.head(number);
  if (score !== 0) joiner.doubleField(tagOf(4, wire.fixed64), roundScore(score));
  for (let at = 0; at < reasons.length; at++) putReason(fragments, 5, reasons[at]!);
  if (usualGapDays !== undefined) joiner.doubleField(tagOf(6, wire.fixed64), usualGapDays);
  if (nextDueDay !== undefined) putText(joiner, 7, dateOf(nextDueDay));
  joiner.close();
}

function putReason(
  fragments: FragmentJoiner,
  field: number,
  { type, anchorNumber, count }: RankedReason,
): void {
  const { joiner } = fragments;
  joiner.open(tagOf(field, wire.bytes));
  joiner.varint(tagOf(1, wire.varint), reasonNumbers[type]);
  if (anchorNumber !== undefined) fragments.mention(anchorNumber);
  if (count !== undefined) joiner.varint(tagOf(4, wire.varint), count);
  joiner.close();
}

function putOffer(fragments: FragmentJoiner, { number, reasons }: RankedItem): void {
  const { joiner } = fragments;
  joiner.open(tagOf(2, wire.bytes));
  fragments.head(number);
  putReason(fragments, 4, reasons[0]!);
  joiner.close();
}
