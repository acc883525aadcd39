// Receipts at the door. Lines that take others back are netted first; what is below zero then is
// goods of another receipt, or cannot be used. All of a receipt is recorded, or nothing.

import { limits } from '../base/limits.ts';
import { quantityOf, thousandthsOf } from '../base/shapes.ts';
import { answerReplaced, recordReplacement, refuseReplacing } from './admit-replacement.ts';
import { registerAhead } from './catalogue.ts';
import type { WriteContext } from './context.ts';
import type { EventKind } from './kind.ts';
import {
  type LoggedPurchase,
  type LoggedPurchaseLine,
  purchaseCode,
  purchaseHash,
} from './logged-purchase.ts';
import { type LoggedReturn, quantityByItem } from './logged-return.ts';
import { nameAsBought } from './name-as-bought.ts';
import { type LineLeft, type Netted, netLines } from './netting.ts';
import { forgetParked, type Purchase, purchaseEntries, purchaseSchema } from './purchase.ts';
import { readCodes, refuseWrong, withRead } from './read-codes.ts';
import { record } from './record.ts';
import { isHeld } from './replacements.ts';
import { type IngestResult, rejected } from './result.ts';
import { recordReturn, validateReturn } from './return.ts';
import {
  answerKnown,
  countedMoment,
  type Moment,
  momentOf,
  refuseErased,
  refuseForgotten,
  validateLeap,
  validateMoment,
} from './validation.ts';
import { leftOutWarning, limited, nothingReturned, totalWarnings } from './warnings.ts';

/** What a receipt comes to once it is netted. */
interface Parts {
  /** Absent where nothing was sold. */
  readonly purchase: LoggedPurchase | undefined;
  /** Absent where no goods of another receipt came back. */
  readonly goods: LoggedReturn | undefined;
  readonly given: readonly LoggedPurchaseLine[];
  readonly left: readonly LineLeft[];
}

/** Goods that came back are kept with the moment that was stated: nothing is weighed by it. */
function partsOf(
  input: Purchase,
  moments: { readonly stated: Moment; readonly counted: Moment },
  { given, lines, left }: Netted & Pick<Parts, 'given'>,
): Parts {
  const { purchaseId, storeId, channel, returnOf } = input;
  const { stated } = moments;
  const purchase = lines.length === 0 ? undefined : toLogged(input, moments, lines);
  if (returnOf === undefined || left.length === 0) {
    return { purchase, goods: undefined, given, left };
  }
  const of = { returnId: purchaseId, purchaseId: returnOf, isWhole: false };
  const goods = { ...of, storeId, channel, ...stated, lines: left };
  return { purchase, goods, given, left };
}

function toLogged(
  purchase: Purchase,
  { stated, counted }: { readonly stated: Moment; readonly counted: Moment },
  lines: readonly LoggedPurchaseLine[],
): LoggedPurchase {
  // Field by field: this runs for every receipt and line, and a spread costs as much as the rest.
  return {
    occurredAtMs: counted.occurredAtMs,
    offsetMinutes: counted.offsetMinutes,
    purchaseId: purchase.purchaseId,
    memberId: purchase.memberId,
    storeId: purchase.storeId,
    channel: purchase.channel,
    terminalId: purchase.terminalId,
    cashierId: purchase.cashierId,
    statedAtMs: counted === stated ? undefined : stated.occurredAtMs,
    timeUnknown: purchase.timeUnknown === true ? true : undefined,
    paidFen: purchase.paidFen,
    couponIds: purchase.couponIds ?? noCoupons,
    lines,
  };
}

const noCoupons: readonly string[] = [];

function toLoggedLine(line: Purchase['lines'][number]): LoggedPurchaseLine {
  return {
    itemId: line.itemId,
    thousandths: thousandthsOf(line.quantity),
    unitPriceFen: line.unitPriceFen,
    discountFen: withoutSign(line.discountFen),
    totalFen: withoutSign(line.lineTotalFen),
    isGift: line.isGift ?? false,
  };
}

function withoutSign(fen: number | undefined): number | undefined {
  return fen === undefined ? undefined : Math.abs(fen);
}

/**
 * The refusal of an erased member's receipt; returns that had waited for it were theirs too, and
 * go.
 */
function refuseOfErased(context: WriteContext, purchase: Purchase): IngestResult | undefined {
  const { purchaseId, memberId } = purchase;
  const refusal = refuseErased(context, purchaseId, memberId);
  if (!refusal) return refuseForgotten(context, purchaseId, purchaseId);
  if (!isHeld(context, purchaseId)) forgetParked(context, purchaseId);
  return refusal;
}

/** Of a receipt without goods of another one, or of one that would be its own. */
function refuseLeft(input: Purchase, { purchase, goods, left }: Parts): IngestResult | undefined {
  const { purchaseId, returnOf, partial = false } = input;
  if (returnOf === purchaseId) {
    const message = 'returnOf is the receipt itself: lines of it need no name';
    return rejected(purchaseId, { reason: 'RETURN_OF_ITSELF', field: 'returnOf', message });
  }
  const [first] = left;
  if (goods || !first || (partial && purchase)) return undefined;
  const field = `lines[${first.index}].quantity`;
  const because = { reason: 'QUANTITY_BELOW_ZERO', field, message: leftWords(first) };
  return rejected(purchaseId, { ...because, limit: 0.001 });
}

function leftWords({ itemId, thousandths }: LineLeft): string {
  return (
    `${quantityOf(thousandths)} of item ${JSON.stringify(itemId)} more are taken back than the ` +
    'receipt sells: name the receipt that they are of by returnOf, or send them as a return'
  );
}

function validateQuantities({ purchaseId, lines }: LoggedPurchase): IngestResult | undefined {
  const most = thousandthsOf(limits.quantityMax);
  // Of most receipts all lines together are not too much.
  if (lines.reduce((sum, { thousandths }) => sum + thousandths, 0) <= most) return undefined;
  for (const [itemId, thousandths] of quantityByItem(lines)) {
    if (thousandths <= most) continue;
    const message =
      `the lines of item ${JSON.stringify(itemId)} add up to ${thousandths / 1_000} pieces; ` +
      `at most ${limits.quantityMax} are allowed`;
    const because = { reason: 'QUANTITY_TOO_LARGE', field: 'lines', message };
    return rejected(purchaseId, { ...because, limit: limits.quantityMax });
  }
  return undefined;
}

const idField = { code: purchaseCode, field: 'purchaseId' } as const;

/** `duplicate`, a refusal, or undefined for what may be recorded. */
function validatePurchase(
  context: WriteContext,
  purchase: LoggedPurchase,
): IngestResult | undefined {
  const { purchaseId } = purchase;
  return (
    answerReplaced(context, purchase) ??
    answerKnown(context, idField, purchaseId, () => purchaseHash(context, purchase)) ??
    validateMoment(context, purchaseId, purchase) ??
    validateLeap(context, purchaseId, purchase) ??
    validateQuantities(purchase)
  );
}

/** Of a receipt that sells nothing: its id may stand for one that does. */
function refuseSold(context: WriteContext, purchaseId: string): IngestResult | undefined {
  if (!isHeld(context, purchaseId)) return undefined;
  const message = `${JSON.stringify(purchaseId)} was accepted before with goods that were sold`;
  const because = { reason: 'CONTENT_DIFFERS', field: 'purchaseId', message };
  return { id: purchaseId, status: 'conflict', ...because };
}

function validate(context: WriteContext, input: Purchase, parts: Parts): IngestResult | undefined {
  const { purchase } = parts;
  const refused = refuseOfErased(context, input) ?? refuseLeft(input, parts);
  if (refused) return refused;
  const answer = purchase
    ? validatePurchase(context, purchase)
    : refuseSold(context, input.purchaseId);
  const isDuplicate = answer?.status === 'duplicate';
  if (answer && !isDuplicate) return answer;
  return refuseReplacing(context, input, { purchase, isDuplicate }) ?? answer;
}

/** What is said of goods, as it is said of the receipt that brings them back. */
function ofReceipt(answer: IngestResult, left: readonly LineLeft[]): IngestResult {
  const { field = '' } = answer;
  const line = /^lines\[(\d+)\](.*)$/.exec(field);
  if (line) return { ...answer, field: `lines[${left[Number(line[1])]!.index}]${line[2]}` };
  const named = { purchaseId: 'returnOf', returnId: 'purchaseId' }[field];
  return named === undefined ? answer : { ...answer, field: named };
}

function notesOf(input: Purchase, { given, goods, left }: Parts): Partial<IngestResult> {
  const warnings = totalWarnings(given);
  if (input.returnOf !== undefined && !goods) warnings.push(nothingReturned);
  const leftOut = goods ? [] : left;
  for (const line of leftOut) warnings.push(leftOutWarning(line.index, leftWords(line)));
  if (warnings.length === 0) return {};
  const leftOutLines = leftOut.map(({ index }) => index);
  return { warnings: limited(warnings), ...(leftOutLines.length > 0 && { leftOutLines }) };
}

function partsAt(context: WriteContext, input: Purchase): Parts {
  const stated = momentOf(context, input.occurredAt, input.storeId);
  const moments = { stated, counted: countedMoment(context, stated) };
  const given = input.lines.map(toLoggedLine);
  const parts = partsOf(input, moments, { given, ...netLines(given) });
  const { items, merges } = context.registries;
  if (parts.left.length === 0 || merges.isEmpty) return parts;
  // What came in before its items were one is the same receipt still, when it is sent again.
  if (!refuseLeft(input, parts) && isAccepted(context, parts)) return parts;
  const oneIdOf = (itemId: string): string => {
    const number = items.numberOf(itemId);
    return number === undefined ? itemId : items.idOf(merges.survivorOf(number));
  };
  return partsOf(input, moments, { given, ...netLines(given, oneIdOf) });
}

function isAccepted(context: WriteContext, { purchase }: Parts): boolean {
  if (purchase === undefined) return false;
  const hash = () => purchaseHash(context, purchase);
  return answerKnown(context, idField, purchase.purchaseId, hash)?.status === 'duplicate';
}

function admit(context: WriteContext, given: Purchase): IngestResult | undefined {
  const read = readCodes(context.codes, given.lines);
  if (read === undefined) return admitNamed(context, given);
  const isUsable = given.partial === true && read.lines.length > 0;
  const refused = isUsable ? undefined : refuseWrong(given.purchaseId, read);
  if (refused) return refused;
  const result = admitNamed(context, { ...given, lines: [...read.lines] });
  return result && withRead(result, read);
}

/** Of a receipt that names its items by their ids. */
function admitNamed(context: WriteContext, input: Purchase): IngestResult | undefined {
  const { memberId, purchaseId } = input;
  if (memberId === undefined || !context.isNobody(memberId)) return admitReceipt(context, input);
  // What came in while the id was a member's is the same receipt still, when it is sent again.
  const { purchase } = partsAt(context, input);
  const hash = () => purchaseHash(context, purchase!);
  const known =
    purchase &&
    (answerReplaced(context, purchase) ?? answerKnown(context, idField, purchaseId, hash));
  if (known?.status === 'duplicate') return admitReceipt(context, input);
  const result = admitReceipt(context, { ...input, memberId: undefined });
  const isTaken = result?.status === 'created' || result?.status === 'duplicate';
  return isTaken ? { ...result, anonymous: true } : result;
}

function admitReceipt(context: WriteContext, input: Purchase): IngestResult | undefined {
  const { purchaseId: id } = input;
  const parts = partsAt(context, input);
  const { purchase, left } = parts;
  const goods = parts.goods && nameAsBought(context, parts.goods);
  const ofPurchase = validate(context, input, parts);
  if (ofPurchase && ofPurchase.status !== 'duplicate') return ofPurchase;
  const ofGoods = goods && validateReturn(context, goods);
  if (ofGoods && ofGoods.status !== 'duplicate') return ofReceipt({ ...ofGoods, id }, left);
  if (!purchase && !goods) {
    const message = 'every line is taken back by another: there is no receipt to keep';
    return { id, status: 'voided', message, ...notesOf(input, parts) };
  }
  // Before anything of it is recorded.
  if (purchase && !ofPurchase && !registerAhead(context, purchase)) return undefined;
  const back = goods && (ofGoods ?? recordReturn(context, goods));
  const sold = purchase && (ofPurchase ?? recordPurchase(context, purchase, input.replaces));
  const answers = [back, sold].flatMap((answer) => answer ?? []);
  const last = answers.findLast(({ status }) => status === 'created') ?? answers.at(-1)!;
  return { ...last, id, ...(back?.parked && { parked: true }), ...notesOf(input, parts) };
}

function recordPurchase(
  context: WriteContext,
  purchase: LoggedPurchase,
  replaces: string | undefined,
): IngestResult {
  let sequence = record(context, purchaseEntries, purchase);
  if (replaces !== undefined) sequence = recordReplacement(context, replaces, purchase.purchaseId);
  const watermark = context.log.watermarkOf(sequence);
  const result = { id: purchase.purchaseId, status: 'created', watermark } as const;
  return purchase.statedAtMs === undefined ? result : { ...result, clockSkewed: true };
}

export const purchaseEvents: EventKind<'purchase', Purchase> = {
  name: 'purchase',
  schema: purchaseSchema,
  lines: ({ lines }) => lines.length,
  admit,
};
